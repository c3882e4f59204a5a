#include <gtest/gtest.h>

#include "rules/machine/machine_testing.h"

namespace varve {
namespace {

using test::MachineOfFacts;

// A machine as a text tells of it, and the image that the text names.
MachineOfFacts named(const std::string& gpu, ComputeCapability capability, const std::string& driver,
                     const std::string& level, const std::string& cuda, const std::string& branches = {}) {
  MachineOfFacts machine;
  machine.with("gpu.count", std::int64_t{1})
      .with("driver.kernel_mode.version", driver)
      .with("driver.user_mode.version", driver)
      .with("driver.api_level", level)
      .with("container.image.name", "nvcr.io/nvidia/pytorch:99.99-py3")
      .with("container.image.cuda", cuda);
  if (!branches.empty()) machine.with("container.image.branches", branches);
  Gpu card;
  card.model = gpu;
  card.capability = capability;
  machine.stack.gpus.push_back(card);
  machine.stack.subject = "text issue.md";
  return machine;
}

bool driver_fires(const MachineOfFacts& machine) { return machine.fires("VRV-CONTAINER-IMAGE-DRIVER"); }

TEST(ContainerImageRules, AGeforceGetsNoForwardCompatibility) {
  const std::string card = "NVIDIA GeForce RTX 4090";
  EXPECT_TRUE(driver_fires(named(card, {8, 9}, "535.183.01", "12.2", "13.0")));
  EXPECT_TRUE(driver_fires(named(card, {8, 9}, "515.65.01", "11.7", "12.4", "470, 525, 535, 545")));
  EXPECT_FALSE(driver_fires(named(card, {8, 9}, "535.183.01", "12.2", "12.8"))) << "minor-version compatibility";
  EXPECT_FALSE(driver_fires(named(card, {8, 9}, "580.95.05", "13.0", "13.0")));
  EXPECT_FALSE(driver_fires(named(card, {8, 9}, "580.95.05", "13.0", "12.4"))) << "backward";
  EXPECT_TRUE(driver_fires(named(card, {8, 9}, "515.65.01", "11.7", "12"))) << "a tag with a major version alone";
  EXPECT_TRUE(driver_fires(named(card, {8, 9}, "535.183.01", "12.2", "13.4"))) << "whose driver is not in the table";
}

TEST(ContainerImageRules, ADataCentreGpuMayUseCompat) {
  const std::string card = "NVIDIA A100-SXM4-40GB";
  EXPECT_FALSE(driver_fires(named(card, {8, 0}, "470.256.02", "11.4", "12.4", "470, 525, 535, 545")));
  EXPECT_FALSE(driver_fires(named(card, {8, 0}, "510.47.03", "11.6", "12.1", "450, 470, 510"))) << "by its notes";
  EXPECT_TRUE(driver_fires(named(card, {8, 0}, "450.248.02", "11.0", "12.4", "470, 525, 535, 545")));
  EXPECT_FALSE(driver_fires(named(card, {8, 0}, "450.248.02", "11.0", "12.4"))) << "its notes are not known";
}

TEST(ContainerImageRules, WhatIsNotKnownIsNotToldOf) {
  EXPECT_FALSE(driver_fires(named("NVIDIA RTX A6000", {8, 6}, "535.183.01", "12.2", "13.0"))) << "some may";
  MachineOfFacts machine = named("NVIDIA GeForce RTX 4090", {8, 9}, "535.183.01", "12.2", "13.0");
  machine.stack.gpus.clear();
  EXPECT_FALSE(driver_fires(machine)) << "no GPU is told of";
  machine = named("NVIDIA GeForce RTX 4090", {8, 9}, "535.183.01", "12.2", "13.0");
  machine.without("container.image.cuda", Missing::not_asked);
  EXPECT_FALSE(driver_fires(machine));
}

TEST(ContainerImageRules, CodeForTheGpuComesWithReleasesOfCuda) {
  const char* rule = "VRV-CONTAINER-IMAGE-GPU";
  EXPECT_EQ(named("NVIDIA GeForce RTX 5090", {12, 0}, "570.133.07", "12.8", "12.6").severity(rule), "warning");
  EXPECT_EQ(named("NVIDIA GeForce RTX 5090", {12, 0}, "570.133.07", "12.8", "12.8").severity(rule), "");
  EXPECT_EQ(named("NVIDIA GeForce GTX 1080 Ti", {6, 1}, "580.95.05", "13.0", "13.0").severity(rule), "error");
  EXPECT_EQ(named("Tesla V100-SXM2-16GB", {7, 0}, "580.95.05", "13.0", "12.9").severity(rule), "");
  EXPECT_EQ(named("NVIDIA GeForce RTX 4090", {8, 9}, "535.183.01", "12.2", "11.7").severity(rule), "")
      << "code for 8.6 runs";
  EXPECT_EQ(named("NVIDIA GB10", {12, 1}, "580.95.05", "13.0", "12.8").severity(rule), "") << "code for 12.0 runs";
}

}  // namespace
}  // namespace varve
