#include "rules/analysis/driver_regime.h"

#include <gtest/gtest.h>

#include "rules/analysis/made_stack_testing.h"
#include "rules/situation/gpu_class.h"

namespace varve {
namespace {

using test::MadeStack;

RegimeVerdict regime_of(const MadeStack& stack, const std::string& runtime) {
  const Analysis analysis = stack.analysis();
  return judge_regime(analysis, serving_driver(analysis), *dotted_version_from(runtime));
}

struct Pair {
  const char *driver, *level, *runtime, *regime;
};

TEST(DriverRegime, TellsTheThreeRegimesApart) {
  for (const Pair& pair : {Pair{"525.147.05", "12.0", "12.0", "backward"},
                           {"525.147.05", "12.0", "11.8", "backward"},
                           {"525.147.05", "12.0", "12.4", "minor-version"},
                           {"535.261.03", "12.2", "12.2", "backward"},
                           {"535.261.03", "12.2", "12.9", "minor-version"},
                           {"545.29.06", "12.3", "12.3", "backward"},
                           {"550.163.01", "12.4", "12.1", "backward"},
                           {"550.163.01", "12.4", "13.0", "none"},
                           {"470.256.02", "11.4", "11.8", "minor-version"},
                           {"470.256.02", "11.4", "12.1", "none"},
                           {"580.95.05", "13.0", "12.1", "backward"},
                           {"580", "13.0", "13.2", "minor-version"}}) {
    MadeStack stack;
    stack.driver(pair.driver, pair.level);
    const RegimeVerdict verdict = regime_of(stack, pair.runtime);
    EXPECT_EQ(verdict.regime, regime_from(pair.regime))
        << pair.driver << " with " << pair.runtime << ": " << verdict.detail;
    EXPECT_EQ(verdict.state, verdict.regime == Regime::none ? CheckState::broken : CheckState::ok);
    EXPECT_EQ(verdict.error, verdict.regime == Regime::none ? 35 : 0);
  }
}

TEST(DriverRegime, RefusesADriverBelowTheFloorOfTheMajorVersion) {
  MadeStack stack;
  stack.driver("450.51.06", "11.0");
  EXPECT_EQ(regime_of(stack, "11.0").regime, Regime::backward);
  const RegimeVerdict verdict = regime_of(stack, "11.4");
  EXPECT_EQ(verdict.error, 35);
  EXPECT_NE(verdict.detail.find("450.80.02"), std::string::npos) << verdict.detail;
}

TEST(DriverRegime, LeavesTheFloorOfJetPack7Open) {
  MadeStack stack;
  stack.driver("580.00", "13.0");
  EXPECT_EQ(regime_of(stack, "13.0").regime, Regime::backward);
  EXPECT_EQ(regime_of(stack, "13.2").state, CheckState::cannot_tell);
}

TEST(DriverRegime, KnowsNoMinorVersionCompatibilityBeforeCuda11) {
  MadeStack stack;
  stack.driver("418.87.00", "10.1");
  EXPECT_EQ(regime_of(stack, "10.1").state, CheckState::ok);
  EXPECT_EQ(regime_of(stack, "10.2").state, CheckState::broken);
}

TEST(DriverRegime, LeavesTheRegimeOpenWhereOnlyTheMajorVersionIsKnown) {
  MadeStack stack;
  stack.driver("535.261.03", "12.2");
  EXPECT_EQ(regime_of(stack, "12").state, CheckState::ok);
  EXPECT_EQ(regime_of(stack, "12").regime, std::nullopt);
  EXPECT_EQ(regime_of(stack, "11").regime, Regime::backward);
  EXPECT_EQ(regime_of(stack, "13").regime, Regime::none);
}

TEST(DriverRegime, SaysWhyItCannotTell) {
  MadeStack unreadable;
  unreadable.missing("driver.user_mode.version", Missing::denied).missing("driver.api_level", Missing::denied);
  EXPECT_EQ(regime_of(unreadable, "12.4").state, CheckState::cannot_tell);
  EXPECT_NE(regime_of(unreadable, "12.4").detail.find("denied"), std::string::npos);
  MadeStack newer;
  newer.fact("driver.user_mode.version", std::string("900.10")).missing("driver.api_level", Missing::unsupported);
  EXPECT_NE(regime_of(newer, "12.4").detail.find("newer than the data of 2026-11-01"), std::string::npos);
  MadeStack future;
  future.driver("900.10", "20.0");
  EXPECT_EQ(regime_of(future, "12.4").state, CheckState::ok) << "its libcuda said what it offers";
  EXPECT_EQ(regime_of(future, "20.1").state, CheckState::cannot_tell);
}

TEST(DriverRegime, TakesTheApiLevelFromTheBranchWhereTheFileDoesNotSayIt) {
  MadeStack stack;
  stack.fact("driver.user_mode.version", std::string("545.29.06")).missing("driver.api_level", Missing::unreadable);
  EXPECT_EQ(regime_of(stack, "12.3").regime, Regime::backward);
  EXPECT_EQ(regime_of(stack, "12.4").regime, Regime::minor_version);
}

TEST(DriverRegime, CountsStubsAndEmptyFilesAsNoDriver) {
  for (const char* role : {"stub", "empty"}) {
    MadeStack stack;
    stack.driver("550.163.01", "12.4").fact("driver.user_mode.role", std::string(role));
    EXPECT_EQ(serving_driver(stack.analysis()).presence, DriverPresence::missing) << role;
  }
}

TEST(DriverRegime, CountsTheStubThatAnImagePutsFirst) {
  MadeStack machine, image;
  machine.driver("550.54.15", "12.4").gpu("NVIDIA A100-SXM4-80GB", "8.0");
  image.stack().image.emplace();
  image.stack().driver_files = {{.library = "libcuda",
                                 .path = "/usr/local/cuda/lib64/stubs/libcuda.so",
                                 .found_by = "LD_LIBRARY_PATH",
                                 .role = DriverFileRole::stub,
                                 .loaded_first = true,
                                 .build_id = {},
                                 .version = {},
                                 .api_level = {},
                                 .compat_branches = {}}};
  const auto presence = [&] { return analyse(machine.stack(), image.stack(), machine.knowledge()).driver.presence; };
  EXPECT_EQ(presence(), DriverPresence::missing);
  image.stack().driver_files[0].loaded_first = false;  // as libcuda.so, which no runtime opens
  EXPECT_EQ(presence(), DriverPresence::there);
  image.stack().driver_files[0].loaded_first = true;
  image.stack().driver_files[0].found_by = "directory";
  EXPECT_EQ(presence(), DriverPresence::there) << "the driver is mounted before it";
}

struct Forward {
  const char *compat, *level, *kernel, *gpu, *capability;
  ForwardState state;
  int error;
};

TEST(ForwardCompatibility, DependsOnClassBranchAndAge) {
  for (const Forward& row :
       {Forward{"550.54.15", "12.4", "535.104.05", "NVIDIA A100-SXM4-80GB", "8.0", ForwardState::eligible, 0},
        {"550.54.15", "12.4", "535.104.05", "NVIDIA GeForce RTX 4090", "8.9", ForwardState::refused_class, 804},
        {"550.54.15", "12.4", "535.104.05", "NVIDIA RTX A6000", "8.6", ForwardState::untold, 0},
        {"550.54.15", "12.4", "545.29.06", "Tesla T4", "7.5", ForwardState::refused_branch, 803},
        {"535.54.03", "12.2", "550.54.15", "Tesla T4", "7.5", ForwardState::older, 803},
        {"550.54.15", "12.4", "550.54.15", "NVIDIA GeForce RTX 4090", "8.9", ForwardState::not_needed, 0},
        {"570.86.15", "12.8", "535.104.05", "Tesla T4", "7.5", ForwardState::untold, 0},
        {"580.65.06", "13.0", "535.104.05", "NVIDIA H100 80GB HBM3", "9.0", ForwardState::eligible, 0}}) {
    MadeStack stack;
    stack.compat(row.compat, row.level, row.kernel).gpu(row.gpu, row.capability);
    const Analysis analysis = stack.analysis();
    const ServingDriver driver = serving_driver(analysis);
    const ForwardVerdict forward = judge_forward(analysis, driver);
    EXPECT_EQ(forward.state, row.state) << row.compat << " over " << row.kernel << ", " << row.gpu << ": "
                                        << forward.detail;
    EXPECT_EQ(judge_regime(analysis, driver, *dotted_version_from(row.level)).error, row.error);
  }
}

TEST(ForwardCompatibility, GivesTheRegimeItsName) {
  MadeStack stack;
  stack.compat("550.54.15", "12.4", "535.104.05").gpu("NVIDIA A100-SXM4-80GB", "8.0");
  EXPECT_EQ(regime_of(stack, "12.4").regime, Regime::forward);
  EXPECT_EQ(regime_of(stack, "13.0").regime, Regime::none) << "a compat libcuda has a ceiling too";
}

TEST(ForwardCompatibility, OfAnImageCountsWhereItIsFoundFirst) {
  MadeStack machine, image;
  machine.driver("535.104.05", "12.2").gpu("NVIDIA GeForce RTX 3090", "8.6");
  DriverFile file{.library = "libcuda",
                  .path = "/usr/local/cuda/compat/libcuda.so.1",
                  .found_by = "LD_LIBRARY_PATH",
                  .role = DriverFileRole::compat,
                  .loaded_first = true,
                  .build_id = {},
                  .version = known_fact(std::string("550.54.15"), "made"),
                  .api_level = known_fact(std::string("12.4"), "made"),
                  .compat_branches = {}};
  image.stack().driver_files = {file};
  const Analysis analysis = analyse(machine.stack(), image.stack(), machine.knowledge());
  const ServingDriver driver = serving_driver(analysis);
  EXPECT_TRUE(driver.of_subject);
  EXPECT_EQ(judge_forward(analysis, driver).state, ForwardState::refused_class);
  // Older than the machine's driver: LD_LIBRARY_PATH puts it first all the same, the container runtime does not.
  machine.driver("580.95.05", "13.0");
  const Analysis newer = analyse(machine.stack(), image.stack(), machine.knowledge());
  EXPECT_EQ(newer.forward.state, ForwardState::older);
  EXPECT_EQ(judge_regime(newer, newer.driver, *dotted_version_from("12.1")).error, 803);
  image.stack().driver_files[0].found_by = "ld.so.cache";
  const Analysis cached = analyse(machine.stack(), image.stack(), machine.knowledge());
  EXPECT_FALSE(cached.driver.of_subject);
}

TEST(GpuClassOf, GoesByBrandThenByName) {
  const auto class_of = [](const char* model, const char* brand = "") {
    Gpu gpu;
    gpu.model = model;
    gpu.brand = brand;
    return gpu_class(gpu);
  };
  EXPECT_EQ(class_of("whatever", "geforce rtx"), GpuClass::consumer);
  EXPECT_EQ(class_of("NVIDIA H100 PCIe", "nvidia"), GpuClass::data_center);
  EXPECT_EQ(class_of("NVIDIA RTX 6000 Ada Generation", "nvidia rtx"), GpuClass::professional);
  EXPECT_EQ(class_of("rtx 4090"), GpuClass::consumer);
  EXPECT_EQ(class_of("NVIDIA RTX A4000"), GpuClass::professional);
  EXPECT_EQ(class_of("L40S"), GpuClass::data_center);
  EXPECT_EQ(class_of("NVIDIA GB200"), GpuClass::data_center);
  EXPECT_EQ(class_of("Jetson AGX Orin"), GpuClass::embedded);
  EXPECT_EQ(class_of("a GPU of compute capability 9.0"), GpuClass::unknown);
}

}  // namespace
}  // namespace varve
