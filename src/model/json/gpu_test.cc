#include "model/gpu.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/json/documents.h"
#include "model/stack.h"

namespace varve {
namespace {
Gpu full_gpu() {
  Gpu gpu;
  gpu.address = "0000:17:00.0";
  gpu.vendor = "10de";
  gpu.device = "2330";
  gpu.bound_driver = "nvidia";
  gpu.windows = "BAR0 16.0 MiB, BAR1 not assigned";
  gpu.iommu = "DMA-FQ";
  gpu.listed = true;
  gpu.excluded = true;
  gpu.model = "NVIDIA H100 80GB HBM3";
  gpu.brand = "Tesla";
  gpu.architecture = "Hopper";
  gpu.vbios = "96.00.61.00.01";
  gpu.gsp_firmware = "550.54.15";
  gpu.uuid = "GPU-sha256:0123456789ab";
  gpu.numa = "node 0, 1";
  gpu.capability = ComputeCapability{9, 0};
  gpu.memory_mib = 81559;
  gpu.power_limit_watts = 700;
  gpu.power_limit_default_watts = 312.5;
  gpu.clock_sm_max_mhz = 1980;
  gpu.clock_memory_max_mhz = 2619;
  gpu.application_clocks = GpuClocks{1095, 2619};
  gpu.pcie = PcieLink{1, 8};
  gpu.pcie_max = PcieLink{5, 16};
  gpu.nvlink = NvLinks{4, 18};
  gpu.ecc = GpuMode{true, false};
  gpu.mig = GpuMode{false, false};
  gpu.persistence = true;
  gpu.driver_model = "TCC";
  gpu.compute_mode = ComputeMode::exclusive_process;
  return gpu;
}

const char* const kListFacts[] = {"gpu.models",
                                  "gpu.brand",
                                  "gpu.architecture",
                                  "gpu.compute_capabilities",
                                  "gpu.memory",
                                  "gpu.vbios",
                                  "gpu.gsp_firmware",
                                  "gpu.ecc",
                                  "gpu.mig",
                                  "gpu.persistence",
                                  "gpu.compute_mode",
                                  "gpu.power_limit",
                                  "gpu.power_limit_default",
                                  "gpu.clock_sm_max",
                                  "gpu.clock_memory_max",
                                  "gpu.application_clocks",
                                  "gpu.pcie",
                                  "gpu.pcie_max",
                                  "gpu.nvlink",
                                  "gpu.numa",
                                  "gpu.uuid",
                                  "gpu.bus",
                                  "gpu.bars",
                                  "gpu.iommu"};

std::map<std::string, Fact> facts_of(const std::vector<Gpu>& gpus) {
  std::map<std::string, Fact> facts;
  for (const char* id : kListFacts) {
    std::vector<std::string> texts;
    for (const Gpu& gpu : gpus) texts.push_back(find_gpu_field(id)->text(gpu));
    facts[id] = known_fact(texts, "test");
  }
  return facts;
}

std::string text_of(const Gpu& gpu, const char* fact) { return find_gpu_field(fact)->text(gpu); }

TEST(GpuFields, ShowsWhatPeopleKnowFromNvidiaSmi) {
  const Gpu gpu = full_gpu();
  EXPECT_EQ(text_of(gpu, "gpu.models"), "NVIDIA H100 80GB HBM3 (excluded)");
  EXPECT_EQ(text_of(gpu, "gpu.power_limit"), "700 W");
  EXPECT_EQ(text_of(gpu, "gpu.power_limit_default"), "312.5 W");
  EXPECT_EQ(text_of(gpu, "gpu.memory"), "81559 MiB");
  EXPECT_EQ(text_of(gpu, "gpu.application_clocks"), "SM 1095 MHz, memory 2619 MHz");
  EXPECT_EQ(text_of(gpu, "gpu.pcie_max"), "gen 5 x16");
  EXPECT_EQ(text_of(gpu, "gpu.nvlink"), "4 of 18 links active");
  EXPECT_EQ(text_of(gpu, "gpu.ecc"), "enabled (disabled after a reset)");
  EXPECT_EQ(text_of(gpu, "gpu.mig"), "disabled");
  EXPECT_EQ(text_of(gpu, "gpu.bus"), "0000:17:00.0 10de:2330 (nvidia)");
  EXPECT_EQ(text_of(gpu, "gpu.bars"), "0000:17:00.0: BAR0 16.0 MiB, BAR1 not assigned");
}

TEST(GpuFields, NamesAGpuThatNoDriverListsByItsIds) {
  Gpu gpu;
  gpu.vendor = "10de";
  gpu.device = "2684";
  EXPECT_EQ(text_of(gpu, "gpu.models"), "PCI 10de:2684 (no driver)");
  gpu.bound_driver = "vfio-pci";
  EXPECT_EQ(text_of(gpu, "gpu.models"), "PCI 10de:2684 (vfio-pci)");
  gpu.listed = true;
  EXPECT_EQ(text_of(gpu, "gpu.models"), "not stated");
}

TEST(GpusWithFacts, ReadsBackEverythingThatTheListsSay) {
  Gpu second = full_gpu();
  second.address = "0000:65:00.0";
  second.model = "NVIDIA L4";
  second.excluded = false;
  second.power_limit_watts = 72;
  std::vector<Gpu> gpus = {full_gpu(), second};
  for (Gpu& gpu : gpus) gpu.driver_model.clear();  // in no list
  EXPECT_EQ(gpus_with_facts({}, facts_of(gpus)), gpus);
}

TEST(GpusWithFacts, LeavesAloneWhatTheGpusSayThemselves) {
  Gpu known = full_gpu();
  known.capability.reset();
  std::map<std::string, Fact> facts = facts_of({full_gpu()});
  facts["gpu.power_limit"] = known_fact(std::vector<std::string>{"1 W"}, "test");
  const std::vector<Gpu> gpus = gpus_with_facts({known}, facts);
  ASSERT_EQ(gpus.size(), 1u);
  EXPECT_EQ(gpus[0], full_gpu()) << "only the missing capability is taken from the list";
}

TEST(GpusWithFacts, KeepsAGpuOfTheBusApartThatNoDriverLists) {
  const std::vector<Gpu> gpus = gpus_with_facts(
      {}, {{"gpu.models", known_fact(std::vector<std::string>{"NVIDIA RTX A6000"}, "test")},
           {"gpu.bus",
            known_fact(std::vector<std::string>{"0000:01:00.0 10de:2230 (nvidia)", "0000:21:00.0 10de:2230 (vfio-pci)"},
                       "test")}});
  ASSERT_EQ(counted_gpus(gpus).size(), 1u);
  EXPECT_EQ(counted_gpus(gpus)[0].model, "NVIDIA RTX A6000");
  EXPECT_EQ(std::count_if(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.bound_driver == "vfio-pci"; }), 1);
}

TEST(GpusWithFacts, CountsAGpuThatOnlyOneListKnows) {
  const std::vector<Gpu> gpus =
      gpus_with_facts({}, {{"gpu.models", known_fact(std::vector<std::string>{"NVIDIA L40S"}, "test")},
                           {"gpu.compute_capabilities", known_fact(std::vector<std::string>{"8.9", "9.0"}, "test")}});
  ASSERT_EQ(counted_gpus(gpus).size(), 2u);
  EXPECT_EQ(counted_gpus(gpus)[1].capability, (ComputeCapability{9, 0}));
}

TEST(GpusWithFacts, LeavesAloneTextThatIsNoneOfAFact) {
  for (const char* id : kListFacts) {
    const GpuField& field = *find_gpu_field(id);
    for (const char* text : {"", "?", "not available", "(((", "x", "gen ", "of", "10de:", "SM MHz"}) {
      Gpu gpu;
      field.read(text, gpu);
      (void)field.text(gpu);
    }
  }
  Gpu gpu;
  find_gpu_field("gpu.power_limit")->read("not available", gpu);
  find_gpu_field("gpu.pcie")->read("not available", gpu);
  find_gpu_field("gpu.mig")->read("not available", gpu);
  find_gpu_field("gpu.compute_mode")->read("number 9", gpu);
  EXPECT_EQ(gpu, Gpu{});
}

TEST(GpuAt, KnowsAPlaceInEitherSpelling) {
  EXPECT_EQ(pci_address("00000000:17:00.0"), "0000:17:00.0");
  EXPECT_EQ(pci_address("0000:3B:00.0"), "0000:3b:00.0");
  EXPECT_EQ(pci_address("10000:E1:00.0"), "10000:e1:00.0");
  std::vector<Gpu> gpus;
  gpus.emplace_back().model = "one whose place nobody knows";
  gpu_at(gpus, "0000:65:00.0").model = "second";
  gpu_at(gpus, "0000:17:00.0").model = "first";
  gpu_at(gpus, "00000000:65:00.0").brand = "the same again";
  ASSERT_EQ(gpus.size(), 3u);
  EXPECT_EQ(gpus[0].model, "first");
  EXPECT_EQ(gpus[1].model, "second");
  EXPECT_EQ(gpus[1].brand, "the same again");
}

TEST(StackDocument, KeepsItsGpus) {
  Stack stack;
  stack.gpus = {full_gpu(), Gpu{}};
  stack.captured_at = "2026-11-20T12:00:00Z";
  stack.tool_version = "0.1.0";
  const Result<Document> read = document_from_json(canonical_json(to_json(stack)), "test");
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(std::get<Stack>(*read).gpus, stack.gpus);
}
}  // namespace
}  // namespace varve
