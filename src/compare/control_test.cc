#include "compare/control.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/library_name.h"
#include "compare/test_runs.h"
#include "tables/libraries.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
Run quiet_run() { return interleaved_run(6, speed_shape(1, 0.002)); }

Comparison compared_control(const Run& run, const CompareOptions& options = {}) {
  auto comparison = compare_variants(run, options);
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

Comparison compared_control(const Run& a, const Run& b, const CompareOptions& options = {}) {
  auto comparison = compare_runs({&a, "A", "a.json"}, {&b, "A", "b.json"}, options);
  EXPECT_TRUE(comparison) << to_text(comparison.error());
  return *comparison;
}

const ControlItem& item(const Comparison& comparison, const std::string& id) {
  const auto found = std::find_if(comparison.items.begin(), comparison.items.end(),
                                  [&](const ControlItem& each) { return each.id == id; });
  static const ControlItem none;
  EXPECT_NE(found, comparison.items.end()) << id;
  return found == comparison.items.end() ? none : *found;
}

bool explains(const Comparison& comparison, const std::string& part) {
  return std::any_of(comparison.reasons.begin(), comparison.reasons.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

void give_b_library(Run& run, const Library& made) {
  for (Unit& each : run.units) {
    if (each.variant == "B") each.libraries.push_back(made);
  }
}

void use_gpu(Run& run, bool runtime) {
  for (Unit& each : run.units) {
    each.libraries.push_back(library("/lib/libcuda.so.1", "d1"));
    if (runtime) each.libraries.push_back(library("/lib/libcudart.so.12", "e1"));
  }
}
}  // namespace

TEST(LibraryName, StemIsWhatStaysWhenALibraryIsUpdated) {
  EXPECT_EQ(library_stem("/lib/libc.so.6"), "libc");
  EXPECT_EQ(library_stem("/x/libopenblas64_p-r0-0cf96a72.3.23.dev.so"), "libopenblas64_p");
  EXPECT_EQ(library_stem("libgfortran-040039e1.so.5.0.0"), "libgfortran");
  EXPECT_EQ(library_stem("libopenblas.so.0"), "libopenblas");
  EXPECT_EQ(library_stem("libtorch_cpu.so"), "libtorch_cpu");
  EXPECT_EQ(library_stem("/usr/bin/python3.11"), "python3.11");
  EXPECT_EQ(library_stem(""), "");
}

TEST(LibraryName, LayersTellKernelsFromTheSystem) {
  EXPECT_EQ(library_layer("/lib/libopenblas.so.0"), Layer::kernel_library);
  EXPECT_EQ(library_layer("/lib/libcuda.so.1"), Layer::user_driver);
  EXPECT_EQ(library_layer("/lib/libcudart.so.12"), Layer::bundled_runtime);
  EXPECT_EQ(library_layer("/lib/libc.so.6"), Layer::os);
  EXPECT_TRUE(has_role("/lib/libcuda.so.1", LibraryRole::opens_gpu));
  EXPECT_FALSE(has_role("/lib/libcudart.so.12", LibraryRole::opens_gpu));
}

TEST(Control, OneMachineIsSharedKnownOrNot) {
  const Comparison comparison = compared_control(quiet_run());
  EXPECT_EQ(item(comparison, "cpu.model").state, ItemState::shared);
  EXPECT_EQ(item(comparison, "cpu.frequency.governor").state, ItemState::shared);
  EXPECT_EQ(item(comparison, "driver.kernel_mode.version").state, ItemState::not_applicable);
  EXPECT_EQ(item(comparison, "settings.OMP_NUM_THREADS").state, ItemState::same);
  EXPECT_EQ(item(comparison, "command").state, ItemState::same);
  EXPECT_TRUE(
      std::is_sorted(comparison.items.begin(), comparison.items.end(),
                     [](const ControlItem& left, const ControlItem& right) { return left.layer < right.layer; }));
}

TEST(Control, WhatThePlanSetIsTheVariable) {
  varve::Run run = quiet_run();
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  const Comparison comparison = compared_control(run);
  const ControlItem& setting = item(comparison, "settings.OPENBLAS_CORETYPE");
  EXPECT_TRUE(setting.under_test);
  EXPECT_EQ(setting.a, "(not set)");
  EXPECT_EQ(setting.b, "Haswell");
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"settings.OPENBLAS_CORETYPE"});
  EXPECT_EQ(comparison.control, Control::controlled);
}

// A variable outside the allow-list of settings is still what the plan changed.
TEST(Control, AnyVariableThePlanSetCounts) {
  varve::Run run = quiet_run();
  run.variants[1].environment["MY_SWITCH"] = "1";
  EXPECT_EQ(compared_control(run).variable, std::vector<std::string>{"settings.MY_SWITCH"});
  run.variants[1].environment["MY_SWITCH"] = "[redacted]";
  EXPECT_EQ(compared_control(run).variable, std::vector<std::string>{"settings.MY_SWITCH"});
}

TEST(Control, SettingWhatIsAlreadySetChangesNothing) {
  varve::Run run = quiet_run();
  set_for_b(run, "OMP_NUM_THREADS", "2");
  EXPECT_TRUE(compared_control(run).variable.empty());
  EXPECT_EQ(compared_control(run).control, Control::controlled);
}

TEST(Control, TwoVariablesAreConfoundedAndNotRanked) {
  varve::Run run = quiet_run();
  set_for_b(run, "OPENBLAS_CORETYPE", "Haswell");
  set_for_b(run, "OMP_NUM_THREADS", "4");
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(comparison.control, Control::confounded);
  EXPECT_EQ(comparison.variable.size(), 2U);
  EXPECT_TRUE(explains(comparison, "no order of importance is meant"));
}

TEST(Control, LibrariesThatTheVariableSelectsFollow) {
  varve::Run run = quiet_run();
  set_for_b(run, "LD_PRELOAD", "/lib/libblis.so.4");
  give_b_library(run, library("/lib/libblis.so.4", "b115"));
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(item(comparison, "library.libblis.so.4").state, ItemState::follows);
  EXPECT_EQ(item(comparison, "library.libblis.so.4").a, "(not loaded)");
  EXPECT_EQ(comparison.control, Control::controlled);
  EXPECT_TRUE(explains(comparison, "cannot tell which of the components"));
}

TEST(Control, WithoutAVariableALibraryThatDiffersConfounds) {
  varve::Run run = quiet_run();
  give_b_library(run, library("/lib/libblis.so.4", "b115"));
  EXPECT_EQ(compared_control(run).control, Control::confounded);
}

TEST(Control, ALibraryThatSomeUnitsMappedIsAGapNotADifference) {
  varve::Run run = quiet_run();
  for (Unit& each : run.units) {
    if (each.index == 1) each.libraries.push_back(library("/lib/libnss_files.so.2", "f11e"));
  }
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(item(comparison, "library.libnss_files.so.2").state, ItemState::unknown);
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps);
}

TEST(Control, AnotherCommandIsOneVariable) {
  varve::Run run = quiet_run();
  run.variants[1].command = {"./other"};
  run.variants[1].program = "~/other";
  run.variants[1].program_digest = std::string(64, 'b');
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"command"});
  EXPECT_EQ(item(comparison, "program").state, ItemState::follows);
  EXPECT_EQ(comparison.control, Control::controlled);
}

TEST(Control, AStackThatMovedDuringTheRunConfounds) {
  varve::Run run = quiet_run();
  run.stack_changes = {{"cpu.frequency.governor", known_fact(std::string("performance"), "test"),
                        known_fact(std::string("powersave"), "test")}};
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(comparison.control, Control::confounded);
  EXPECT_EQ(item(comparison, "cpu.frequency.governor").a, "performance, then powersave");
  EXPECT_NE(comparison.verdict.find("1 thing differs that was not under test"), std::string::npos)
      << comparison.verdict;
}

TEST(Control, UnseenLibrariesAreAGap) {
  varve::Run run = quiet_run();
  for (Unit& each : run.units) each.libraries.clear();
  EXPECT_EQ(compared_control(run).control, Control::controlled_with_gaps);
}

TEST(Control, AGpuWithoutItsPairIsUndecidable) {
  varve::Run run = quiet_run();
  use_gpu(run, true);
  EXPECT_EQ(compared_control(run).control, Control::undecidable) << "the driver is not known";
  run.stack.facts["driver.kernel_mode.version"] = known_fact(std::string("570.86.15"), "test");
  EXPECT_EQ(compared_control(run).control, Control::controlled);

  varve::Run without_runtime = quiet_run();
  use_gpu(without_runtime, false);
  without_runtime.stack.facts["driver.kernel_mode.version"] = known_fact(std::string("570.86.15"), "test");
  const Comparison comparison = compared_control(without_runtime);
  EXPECT_EQ(comparison.control, Control::undecidable);
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
}

TEST(Control, TwoDocumentsOnEqualMachinesHaveGapsWhereNobodyKnows) {
  const varve::Run a = quiet_run(), b = quiet_run();
  const Comparison comparison = compared_control(a, b);
  EXPECT_EQ(item(comparison, "cpu.model").state, ItemState::same);
  EXPECT_EQ(item(comparison, "cpu.frequency.governor").state, ItemState::unknown);  // unknown never counts as same
  EXPECT_EQ(item(comparison, "driver.kernel_mode.version").state, ItemState::not_applicable);
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps);
}

TEST(Control, TwoDocumentsThatDifferByOneThing) {
  const varve::Run a = quiet_run();
  varve::Run b = quiet_run();
  for (Unit& each : b.units) each.libraries[1] = library("/lib/libopenblas-r0.3.29.so", "b1a6");
  const Comparison comparison = compared_control(a, b);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"library.libopenblas"});
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps);
  b.stack.facts["cpu.model"] = known_fact(std::string("Example CPU 9000"), "test");
  EXPECT_EQ(compared_control(a, b).control, Control::confounded);
}

TEST(Control, TheNamedVariableMustBeWhatDiffers) {
  varve::Run a = quiet_run(), b = quiet_run();
  b.variants[0].settings["OMP_NUM_THREADS"] = known_fact(std::string("4"), "test");
  CompareOptions options;
  options.variable = {"OMP_NUM_THREADS"};
  EXPECT_NE(compared_control(a, b, options).control, Control::confounded);
  options.variable = {"cpu.model"};
  EXPECT_EQ(compared_control(a, b, options).control, Control::confounded);
  options.variable = {"cpu.modell"};
  const auto unknown = compare_runs({&a, "A", "a"}, {&b, "A", "b"}, options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().hint, "did you mean cpu.model?");
}

TEST(Control, AShortenedVersionIsNeitherSameNorDifferent) {
  varve::Run a = quiet_run(), b = quiet_run();
  a.stack.facts["driver.kernel_mode.version"] = known_fact(std::string("550.54"), "test");
  b.stack.facts["driver.kernel_mode.version"] = known_fact(std::string("550.54.15"), "test");
  EXPECT_EQ(item(compared_control(a, b), "driver.kernel_mode.version").state, ItemState::unknown);
  b.stack.facts["driver.kernel_mode.version"] = known_fact(std::string("550.540"), "test");
  EXPECT_EQ(item(compared_control(a, b), "driver.kernel_mode.version").state, ItemState::different);
}

}  // namespace varve
