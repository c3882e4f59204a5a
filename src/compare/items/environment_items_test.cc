// Packages and frameworks as control items.
#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/items/items.h"
#include "compare/test_runs.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
constexpr const char* kTorchA = "/a/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so";
constexpr const char* kTorchB = "/b/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so";

ImportedPackages venv(const std::string& path, const std::string& torch) {
  ImportedPackages packages{.environment = path, .missing = {}, .python = "3.11.7", .versions = {}, .libraries = {}};
  packages.versions = {{"torch", torch}, {"numpy", "2.0"}};
  packages.libraries = {{path + "/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so", "torch"}};
  return packages;
}

// "a/bin/python x.py" against "b/bin/python x.py", which differ in PyTorch's version.
Run two_venvs() {
  varve::Run run = interleaved_run(6, speed_shape(1.2, 0.002));
  for (Variant& each : run.variants) {
    const std::string side = each.name == "A" ? "a" : "b";
    each.command = {side + "/bin/python", "x.py"};
    each.program = side + "/bin/python";
    each.packages = venv("/" + side, each.name == "A" ? "2.1.2" : "2.15.0");
    each.framework["torch.version"] = known_fact(each.packages->versions["torch"], "test");
    each.framework["torch.threads"] = known_fact(std::int64_t{2}, "test");
  }
  for (Unit& unit : run.units) {
    unit.libraries.push_back(unit.variant == "A" ? library(kTorchA, "a1") : library(kTorchB, "b1"));
  }
  return run;
}

const ControlItem* find_item_of(const Comparison& comparison, const std::string& id) {
  for (const ControlItem& item : comparison.items) {
    if (item.id == id) return &item;
  }
  return nullptr;
}

ItemState state_in(const Comparison& comparison, const std::string& id) {
  const ControlItem* item = find_item_of(comparison, id);
  EXPECT_NE(item, nullptr) << id;
  return item == nullptr ? ItemState::unknown : item->state;
}

Comparison judged(const Run& run) {
  auto comparison = compare_variants(run, {});
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}
}  // namespace

// "3.10/bin/python x.py" against "3.13/bin/python x.py": the interpreter belongs to its environment.
TEST(EnvironmentItems, AnotherPythonIsOneBundleWithItsPackages) {
  varve::Run run = two_venvs();
  for (Variant& each : run.variants) {
    each.program_digest = std::string(64, each.name == "A" ? 'a' : 'b');
    each.packages->python = each.name == "A" ? "3.10.13" : "3.13.0";
  }
  for (Unit& unit : run.units)
    unit.libraries.push_back(library(unit.variant == "A" ? "/a/bin/python" : "/b/bin/python", "p"));
  const Comparison comparison = judged(run);
  EXPECT_EQ(state_in(comparison, "program"), ItemState::follows);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"packages"});
  EXPECT_EQ(comparison.bundles.at(0).members.at(0).name, "torch");
  EXPECT_EQ(comparison.bundles[0].members.at(1).name, "Python");
  // Another build of the same Python is a difference that no version tells.
  for (Variant& each : run.variants) each.packages->python = "3.11.7";
  EXPECT_EQ(state_in(judged(run), "program"), ItemState::different);
  for (Unit& unit : run.units) unit.libraries.clear();  // too short to be looked at: still not told
  EXPECT_EQ(state_in(judged(run), "program"), ItemState::different);
}

TEST(EnvironmentItems, OnePackageThatDiffersExplainsItsLibraries) {
  const Comparison comparison = judged(two_venvs());
  const ControlItem* packages = find_item_of(comparison, "packages");
  ASSERT_NE(packages, nullptr);
  EXPECT_EQ(packages->state, ItemState::different);
  EXPECT_TRUE(packages->under_test);
  EXPECT_EQ(packages->a, "torch 2.1.2");
  EXPECT_EQ(packages->b, "torch 2.15.0");
  EXPECT_EQ(state_in(comparison, "command"), ItemState::follows);
  EXPECT_EQ(state_in(comparison, "packages.libraries"), ItemState::follows);
  EXPECT_EQ(find_item_of(comparison, "library.libtorch_cpu.so"), nullptr) << "its package explains it";
  EXPECT_EQ(state_in(comparison, "framework.torch.version"), ItemState::follows);
  EXPECT_EQ(state_in(comparison, "framework.torch.threads"), ItemState::same);
  EXPECT_EQ(state_in(comparison, "python"), ItemState::same);
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
}

TEST(EnvironmentItems, WhatPythonLoadsOfItselfFollowsFromThePackages) {
  varve::Run run = two_venvs();
  for (Unit& unit : run.units) {
    if (unit.variant == "A") continue;
    unit.libraries.push_back(library("/usr/lib/python3.11/lib-dynload/_csv.cpython-311-x86_64-linux-gnu.so", "c1"));
  }
  const Comparison comparison = judged(run);
  EXPECT_EQ(find_item_of(comparison, "library._csv.cpython-311-x86_64-linux-gnu.so"), nullptr);
  EXPECT_EQ(find_item_of(comparison, "packages.libraries")->b, "2 loaded");
  EXPECT_EQ(comparison.control, Control::controlled) << comparison.verdict;
}

TEST(EnvironmentItems, SeveralAtOnceAreNotToldApart) {
  varve::Run run = two_venvs();
  run.variants[1].packages->versions["numpy"] = "2.1";
  run.variants[1].packages->versions["extra"] = "1";
  const Comparison comparison = judged(run);
  EXPECT_EQ(find_item_of(comparison, "packages")->a, "torch 2.1.2 and 2 more packages");
  EXPECT_EQ(find_item_of(comparison, "packages")->b, "torch 2.15.0 and 2 more packages");
  EXPECT_EQ(comparison.control, Control::controlled) << "the bundle is what was put under test";
  ASSERT_EQ(comparison.bundles.size(), 1u);
  EXPECT_TRUE(comparison.bundles[0].under_test);
  EXPECT_EQ(comparison.bundles[0].title, "torch 2.1.2 → 2.15.0 and 2 more packages") << "nobody is known to ask";
  EXPECT_EQ(comparison.bundles[0].members.size(), 3u);
  EXPECT_EQ(comparison.bundles[0].members[0].name, "torch");
  EXPECT_NE(comparison.verdict.find("no member of it is established as the cause"), std::string::npos)
      << comparison.verdict;
  EXPECT_NE(comparison.quote.find("which of them is the cause is not established"), std::string::npos)
      << comparison.quote;
}

namespace {
// torch pins triton; numpy moved for no reason that is known.
varve::Run bumped_venvs() {
  varve::Run run = two_venvs();
  for (Variant& each : run.variants) {
    each.packages->versions["triton"] = each.name == "A" ? "2.1.0" : "3.9.0";
    each.packages->requirements = {{"torch", {"triton", "numpy"}}};
  }
  return run;
}

CompareOptions naming(const std::string& variable) {
  return {.margin = {}, .variable = {variable}, .metric = {}, .created_at = {}};
}
}  // namespace

TEST(EnvironmentItems, WhatCameAlongIsSaidToHave) {
  const Comparison comparison = judged(bumped_venvs());
  ASSERT_EQ(comparison.bundles.size(), 1u);
  ASSERT_EQ(comparison.bundles[0].members.size(), 2u);
  EXPECT_EQ(comparison.bundles[0].members[1].name, "triton");
  EXPECT_EQ(comparison.bundles[0].members[1].because, "torch");
  EXPECT_EQ(comparison.change, "torch 2.1.2 → 2.15.0 and what came with it");
}

// onnx stands before onnxruntime in the alphabet and asks for the same numpy; who only reads titles is told of it.
TEST(EnvironmentItems, TheFrameworkLeadsAndWhatCameByItselfIsNamed) {
  varve::Run run = two_venvs();
  for (Variant& each : run.variants) {
    const bool is_a = each.name == "A";
    each.packages->versions = {{"aardvark", is_a ? "1" : "2"},
                               {"numpy", is_a ? "1.26.4" : "2.3.5"},
                               {"onnx", is_a ? "1.16" : "1.23"},
                               {"onnxruntime", is_a ? "1.17.3" : "1.32.0"}};
    each.packages->requirements = {{"onnx", {"numpy"}}, {"onnxruntime", {"numpy"}}};
  }
  const Comparison comparison = judged(run);
  EXPECT_EQ(comparison.change,
            "onnxruntime 1.17.3 → 1.32.0 and what came with it, beside it aardvark 1 → 2 and 1 more");
  EXPECT_EQ(find_item_of(comparison, "packages")->a, "onnxruntime 1.17.3 and 3 more packages");
  EXPECT_EQ(comparison.bundles[0].members.back().name, "numpy");
  EXPECT_EQ(comparison.bundles[0].members.back().because, "onnxruntime");
}

TEST(EnvironmentItems, ThePackageThatWasMeantTakesItsBundleAlong) {
  varve::Run run = bumped_venvs();
  EXPECT_EQ(compare_variants(run, naming("torch"))->control, Control::controlled);
  run.variants[1].packages->versions["stray"] = "1";
  const auto beside = compare_variants(run, naming("torch"));
  EXPECT_EQ(beside->control, Control::confounded);
  EXPECT_NE(beside->verdict.find("beside torch so do stray"), std::string::npos) << beside->verdict;
  EXPECT_EQ(compare_variants(run, naming("packages"))->control, Control::controlled);
  EXPECT_FALSE(compare_variants(run, naming("tritn")));
}

TEST(EnvironmentItems, AnotherPythonIsAMemberOfTheBundle) {
  varve::Run run = two_venvs();
  run.variants[1].packages->python = "3.12.1";
  const Comparison comparison = judged(run);
  EXPECT_EQ(state_in(comparison, "python"), ItemState::follows);
  ASSERT_EQ(comparison.bundles.size(), 1u);
  EXPECT_EQ(comparison.bundles[0].members.back().name, "Python");
}

TEST(EnvironmentItems, ALibraryOfAPackageThatDidNotChangeStaysADifference) {
  varve::Run run = two_venvs();
  for (Variant& each : run.variants) {
    each.packages->versions["torch"] = "2.15.0";
    each.framework["torch.version"] = known_fact(std::string("2.15.0"), "test");
  }
  const Comparison comparison = judged(run);
  EXPECT_EQ(state_in(comparison, "packages"), ItemState::same);
  EXPECT_NE(find_item_of(comparison, "library.libtorch_cpu.so"), nullptr);
}

TEST(EnvironmentItems, WhatWasToldOtherwiseIsADifferenceOfSettings) {
  varve::Run run = interleaved_run(6, speed_shape(1.2, 0.002));
  run.variants[0].framework["torch.matmul.tf32"] = known_fact(true, "test");
  run.variants[1].framework["torch.matmul.tf32"] = known_fact(false, "test");
  run.variants[1].framework["torch.matmul.precision"] = known_fact(std::string("high"), "test");
  const Comparison comparison = judged(run);
  const ControlItem* tf32 = find_item_of(comparison, "framework.torch.matmul.tf32");
  ASSERT_NE(tf32, nullptr);
  EXPECT_EQ(tf32->state, ItemState::different);
  EXPECT_EQ(tf32->title, "PyTorch: TF32 in matmul");
  EXPECT_EQ(tf32->layer, Layer::settings);
  EXPECT_EQ(find_item_of(comparison, "framework.torch.matmul.precision")->a, "(not there)");
  EXPECT_EQ(comparison.control, Control::confounded);
}

// A window that one side's program did not live to see is no difference between the sides.
TEST(EnvironmentItems, WhatOnlyOneWindowSawIsUnknown) {
  varve::Run run = interleaved_run(6, speed_shape(1.2, 0.002));
  for (Variant& side : run.variants) side.framework["torch.version"] = known_fact(std::string("2.15.0"), "test");
  run.variants[0].framework["torch.grad_enabled"] = known_fact(false, "test");
  run.variants[1].framework["torch.autocast.cuda"] = known_fact(false, "test");
  const Comparison comparison = judged(run);
  EXPECT_EQ(state_in(comparison, "framework.torch.grad_enabled"), ItemState::unknown);
  EXPECT_EQ(find_item_of(comparison, "framework.torch.grad_enabled")->b, "(not seen)");
  EXPECT_EQ(state_in(comparison, "framework.torch.autocast.cuda"), ItemState::unknown);
  EXPECT_EQ(find_item_of(comparison, "framework.torch.autocast.cuda")->layer, Layer::settings);
  EXPECT_NE(comparison.control, Control::confounded);
}

TEST(EnvironmentItems, UnknownOnOneSideIsNeverTheSame) {
  varve::Run run = two_venvs();
  run.variants[1].framework.clear();
  run.variants[1].packages = ImportedPackages{
      .environment = {}, .missing = "no environment was found", .python = {}, .versions = {}, .libraries = {}};
  const Comparison comparison = judged(run);
  EXPECT_EQ(state_in(comparison, "framework"), ItemState::unknown);
  EXPECT_EQ(state_in(comparison, "packages"), ItemState::unknown);
  EXPECT_EQ(find_item_of(comparison, "packages")->b, "not known: no environment was found");
}

TEST(EnvironmentItems, NoneWhereNoSideHasAny) {
  const Comparison comparison = judged(interleaved_run(6, speed_shape(1, 0.002)));
  for (const char* id : {"packages", "python", "framework"}) EXPECT_EQ(find_item_of(comparison, id), nullptr) << id;
}

}  // namespace varve
