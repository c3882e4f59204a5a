#include "harness/subject/grounds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "toolkit/toolkit_testing.h"
#include "world/test_root.h"

namespace varve {

namespace {
Variant grounds_of(const std::vector<std::string>& command, const std::map<std::string, std::string>& variables) {
  Variant document;
  document.command = command;
  const std::string nowhere;
  record_grounds({command, variables, nowhere}, host_world(), document);
  return document;
}

std::string version_of(const ContainerImage& image, const std::string& name) {
  const auto found = std::find_if(image.components.begin(), image.components.end(),
                                  [&](const Component& component) { return component.name == name; });
  return found == image.components.end() ? "" : found->version;
}
}  // namespace

TEST(Grounds, TheToolkitIsTheOneThatVariablesLeadTo) {
  const TestRoot root;
  write_toolkit(root, "cuda-12.4", "12.4.1", "12.4.131");
  const Variant document = grounds_of({"./bench"}, {{"CUDA_HOME", root.path() + "/cuda-12.4"}});
  ASSERT_TRUE(document.toolkit);
  EXPECT_EQ(document.toolkit->path, root.path() + "/cuda-12.4");
  EXPECT_EQ(fact_text(document.toolkit->version), "12.4.1");
  EXPECT_FALSE(document.image);
}

TEST(Grounds, AnImageThatIsAFolderIsRead) {
  const TestRoot root;
  root.write("image/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  const std::string packages = "image/usr/local/lib/python3.11/site-packages/torch-2.15.0.dist-info/";
  root.write(packages + "METADATA", "Name: torch\nVersion: 2.15.0\n");
  const Variant document = grounds_of({"apptainer", "exec", "--nv", root.path() + "/image", "python", "x.py"}, {});
  ASSERT_TRUE(document.image);
  EXPECT_EQ(document.image->argument, 3);
  EXPECT_EQ(document.image->missing, "");
  EXPECT_EQ(version_of(*document.image, "torch"), "2.15.0");
  EXPECT_EQ(version_of(*document.image, "distribution"), "Debian GNU/Linux 12 (bookworm)");
}

TEST(Grounds, AnImageThatIsAnotherFileIsKnownByItsBytes) {
  const TestRoot root;
  root.write("new.sif", "#!/usr/bin/env run-singularity\n");
  const Variant document = grounds_of({"apptainer", "exec", root.path() + "/new.sif", "x"}, {});
  ASSERT_TRUE(document.image);
  EXPECT_EQ(document.image->digest.size(), 64u);
  EXPECT_NE(document.image->missing, "");
  EXPECT_TRUE(document.image->components.empty());
}

TEST(Grounds, AnImageOfADaemonIsItsName) {
  const Variant document = grounds_of({"docker", "run", "--rm", "pytorch@sha256:12", "x"}, {});
  ASSERT_TRUE(document.image);
  EXPECT_EQ(document.image->digest, "sha256:12");
  EXPECT_NE(document.image->missing, "");
}

}  // namespace varve
