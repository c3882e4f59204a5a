#include "compare/items/component_bundle.h"

#include <gtest/gtest.h>

namespace varve {

namespace {
std::vector<std::string> names_in(const Bundle& bundle) {
  std::vector<std::string> names;
  for (const BundleMember& member : bundle.members) names.push_back(member.name);
  return names;
}
}  // namespace

TEST(ComponentBundle, StandsByRoleAndThenBySizeOfChange) {
  const std::vector<Component> a = {{"distribution", "Debian 11"},
                                    {"numpy", "1.26.4"},
                                    {"scipy", "1.11.4"},
                                    {"nvidia-cuda-runtime-cu12", "12.1.105", PackageRole::runtime},
                                    {"nvidia-cublas-cu12", "12.1.3.1", PackageRole::runtime},
                                    {"nvidia-cudnn-cu12", "8.9.2.26", PackageRole::runtime},
                                    {"torch", "2.1.2", PackageRole::framework}};
  const std::vector<Component> b = {{"distribution", "Debian 12"},
                                    {"numpy", "2.3.4"},
                                    {"scipy", "1.11.5"},
                                    {"nvidia-cuda-runtime-cu12", "12.4.105", PackageRole::runtime},
                                    {"nvidia-cublas-cu12", "12.1.3.9", PackageRole::runtime},
                                    {"nvidia-cudnn-cu12", "9.1.0.70", PackageRole::runtime},
                                    {"torch", "2.15.0", PackageRole::framework}};
  EXPECT_EQ(names_in(bundle_of("image", a, b)),
            (std::vector<std::string>{"torch", "nvidia-cudnn-cu12", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12",
                                      "numpy", "scipy", "distribution"}));
}

TEST(ComponentBundle, AWheelCalledAfterAnotherCudaIsTheSame) {
  const Bundle bundle = bundle_of("image", {{"nvidia-cublas-cu12", "12.1.3.1", PackageRole::runtime}},
                                  {{"nvidia-cublas", "13.4.1.3", PackageRole::runtime}});
  ASSERT_EQ(bundle.members.size(), 1u);
  EXPECT_EQ(bundle.members[0].name, "nvidia-cublas");
  EXPECT_EQ(bundle.members[0].a, "12.1.3.1");
  EXPECT_EQ(bundle.members[0].b, "13.4.1.3");
  const Bundle both =
      bundle_of("image", {{"cupy-cuda", "1"}, {"nvidia-nccl-cu11", "2.14.3"}, {"nvidia-nccl-cu12", "2.18.1"}},
                {{"cupy-cuda", "1"}, {"nvidia-nccl-cu12", "2.20.5"}});
  EXPECT_EQ(both.members.size(), 2u) << "of two on one side each keeps its name";
}

TEST(ComponentBundle, OfOneReleaseTheBuildForAnotherCudaDiffers) {
  const Bundle bundle = bundle_of("image", {{"cupy-cuda12x", "14.2.0", PackageRole::framework}, {"numpy", "2.4.6"}},
                                  {{"cupy-cuda13x", "14.2.0", PackageRole::framework}, {"NumPy", "2.4.6"}});
  ASSERT_EQ(names_in(bundle), (std::vector<std::string>{"cupy"}));
  EXPECT_EQ(bundle.members[0].a, "14.2.0 (cupy-cuda12x)");
  EXPECT_EQ(bundle.members[0].b, "14.2.0 (cupy-cuda13x)");
}

TEST(ComponentBundle, WhatALibraryAsksForCameAlongWithWhoAskedForTheLibrary) {
  const auto side = [](const std::string& torch, const std::string& suffix, const std::string& version) {
    return std::vector<Component>{
        {"torch", torch, PackageRole::framework},
        {"nvidia-cublas" + suffix, version, PackageRole::runtime, "torch"},
        {"nvidia-cuda-nvrtc" + suffix, version, PackageRole::runtime, "nvidia-cublas" + suffix},
        {"numpy", version}};
  };
  const Bundle bundle = bundle_of("image", side("2.1.2", "-cu12", "12.1"), side("2.15.0", "", "13.2"));
  for (const BundleMember& member : bundle.members) {
    const bool came = member.name.starts_with("nvidia");
    EXPECT_EQ(member.because, came ? "torch" : "") << member.name;
  }
  EXPECT_TRUE(bundle_of("image", {{"a", "1", PackageRole::library, "b"}, {"b", "1", PackageRole::library, "a"}},
                        {{"a", "2"}, {"b", "2"}})
                  .members[0]
                  .because.empty())
      << "two that ask for each other came by themselves";
}

TEST(ComponentBundle, TheTitleOfImagesIsShort) {
  const Bundle bundle = bundle_of("image", {{"torch", "2.1.2"}, {"numpy", "1.0"}}, {{"torch", "2.15.0"}});
  EXPECT_EQ(title_of_images("oci:/srv/images/old", "docker-archive:/srv/new.tar", bundle),
            "image old → new.tar (numpy 1.0 (only in A) and 1 more)");
  EXPECT_EQ(
      title_of_images("pytorch:2.1", "pytorch:2.4", {.item = "image", .title = {}, .members = {}, .unknown = "x"}),
      "image pytorch:2.1 → pytorch:2.4");
}

TEST(ComponentBundle, VersionsDifferFromAPartOn) {
  EXPECT_EQ(changed_part("2.1.2", "3.0"), 1);
  EXPECT_EQ(changed_part("2.1.2", "2.15.0"), 2);
  EXPECT_EQ(changed_part("2.1.2", "2.1.3"), 3);
  EXPECT_EQ(changed_part("", "2.1.3"), 0);
}

}  // namespace varve
