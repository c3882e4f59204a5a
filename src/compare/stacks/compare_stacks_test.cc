#include "compare/stacks/compare_stacks.h"

#include <gtest/gtest.h>

namespace varve {

namespace {
Package package_of(const std::string& name, const std::string& version, PackageRole role) {
  Package package{.name = name, .version = version, .role = role};
  package.cuda = missing_fact(Missing::absent, "test");
  return package;
}

Stack image_stack(const std::string& name, const std::string& torch, const std::string& distribution) {
  Stack stack;
  stack.subject = "image /srv/" + name + ".tar";
  stack.image.emplace();
  stack.image->name = name;
  stack.facts["os.name"] = known_fact(distribution, "/etc/os-release");
  Environment environment{.kind = EnvironmentKind::system,
                          .path = "/usr",
                          .python = known_fact(std::string("3.11.2"), "test"),
                          .packages = {},
                          .compilers = {},
                          .runtimes = missing_fact(Missing::absent, "test")};
  environment.packages = {package_of("torch", torch, PackageRole::framework),
                          package_of("nvidia-cudnn-cu12", torch + ".9", PackageRole::runtime),
                          package_of("numpy", "1.26.4", PackageRole::library)};
  environment.packages[0].requirements = {{"nvidia-cudnn-cu12", "", torch + ".9"}};
  stack.environments.push_back(std::move(environment));
  return stack;
}

Stack toolkit_stack(const std::string& version) {
  Stack stack;
  const std::string path = "/usr/local/cuda-" + version;
  stack.facts["toolkit.active"] = known_fact(path, "CUDA_HOME");
  stack.facts["toolkit.nvcc.version"] = known_fact(version, "version.json");
  Toolkit toolkit;
  toolkit.path = path;
  toolkit.version = known_fact(version, "version.json");
  toolkit.nvcc = known_fact(version + ".131", "version.json");
  toolkit.components = {{"cublas", version + ".5.8"}, {"nvcc", version + ".131"}};
  stack.toolkits.push_back(std::move(toolkit));
  Binary runtime;
  runtime.path = path + "/lib64/libcudart.so." + version + ".131";
  runtime.environment = path;
  runtime.version = known_fact(version + ".131", "file name");
  stack.binaries.push_back(std::move(runtime));
  return stack;
}
}  // namespace

TEST(CompareStacks, TwoImagesAreOneBundle) {
  const Stack a = image_stack("old", "2.1.2", "Debian 11"), b = image_stack("new", "2.15.0", "Debian 12");
  const StackComparison comparison = compare_stacks({a, "old.json"}, {b, "new.json"});
  ASSERT_EQ(comparison.bundles.size(), 1u);
  const Bundle& bundle = comparison.bundles[0];
  EXPECT_EQ(bundle.item, "image");
  ASSERT_EQ(bundle.members.size(), 3u) << "torch, what came with it, the distribution";
  EXPECT_EQ(bundle.members[0].name, "torch");
  EXPECT_EQ(bundle.members[1].because, "torch");
  EXPECT_EQ(comparison.verdict.find("one bundle differs: image old → new (torch 2.1.2 → 2.15.0 and 2 more)"), 0u)
      << comparison.verdict;
}

TEST(CompareStacks, AnImageAgainstItselfHasNoBundle) {
  const Stack a = image_stack("old", "2.1.2", "Debian 11");
  const StackComparison comparison = compare_stacks({a, "a"}, {a, "b"});
  EXPECT_TRUE(comparison.bundles.empty());
  EXPECT_EQ(count_packages(comparison, ItemState::different), 0u);
}

TEST(CompareStacks, AToolkitIsOneBundleWithItsParts) {
  const Stack a = toolkit_stack("12.4"), b = toolkit_stack("12.8");
  const StackComparison comparison = compare_stacks({a, "a"}, {b, "b"});
  ASSERT_EQ(comparison.bundles.size(), 1u);
  const Bundle& bundle = comparison.bundles[0];
  EXPECT_EQ(bundle.title, "CUDA toolkit 12.4 → 12.8");
  ASSERT_EQ(bundle.members.size(), 3u);
  EXPECT_EQ(bundle.members[0].name, "cublas");
  EXPECT_EQ(bundle.members[1].name, "cudart") << "told by its library";
  EXPECT_EQ(bundle.members[2].name, "nvcc");
}

TEST(CompareStacks, PackagesOfAnEnvironmentMoveWithTheirFramework) {
  Stack a = image_stack("old", "2.1.2", "Debian 12"), b = image_stack("new", "2.15.0", "Debian 12");
  a.image.reset();
  b.image.reset();
  const StackComparison comparison = compare_stacks({a, "a"}, {b, "b"});
  ASSERT_EQ(comparison.bundles.size(), 1u);
  EXPECT_EQ(comparison.bundles[0].title, "torch 2.1.2 → 2.15.0 and what came with it");
}

// One row a package, as its bundle has it, whatever CUDA the wheel is called after.
TEST(CompareStacks, APackageThatWasRenamedForItsCudaIsOne) {
  Stack a = image_stack("old", "2.1.2", "Debian 12"), b = image_stack("new", "2.15.0", "Debian 12");
  a.image.reset();
  b.image.reset();
  b.environments[0].packages[1].name = "nvidia-cudnn-cu13";
  const StackComparison comparison = compare_stacks({a, "a"}, {b, "b"});
  ASSERT_EQ(comparison.packages.size(), 3u);
  EXPECT_EQ(comparison.packages[1].name, "nvidia-cudnn");
  EXPECT_EQ(comparison.packages[1].a, "2.1.2.9");
  EXPECT_EQ(comparison.packages[1].b, "2.15.0.9");
}

}  // namespace varve
