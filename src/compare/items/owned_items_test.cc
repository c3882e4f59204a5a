// Images and CUDA toolkits under runs: one item and one bundle each.
#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
Comparison compared_grounds(const Run& run, const CompareOptions& options = {}) {
  auto comparison = compare_variants(run, options);
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

const ControlItem* item_named(const Comparison& comparison, const std::string& id) {
  const auto found = std::find_if(comparison.items.begin(), comparison.items.end(),
                                  [&](const ControlItem& item) { return item.id == id; });
  return found == comparison.items.end() ? nullptr : &*found;
}

ItemState state_of_item(const Comparison& comparison, const std::string& id) {
  const ControlItem* item = item_named(comparison, id);
  EXPECT_NE(item, nullptr) << id;
  return item == nullptr ? ItemState::unknown : item->state;
}

Toolkit toolkit_of(const std::string& version, const std::string& build) {
  Toolkit toolkit;
  toolkit.path = "/opt/cuda-" + version;
  toolkit.version = known_fact(version, "version.json");
  toolkit.nvcc = known_fact(version + "." + build, "version.json");
  toolkit.named_by = {"CUDA_HOME"};
  toolkit.components = {{"nvcc", version + "." + build},
                        {"cudart", version + "." + build},
                        {"cublas", version + ".5.8"},
                        {"nvrtc", version + "." + build},
                        {"nvtx", "12.0"},
                        {"nvidia_driver", version + "0.54"}};
  return toolkit;
}

// CUDA_HOME and LD_LIBRARY_PATH lead each side to a toolkit of its own, from which its units have mapped.
Run two_toolkits() {
  Run run = interleaved_run(6, speed_shape(1.2, 0.002));
  for (std::size_t side = 0; side < 2; ++side) {
    Variant& variant = run.variants[side];
    variant.toolkit = toolkit_of(side == 0 ? "12.4" : "12.8", side == 0 ? "131" : "93");
    const std::string path = variant.toolkit->path;
    for (const auto& [name, value] : std::map<std::string, std::string>{
             {"CUDA_HOME", path}, {"LD_LIBRARY_PATH", path + "/lib64:/opt/own"}, {"PATH", path + "/bin:/usr/bin"}}) {
      variant.environment[name] = value;
      variant.settings[name] = known_fact(value, "environment");
    }
    for (Unit& each : run.units) {
      if (each.variant != variant.name) continue;
      each.libraries.push_back(
          library(path + "/lib64/libcublas.so." + (side == 0 ? "12.4.5.8" : "12.8.5.8"), variant.name));
      each.libraries.push_back(
          library(path + "/lib64/libcudart.so." + (side == 0 ? "12.4.131" : "12.8.93"), variant.name));
    }
  }
  return run;
}

// Both sides run one command in an image of their own, which was read.
Run two_images() {
  Run run = interleaved_run(6, speed_shape(1.2, 0.002));
  for (std::size_t side = 0; side < 2; ++side) {
    Variant& variant = run.variants[side];
    const bool old = side == 0;
    const std::string file = old ? "/srv/old.tar" : "/srv/new.tar";
    variant.command = {"podman", "run", "docker-archive:" + file, "python", "bench.py"};
    variant.program = "/usr/bin/podman";
    variant.image = ContainerImage{
        .program = "podman",
        .reference = "docker-archive:" + file,
        .argument = 2,
        .digest = "sha256:" + std::string(64, old ? '1' : '2'),
        .components = {{"torch", old ? "2.1.2" : "2.15.0", PackageRole::framework},
                       {"nvidia-cublas-cu12", old ? "12.1.3.1" : "12.9.1.4", PackageRole::runtime, "torch"},
                       {"nvidia-cuda-runtime-cu12", old ? "12.1.105" : "12.9.79", PackageRole::runtime, "torch"},
                       {"numpy", "1.26.4"},
                       {"distribution", old ? "Debian 11" : "Debian 12"}},
        .missing = {}};
    for (Unit& each : run.units) {
      if (each.variant != variant.name) continue;
      each.libraries[0].build_id = old ? "aa" : "bb";
      each.libraries.push_back(library(old ? "/usr/lib/libold.so.1" : "/usr/lib/libnew.so.1", "cc"));
    }
  }
  return run;
}
}  // namespace

TEST(OwnedItems, AnotherToolkitIsOneItemWithItsParts) {
  const Comparison comparison = compared_grounds(two_toolkits());
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"toolkit"});
  EXPECT_EQ(state_of_item(comparison, "settings.CUDA_HOME"), ItemState::follows);
  EXPECT_EQ(state_of_item(comparison, "settings.PATH"), ItemState::follows);
  EXPECT_EQ(state_of_item(comparison, "toolkit.libraries"), ItemState::follows);
  EXPECT_EQ(item_named(comparison, "library.libcudart"), nullptr) << "it belongs to the toolkit";
  ASSERT_EQ(comparison.bundles.size(), 1u);
  const Bundle& bundle = comparison.bundles[0];
  EXPECT_EQ(bundle.title, "CUDA toolkit 12.4 → 12.8");
  std::vector<std::string> names;
  for (const BundleMember& member : bundle.members) names.push_back(member.name);
  EXPECT_EQ(names, (std::vector<std::string>{"cublas", "cudart", "nvcc", "nvrtc"}))
      << "kernel libraries, runtimes, compilers; what did not change and the driver of the installer are none";
  EXPECT_NE(comparison.quote.find("which of them is the cause is not established"), std::string::npos);
}

TEST(OwnedItems, WhoeverNamesAPartOfATookitNamesTheToolkit) {
  const varve::Run run = two_toolkits();
  for (const char* name : {"toolkit", "CUDA_HOME", "settings.PATH", "nvcc", "cuBLAS"}) {
    CompareOptions options;
    options.variable = {name};
    const Comparison comparison = compared_grounds(run, options);
    EXPECT_EQ(comparison.variable, std::vector<std::string>{"toolkit"}) << name;
    EXPECT_EQ(comparison.control, Control::controlled) << name;
  }
}

TEST(OwnedItems, PartsThatOnlyMappedFilesTellAreKnownByThem) {
  varve::Run run = two_toolkits();
  for (Variant& variant : run.variants) {
    variant.toolkit->components.clear();
    variant.toolkit->nvcc = missing_fact(Missing::absent, "test");
  }
  for (Unit& each : run.units) {
    const std::string path = each.variant == "A" ? "/opt/cuda-12.4/lib64/" : "/opt/cuda-12.8/lib64/";
    each.libraries.push_back(library(path + "libnvrtc-builtins.so.12." + (each.variant == "A" ? "4" : "8"), ""));
    each.libraries.push_back(library(path + "libnvrtc.so.12", each.variant == "A" ? "aaaa" : "bbbb"));
  }
  const Comparison comparison = compared_grounds(run);
  ASSERT_EQ(comparison.bundles.size(), 1u);
  std::map<std::string, std::string> versions;
  for (const BundleMember& member : comparison.bundles[0].members) versions[member.name] = member.a;
  EXPECT_EQ(versions, (std::map<std::string, std::string>{
                          {"cublas", "12.4.5.8"}, {"cudart", "12.4.131"}, {"nvrtc", "build id aaaa"}}));
}

TEST(OwnedItems, WhatElseDiffersInASettingStandsBesideTheToolkit) {
  varve::Run run = two_toolkits();
  run.variants[1].environment["LD_LIBRARY_PATH"] += ":/opt/more";
  const Comparison comparison = compared_grounds(run);
  EXPECT_EQ(state_of_item(comparison, "settings.LD_LIBRARY_PATH"), ItemState::different);
  EXPECT_EQ(comparison.control, Control::confounded);
}

TEST(OwnedItems, ToolkitsOfOneVersionAreTheSame) {
  varve::Run run = two_toolkits();
  run.variants[1].toolkit = run.variants[0].toolkit;
  EXPECT_EQ(state_of_item(compared_grounds(run), "toolkit"), ItemState::same);
}

TEST(OwnedItems, AToolkitThatNobodyUsesIsNoItem) {
  varve::Run run = interleaved_run(6, speed_shape(1, 0.002));
  run.variants[0].toolkit = toolkit_of("12.4", "131");
  run.variants[1].toolkit = toolkit_of("12.8", "93");
  EXPECT_EQ(item_named(compared_grounds(run), "toolkit"), nullptr);
}

TEST(OwnedItems, AToolkitThatAnOlderDocumentDoesNotTellIsUnknown) {
  varve::Run old = two_toolkits(), recent = two_toolkits();
  old.variants[0].toolkit.reset();
  old.stack.facts["toolkit.active"] = known_fact(std::string("/opt/cuda-12.4"), "CUDA_HOME");
  auto comparison = compare_runs({&old, "A", "old"}, {&recent, "A", "recent"}, {});
  ASSERT_TRUE(comparison);
  EXPECT_EQ(state_of_item(*comparison, "toolkit"), ItemState::unknown);
}

TEST(OwnedItems, AnotherImageIsOneItemWithWhatIsInIt) {
  const Comparison comparison = compared_grounds(two_images());
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"image"});
  EXPECT_EQ(state_of_item(comparison, "command"), ItemState::follows);
  EXPECT_EQ(state_of_item(comparison, "image.libraries"), ItemState::follows);
  EXPECT_EQ(item_named(comparison, "library.libnew.so.1"), nullptr);
  ASSERT_EQ(comparison.bundles.size(), 1u);
  const Bundle& bundle = comparison.bundles[0];
  ASSERT_EQ(bundle.members.size(), 4u) << "numpy did not change";
  EXPECT_EQ(bundle.members[0].name, "torch");
  EXPECT_EQ(bundle.members[1].name, "nvidia-cublas-cu12") << "kernel libraries before runtimes";
  EXPECT_EQ(bundle.members[1].because, "torch");
  EXPECT_NE(bundle.title.find("torch 2.1.2 → 2.15.0 and 3 more"), std::string::npos) << bundle.title;
  EXPECT_NE(comparison.verdict.find("no member of it is established as the cause"), std::string::npos);
}

TEST(OwnedItems, AnImageOfWhichNothingIsReadLeavesAGap) {
  varve::Run run = two_images();
  for (Variant& variant : run.variants) {
    variant.image->components.clear();
    variant.image->digest.clear();
    variant.image->missing = "docker keeps the image";
  }
  const Comparison comparison = compared_grounds(run);
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps) << comparison.verdict;
  EXPECT_EQ(state_of_item(comparison, "image.contents"), ItemState::unknown);
  EXPECT_NE(comparison.quote.find("whose parts are not recorded"), std::string::npos) << comparison.quote;
}

TEST(OwnedItems, OneNameMayLeadToTwoImages) {
  varve::Run a = two_images(), b = two_images();
  for (varve::Run* run : {&a, &b}) {
    for (Variant& variant : run->variants) variant.image->digest.clear();
  }
  const auto states = [&] {
    auto comparison = compare_runs({&a, "A", "a"}, {&b, "A", "b"}, {});
    EXPECT_TRUE(comparison);
    return state_of_item(*comparison, "image");
  };
  EXPECT_EQ(states(), ItemState::unknown);
  a.variants[0].image->digest = "sha256:1";
  b.variants[0].image->digest = "sha256:2";
  EXPECT_EQ(states(), ItemState::different);
}

}  // namespace varve
