#include "stack/binary_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "world/test_root.h"

namespace varve {
namespace {

constexpr const char* kBuildId = "81daba31ee66dbd63efdc4252a872949d874d136";

TEST(BinaryCache, KeepsTheAnswersOfSeveralQuestions) {
  const TestRoot root;
  const BinaryCache cache(root.path() + "/a/b");
  EXPECT_TRUE(cache.find(kBuildId, 10, "coverage").is_null());
  cache.keep(kBuildId, 10, "coverage", {{"regions", 3}});
  cache.keep(kBuildId, 10, "api_level", "12.4");
  EXPECT_EQ(cache.find(kBuildId, 10, "coverage").at("regions"), 3);
  EXPECT_EQ(cache.find(kBuildId, 10, "api_level"), "12.4");
  EXPECT_TRUE(cache.find(kBuildId, 11, "coverage").is_null());
}

TEST(BinaryCache, WhatIsNoBuildIdNamesNoFile) {
  const TestRoot root;
  const BinaryCache cache(root.path() + "/cache");
  for (const char* id : {"", "../../etc/passwd", "ABCDEF0123", "zz"}) cache.keep(id, 1, "coverage", 1);
  EXPECT_FALSE(std::filesystem::exists(root.path() + "/cache"));
}

TEST(BinaryCache, ADamagedEntryIsNoAnswerAndIsReplaced) {
  const TestRoot root;
  const BinaryCache cache(root.path());
  root.write(std::string(kBuildId) + "-7.json", "{\"format\": \"varve/binary-ca");
  EXPECT_TRUE(cache.find(kBuildId, 7, "coverage").is_null());
  cache.keep(kBuildId, 7, "coverage", true);
  EXPECT_EQ(cache.find(kBuildId, 7, "coverage"), true);
}

TEST(BinaryCache, AFolderThatCannotBeMadeIsNoFault) {
  const TestRoot root;
  root.write("file", "");
  const BinaryCache cache(root.path() + "/file/below");
  cache.keep(kBuildId, 1, "coverage", 1);
  EXPECT_TRUE(cache.find(kBuildId, 1, "coverage").is_null());
}

}  // namespace
}  // namespace varve
