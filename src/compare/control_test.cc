#include "compare/control.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compare/compare_runs.h"
#include "compare/matching/library_name.h"
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

// Units too short for a sample are looked at in the first round only: the others say nothing about a library.
TEST(Control, UnitsThatNobodyLookedAtAreNoReasonForAGap) {
  varve::Run run = quiet_run();
  for (Unit& each : run.units) {
    each.libraries.push_back(library("/lib/libnss_files.so.2", each.variant == "A" ? "f11e" : "f11f"));
    if (each.index > 1) each.libraries.clear();
  }
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(item(comparison, "library.libnss_files.so.2").state, ItemState::different);
  EXPECT_EQ(item(comparison, "library.libnss_files.so.2").a, "libnss_files.so.2 (build id f11e)");
}

TEST(Control, WhatDiffersInsideTwoCommandsIsNotRecorded) {
  varve::Run run = quiet_run();
  run.variants[1].command = {"./other", "--threads", "4"};
  run.variants[1].program = "~/other";
  run.variants[1].program_digest = std::string(64, 'b');
  const Comparison comparison = compared_control(run);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"command"});
  EXPECT_EQ(item(comparison, "program").state, ItemState::follows);
  EXPECT_EQ(item(comparison, "command").unrecorded, "what differs inside it is not recorded");
  EXPECT_EQ(comparison.control, Control::confounded);
  EXPECT_EQ(exit_status(comparison), ExitStatus::inconclusive);
  EXPECT_NE(comparison.verdict.find("but confounded: command differs, and what differs inside it is not recorded"),
            std::string::npos)
      << comparison.verdict;
  EXPECT_TRUE(explains(comparison, "--against-env"));
  EXPECT_TRUE(
      comparison.quote.ends_with("Of what differs (command), what differs inside it is not recorded: the "
                                 "change is not put down to any part of it."))
      << comparison.quote;

  // Naming it does not record it.
  EXPECT_EQ(compared_control(run, {.margin = {}, .variable = {"command"}, .metric = {}, .created_at = {}}).control,
            Control::confounded);
}

TEST(Control, ProgramsOfOneNameAreToldByTheirPaths) {
  varve::Run run = quiet_run();
  run.variants[0].command = {"old/example"};
  run.variants[1].command = {"new/example"};
  EXPECT_EQ(compared_control(run).change, "old/example → new/example");
  run.variants[1].command = {"new/other"};
  EXPECT_EQ(compared_control(run).change, "example → other");
}

TEST(Control, OneArgumentIsAllThatDiffersBetweenTwoCommands) {
  varve::Run run = quiet_run();
  const std::vector<std::string> command = run.variants[0].command;
  const auto control_with = [&](const std::vector<std::string>& more) {
    run.variants[1].command = command;
    run.variants[1].command.insert(run.variants[1].command.end(), more.begin(), more.end());
    return compared_control(run).control;
  };
  EXPECT_EQ(control_with({"--compile"}), Control::controlled);
  EXPECT_EQ(control_with({"-d", "2000"}), Control::controlled);
  EXPECT_EQ(control_with({"--size", "2", "--depth", "3"}), Control::confounded) << "two arguments are two things";
  EXPECT_EQ(control_with({"--model", "models/large"}), Control::confounded) << "what is in it is not recorded";
  run.variants[1].command = command;
  run.variants[1].command.back() = "200";
  EXPECT_EQ(compared_control(run).control, Control::controlled);
  EXPECT_EQ(compared_control(run).variable, std::vector<std::string>{"command"});
  run.variants[1].program_digest.clear();
  EXPECT_EQ(compared_control(run).control, Control::confounded) << "whether it is one program is not known";
}

TEST(Control, AnArgumentOfAScriptIsRecordedWhereTheScriptIs) {
  varve::Run run = quiet_run();
  for (Variant& each : run.variants) {
    each.program = "/usr/bin/python3.11";
    each.command = {"python3", "train.py", each.name == "A" ? "--eager" : "--compile"};
    each.files = {{.argument = 1, .path = "train.py", .digest = std::string(64, 'c'), .missing = {}}};
  }
  EXPECT_EQ(compared_control(run).control, Control::controlled);
  for (Variant& each : run.variants) each.files.clear();
  EXPECT_EQ(compared_control(run).control, Control::confounded) << "python3 -c CODE";
}

namespace {
// Two programs of machine code in one folder, called in the same way.
varve::Run two_programs() {
  varve::Run run = quiet_run();
  run.variants[1].command[0] = run.variants[1].program = "./example-new";
  run.variants[1].program_digest = std::string(64, 'b');
  for (Unit& each : run.units) {
    const std::string& program = run.variants[each.variant == "A" ? 0 : 1].program;
    each.libraries.push_back(library("~/bench" + program.substr(1), "pr0"));
  }
  return run;
}
}  // namespace

TEST(Control, AnotherProgramInTheSameFolderIsOneRecordedItem) {
  const Comparison comparison = compared_control(two_programs());
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"program"});
  EXPECT_EQ(item(comparison, "command").state, ItemState::follows);
  EXPECT_EQ(comparison.control, Control::controlled);
}

TEST(Control, AnotherProgramIsNoRecordedItemWhereItRunsOtherCode) {
  varve::Run scripts = two_programs();
  for (Unit& each : scripts.units) each.libraries.pop_back();  // what is mapped is the interpreter
  EXPECT_EQ(compared_control(scripts).control, Control::confounded);

  varve::Run same_content = two_programs();
  same_content.variants[1].program_digest = same_content.variants[0].program_digest;
  EXPECT_EQ(compared_control(same_content).control, Control::confounded);

  varve::Run other_folder = two_programs();
  other_folder.variants[1].program = "new/example-new";
  EXPECT_EQ(compared_control(other_folder).control, Control::confounded);

  varve::Run interpreters = two_programs();
  for (std::size_t side = 0; side < 2; ++side) {
    Variant& variant = interpreters.variants[side];
    variant.program = variant.command[0] = side == 0 ? "/usr/bin/python3.11" : "/usr/bin/python3.12";
    for (Unit& each : interpreters.units) {
      if (each.variant == variant.name) each.libraries.push_back(library(variant.program, "py7h0n"));
    }
  }
  EXPECT_EQ(compared_control(interpreters).control, Control::confounded);
}

TEST(Control, AnotherFileInTheSameFolderIsOneRecordedItem) {
  varve::Run run = quiet_run();
  for (std::size_t side = 0; side < 2; ++side) {
    Variant& variant = run.variants[side];
    const std::string name = side == 0 ? "old.py" : "new.py";
    variant.command.push_back(name);
    variant.files = {{.argument = 3, .path = name, .digest = std::string(64, side == 0 ? 'c' : 'd'), .missing = {}}};
  }
  EXPECT_EQ(compared_control(run).control, Control::controlled);
  EXPECT_EQ(compared_control(run).variable, std::vector<std::string>{"file.old.py"});
  // In another folder something beside it may differ too, and the same content is no difference at all.
  run.variants[1].files[0].path = run.variants[1].command.back() = "new/old.py";
  EXPECT_EQ(compared_control(run).control, Control::confounded);
  run.variants[1].files[0] = run.variants[0].files[0];
  EXPECT_EQ(compared_control(run).control, Control::confounded);
}

TEST(Control, AScriptEditedBetweenTwoDocumentsDiffers) {
  varve::Run a = quiet_run(), b = quiet_run();
  for (varve::Run* run : {&a, &b}) {
    run->variants[0].command.push_back("train.py");
    run->variants[0].files = {{.argument = 3, .path = "train.py", .digest = std::string(64, 'c'), .missing = {}}};
  }
  EXPECT_EQ(item(compared_control(a, b), "file.train.py").state, ItemState::same);
  b.variants[0].files[0].digest = std::string(64, 'd');
  const Comparison comparison = compared_control(a, b);
  EXPECT_EQ(item(comparison, "file.train.py").state, ItemState::different);
  EXPECT_NE(comparison.verdict.find("only file train.py differs"), std::string::npos) << comparison.verdict;
  b.variants[0].files[0].digest.clear();
  b.variants[0].files[0].missing = "not hashed, larger than 256 MiB";
  EXPECT_EQ(item(compared_control(a, b), "file.train.py").state, ItemState::unknown);
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
  varve::Run a = quiet_run(), b = quiet_run();
  b.created_at = "2026-11-30T00:00:00Z";
  for (varve::Run* run : {&a, &b}) {
    run->stack.facts["cpu.frequency.boost"] = missing_fact(Missing::denied, "test", "permission denied");
  }
  const Comparison comparison = compared_control(a, b);
  EXPECT_EQ(item(comparison, "cpu.model").state, ItemState::same);
  EXPECT_EQ(item(comparison, "cpu.frequency.governor").state, ItemState::same) << "there is none on either side";
  EXPECT_EQ(item(comparison, "cpu.frequency.boost").state, ItemState::unknown) << "unknown never counts as same";
  EXPECT_EQ(item(comparison, "driver.kernel_mode.version").state, ItemState::not_applicable);
  EXPECT_EQ(comparison.control, Control::controlled_with_gaps);
}

TEST(Control, TwoDocumentsThatDifferByOneThing) {
  const varve::Run a = quiet_run();
  varve::Run b = quiet_run();
  for (Unit& each : b.units) each.libraries[1] = library("/lib/libopenblas-r0.3.29.so", "b1a6");
  const Comparison comparison = compared_control(a, b);
  EXPECT_EQ(comparison.variable, std::vector<std::string>{"library.libopenblas"});
  EXPECT_EQ(comparison.control, Control::controlled);
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

TEST(Control, ABuildIdOnOneSideOnlyIsADifference) {
  const varve::Run a = quiet_run();
  varve::Run b = quiet_run();
  for (Unit& each : b.units) each.libraries[1] = library("/lib/libopenblas.so.0", "");
  EXPECT_EQ(item(compared_control(a, b), "library.libopenblas.so.0").state, ItemState::different);
  EXPECT_EQ(item(compared_control(b, a), "library.libopenblas.so.0").state, ItemState::different);
}

TEST(Control, CompilersAndGeneratedCodeAreNoItems) {
  varve::Run run = quiet_run();
  for (const char* path : {"/usr/libexec/gcc/x86_64-linux-gnu/12/cc1plus", "/usr/lib/x86_64-linux-gnu/libmpfr.so.6",
                           "/tmp/torchinductor_me/ab/cab.so", "/usr/sbin/ldconfig"}) {
    give_b_library(run, library(path, "c0"));
  }
  EXPECT_EQ(compared_control(run).control, Control::controlled);
  varve::Run alone = quiet_run();
  give_b_library(alone, library("/usr/lib/x86_64-linux-gnu/libmpfr.so.6", "c0"));
  EXPECT_EQ(compared_control(alone).control, Control::confounded) << "no compiler brought it";
}

TEST(Control, TheHalvesOfADriverAreOneBundle) {
  varve::Run a = quiet_run(), b = quiet_run();
  const auto set_driver = [](varve::Run& run, const char* version, const char* level) {
    run.stack.facts["driver.kernel_mode.version"] = known_fact(std::string(version), "test");
    run.stack.facts["driver.user_mode.version"] = known_fact(std::string(version), "test");
    run.stack.facts["driver.api_level"] = known_fact(std::string(level), "test");
  };
  set_driver(a, "550.54.15", "12.4");
  set_driver(b, "570.86.15", "12.8");
  const Comparison comparison = compared_control(a, b);
  EXPECT_EQ(comparison.control, Control::controlled);
  EXPECT_EQ(item(comparison, "driver.user_mode.version").state, ItemState::follows);
  ASSERT_EQ(comparison.bundles.size(), 1u);
  EXPECT_EQ(comparison.bundles[0].members.size(), 3u);
  // Forward compatibility: another user driver on the same kernel driver stands alone.
  b.stack.facts["driver.kernel_mode.version"] = a.stack.facts["driver.kernel_mode.version"];
  b.stack.facts["driver.api_level"] = a.stack.facts["driver.api_level"];
  EXPECT_EQ(item(compared_control(a, b), "driver.user_mode.version").state, ItemState::different);
  EXPECT_TRUE(compared_control(a, b).bundles.empty());
}

TEST(Control, OnAnotherMachineWithTheSameCodeTheCodeIsNotTheCause) {
  const varve::Run a = quiet_run();
  varve::Run b = quiet_run();
  b.stack.facts["cpu.model"] = known_fact(std::string("Example CPU 9000"), "test");
  EXPECT_TRUE(explains(compared_control(a, b), "the code cannot be the cause"));
  for (Unit& each : b.units) each.libraries[1] = library("/lib/libopenblas.so.0", "other");
  EXPECT_FALSE(explains(compared_control(a, b), "the code cannot be the cause"));
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
