#include "package/file_faults.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

std::vector<FileFault> faults_of(const TestRoot& root, const FileClaims& claims) {
  const auto files = open_root(root.path());
  return claims.faults(**files, "/home/me");
}

TEST(FileFaults, FileAsListedIsNoFault) {
  const TestRoot root;
  root.write("v/liba.so", "12345");
  FileClaims claims;
  claims.add("/v/liba.so", "a 1", "sha256=x", 5);
  claims.add("/v/liba.so", "a-headers 1", "sha256=x", 5);  // listed twice, the same content
  EXPECT_TRUE(faults_of(root, claims).empty());
}

TEST(FileFaults, TwoPackagesWithDifferentContents) {
  const TestRoot root;
  root.write("home/me/v/libnccl.so.2", "1234567");
  FileClaims claims;
  claims.add("/home/me/v/libnccl.so.2", "nvidia-nccl-cu11 2.14.3", "sha256=old", 7);
  claims.add("/home/me/v/libnccl.so.2", "nvidia-nccl-cu12 2.27.3", "sha256=new", 9);
  const auto faults = faults_of(root, claims);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].kind, FileFaultKind::overwritten);
  EXPECT_EQ(faults[0].path, "~/v/libnccl.so.2");
  EXPECT_EQ(faults[0].packages, (std::vector<std::string>{"nvidia-nccl-cu11 2.14.3", "nvidia-nccl-cu12 2.27.3"}));
  EXPECT_EQ(faults[0].owner, "nvidia-nccl-cu11 2.14.3");
}

TEST(FileFaults, SameSizeDoesNotTellWhoseItIs) {
  const TestRoot root;
  root.write("v/x.so", "1234567");
  FileClaims claims;
  claims.add("/v/x.so", "a 1", "sha256=a", 7);
  claims.add("/v/x.so", "b 1", "sha256=b", 7);
  const auto faults = faults_of(root, claims);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].owner, "");
}

TEST(FileFaults, ReplacedMissingAndNotStated) {
  const TestRoot root;
  root.write("v/replaced.so", "longer than it was");
  root.write("v/unsized.so", "anything");
  root.write("v/z_folder.so/x", "");
  FileClaims claims;
  claims.add("/v/z_folder.so", "a 1", "sha256=c", 3);
  claims.add("/v/replaced.so", "a 1", "sha256=a", 3);
  claims.add("/v/missing.so", "a 1", "sha256=b", 3);
  claims.add("/v/unsized.so", "a 1", "", std::nullopt);
  const auto faults = faults_of(root, claims);
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(std::string(to_string(faults[0].kind)) + " " + faults[0].path, "missing /v/missing.so");
  EXPECT_EQ(std::string(to_string(faults[1].kind)) + " " + faults[1].path, "replaced /v/replaced.so");
  EXPECT_EQ(std::string(to_string(faults[2].kind)) + " " + faults[2].path, "replaced /v/z_folder.so");
}

}  // namespace
}  // namespace varve
