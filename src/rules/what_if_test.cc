#include "capture/what_if.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rules/analysis/analysis.h"

namespace varve {
namespace {

const Knowledge& knowledge() {
  static const Knowledge tables = load_knowledge().value();
  return tables;
}

// A machine where somebody looked and found no GPU, and one with a driver and a GPU.
Stack bare_machine() {
  Stack machine;
  for (const char* id : {"gpu.count", "gpu.models", "driver.kernel_mode.version", "driver.user_mode.version",
                         "driver.api_level", "driver.device_nodes"}) {
    machine.facts[id] = missing_fact(Missing::not_applicable, "/sys/bus/pci/devices", "no GPU");
  }
  machine.subject = "host";
  return machine;
}

Stack supposed(const WhatIf& what_if) {
  const World world = host_world();
  Result<Stack> machine = suppose(world, bare_machine(), what_if, knowledge());
  EXPECT_TRUE(machine);
  return machine ? std::move(*machine) : Stack{};
}

TEST(WhatIf, TakesTheApiLevelOfADriverFromTheTables) {
  struct Row {
    const char *driver, *api_level, *ptx;
  };
  for (const Row& row : {Row{"525.147.05", "12.0", "8.0"}, Row{"535", "12.2", "8.2"}, Row{"545.29.06", "12.3", "8.3"},
                         Row{"550.163.01", "12.4", "8.4"}}) {
    const Stack machine = supposed({.driver = row.driver, .driver_folder = {}, .gpus = {}});
    EXPECT_EQ(fact_text(machine.facts.at("driver.api_level")), row.api_level) << row.driver;
    EXPECT_EQ(fact_text(machine.facts.at("driver.jit.ptx_isa")), row.ptx) << row.driver;
    EXPECT_EQ(machine.facts.at("driver.user_mode.version").standing, Standing::declared);
  }
}

TEST(WhatIf, TakesADriverAsPeopleWriteIt) {
  const std::pair<const char*, const char*> rows[] = {{"R570", "570"},
                                                      {"570.xx", "570"},
                                                      {"570.x", "570"},
                                                      {"v570.124.06", "570.124.06"},
                                                      {"570.124.06", "570.124.06"},
                                                      {"nvidia-driver-570-server", "570"},
                                                      {"driver 570", "570"},
                                                      {"570.86.10-0ubuntu1", "570.86.10"}};
  for (const auto& [text, version] : rows) {
    const Stack machine = supposed({.driver = text, .driver_folder = {}, .gpus = {}});
    EXPECT_EQ(fact_text(machine.facts.at("driver.kernel_mode.version")), version) << text;
    EXPECT_EQ(fact_text(machine.facts.at("driver.api_level")), "12.8") << text;
  }
  for (const char* text : {"latest", "12.4", "cuda570", "570.abc", "R", "R57"}) {
    EXPECT_FALSE(check_supposition({.driver = text, .driver_folder = {}, .gpus = {}})) << text;
  }
}

TEST(WhatIf, CannotTellTheApiLevelOfADriverNewerThanTheData) {
  const Stack machine = supposed({.driver = "9999.1", .driver_folder = {}, .gpus = {}});
  const Fact& level = machine.facts.at("driver.api_level");
  EXPECT_EQ(level.missing, Missing::unsupported);
  EXPECT_NE(level.detail.find("newer than the data of " + knowledge().date), std::string::npos);
}

TEST(WhatIf, PutsAGpuIntoAMachineWithoutOne) {
  const Stack machine = supposed({.driver = "550", .driver_folder = {}, .gpus = {"L40S", "9.0"}});
  const Analysis analysis = analyse(machine, machine, knowledge());
  ASSERT_EQ(analysis.gpus.size(), 2u);
  EXPECT_EQ(to_string(*analysis.gpus[0].capability), "8.9");
  EXPECT_EQ(to_string(*analysis.gpus[1].capability), "9.0");
  EXPECT_TRUE(analysis.has_gpu);
  ASSERT_EQ(machine.gpus.size(), 2u);
  EXPECT_EQ(machine.gpus[0].model, "L40S");
}

TEST(SituationGpus, AreThoseOfTheStackOrOfItsLists) {
  Stack machine;
  Gpu gpu;
  gpu.listed = true;
  gpu.model = "NVIDIA L40S";
  gpu.brand = "NVIDIA";
  machine.gpus = {gpu, Gpu{}};
  machine.gpus[1].vendor = "1002";  // of another maker, seen on the bus alone
  Stack older;
  older.facts["gpu.models"] = known_fact(std::vector<std::string>{"NVIDIA L40S"}, "test");
  older.facts["gpu.brand"] = known_fact(std::vector<std::string>{"NVIDIA"}, "test");
  for (const Stack& stack : {machine, older}) {
    const Situation situation = look_at_situation(stack, stack, knowledge());
    ASSERT_EQ(situation.gpus.size(), 1u);
    EXPECT_EQ(situation.gpus[0].model, "NVIDIA L40S");
    EXPECT_EQ(situation.gpus[0].brand, "nvidia");
    EXPECT_EQ(situation.gpus[0].capability, (ComputeCapability{8, 9}));
  }
}

TEST(WhatIf, SaysThatNoDriverWasSupposedWithTheGpu) {
  const Stack machine = supposed({.driver = {}, .driver_folder = {}, .gpus = {"H100"}});
  EXPECT_EQ(machine.facts.at("driver.user_mode.version").missing, Missing::not_asked);
}

TEST(WhatIf, FindsNoDriverInAnEmptyFolder) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "varve-empty-driver-folder";
  std::filesystem::create_directories(folder);
  const Stack machine = supposed({.driver = {}, .driver_folder = folder, .gpus = {}});
  EXPECT_EQ(machine.facts.at("driver.user_mode.version").missing, Missing::absent);
  const Analysis analysis = analyse(machine, machine, knowledge());
  EXPECT_FALSE(analysis.has_no_gpu);
  std::filesystem::remove(folder);
}

TEST(WhatIf, RefusesWhatIsNoDriverAndNoGpu) {
  EXPECT_FALSE(check_supposition({.driver = "latest", .driver_folder = {}, .gpus = {}}));
  EXPECT_FALSE(check_supposition({.driver = "12.4", .driver_folder = {}, .gpus = {}}));
  EXPECT_FALSE(check_supposition({.driver = {}, .driver_folder = {}, .gpus = {"Voodoo 5"}}));
  EXPECT_TRUE(check_supposition({.driver = "550.54", .driver_folder = {}, .gpus = {"sm_90"}}));
}

}  // namespace
}  // namespace varve
