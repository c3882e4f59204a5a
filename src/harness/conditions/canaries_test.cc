#include "harness/conditions/canaries.h"

#include <gtest/gtest.h>

#include "harness/run_findings.h"
#include "harness/run_units_testing.h"

namespace varve {
namespace {

// Answers for GPUs as it is told, and keeps what it was asked.
struct CanaryMachine {
  GpuProducts take(const GpuProductsRequest& request) {
    asked.push_back(request);
    return answer;
  }
  std::vector<GpuProductsRequest> asked;
  GpuProducts answer = {.gpus = {{"0000:17:00.0", 0.0003}}, .wrong = {}, .refused = {}, .seconds = 0.1};
};

struct CanaryBench {
  CanaryMachine executor;
  varve::Run run;
  std::vector<std::string> said;

  // A unit that took so much of a GPU's memory.
  void unit(std::uint64_t mebibytes, std::uint64_t before = 1) {
    Unit& added = run.units.emplace_back();
    added.conditions.gpus = {{.pci_address = "00000000:17:00.0",
                              .memory_before_bytes = before << 20,
                              .memory_peak_bytes = (before + mebibytes) << 20}};
  }
  Canaries canaries() {
    return Canaries(run, {.machine = [] { return Canary{.cpu_seconds = 0.005, .memory_seconds = 0.01, .gpus = {}}; },
                          .gpus = [this](const GpuProductsRequest& request) { return executor.take(request); },
                          .say = [this](const std::string& line) { said.push_back(line); }});
  }
};

TEST(Canaries, LeaveGpusAloneThatNoUnitUses) {
  CanaryBench bench;
  bench.unit(3);
  Canaries canaries = bench.canaries();
  canaries.take(0);
  EXPECT_EQ(bench.run.canaries.size(), 1u);
  EXPECT_TRUE(bench.executor.asked.empty());
  EXPECT_TRUE(bench.run.canaries[0].gpus.empty());
  EXPECT_TRUE(bench.said.empty());
}

TEST(Canaries, AreOfTheGpusThatUnitsUsed) {
  CanaryBench bench;
  bench.unit(500);
  Canaries canaries = bench.canaries();
  canaries.add_side({{"CUDA_VISIBLE_DEVICES", "0"}, {"HOME", "/home/me"}}, false);
  canaries.add_side({{"CUDA_VISIBLE_DEVICES", "1"}}, false);
  canaries.add_side({{"CUDA_VISIBLE_DEVICES", "1"}}, false);
  canaries.take(0);
  ASSERT_EQ(bench.executor.asked.size(), 1u);
  EXPECT_EQ(bench.executor.asked[0].gpus, std::vector<std::string>{"0000:17:00.0"});
  ASSERT_EQ(bench.executor.asked[0].views.size(), 2u);
  EXPECT_EQ(bench.executor.asked[0].views[1],
            (std::vector<std::string>{"CUDA_VISIBLE_DEVICES=1", "CUDA_DEVICE_ORDER", "CUDA_MPS_PIPE_DIRECTORY"}));
  ASSERT_EQ(bench.run.canaries[0].gpus.size(), 1u);
  EXPECT_EQ(bench.run.canaries[0].gpus[0].seconds, 0.0003);
}

TEST(Canaries, OfAServersGpuAreTakenToo) {
  CanaryBench bench;
  bench.unit(0, 70'000);
  Canaries canaries = bench.canaries();
  canaries.take(0);
  EXPECT_TRUE(bench.executor.asked.empty()) << "another program's memory";
  canaries.add_side({}, true);
  canaries.take(10);
  EXPECT_EQ(bench.executor.asked.size(), 1u);
}

TEST(Canaries, CostAFiftiethOfTheTime) {
  CanaryBench bench;
  bench.unit(500);
  bench.executor.answer.seconds = 0.4;  // again after 20 s
  Canaries canaries = bench.canaries();
  for (int i = 0; i < 50; ++i) canaries.take(i);
  EXPECT_EQ(bench.run.canaries.size(), 17u) << "every 3 s";
  EXPECT_EQ(bench.executor.asked.size(), 3u) << "at 0, 21 and 42 s";
  canaries.take(49);
  EXPECT_EQ(bench.run.canaries.size(), 17u);
  canaries.take(62);
  EXPECT_EQ(bench.executor.asked.size(), 4u);
}

TEST(Canaries, SayOnceWhyThereIsNone) {
  CanaryBench bench;
  bench.unit(500);
  bench.executor.answer = {
      .gpus = {}, .wrong = {}, .refused = {"GPU 0000:17:00.0: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY"}, .seconds = 0};
  Canaries canaries = bench.canaries();
  for (int i = 0; i < 4; ++i) canaries.take(100 * i);
  EXPECT_EQ(bench.executor.asked.size(), 1u);
  EXPECT_EQ(bench.said,
            std::vector<std::string>{"no GPU canary: GPU 0000:17:00.0: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY"});
  EXPECT_EQ(ids(bench.run), "VRV-RUN-NO-GPU-CANARY");
  EXPECT_EQ(bench.run.findings[0].severity, Severity::note);

  CanaryBench driver;
  driver.unit(500);
  driver.executor.answer = {
      .gpus = {}, .wrong = {}, .refused = {"cuInit: it did not answer within 20 s"}, .seconds = 0};
  Canaries of_driver = driver.canaries();
  for (int i = 0; i < 4; ++i) of_driver.take(100 * i);
  EXPECT_EQ(driver.executor.asked.size(), 1u);
  EXPECT_EQ(driver.said.size(), 1u);
}

TEST(Canaries, AWrongProductIsAFaultOfItsOwn) {
  CanaryBench bench;
  bench.unit(500);
  bench.executor.answer.wrong = {"GPU 0000:17:00.0: row 3 of 1024 is wrong"};
  Canaries canaries = bench.canaries();
  for (int i = 0; i < 4; ++i) canaries.take(100 * i);
  EXPECT_EQ(bench.executor.asked.size(), 4u);
  EXPECT_EQ(ids(bench.run), "VRV-RUN-GPU-WRONG");
  EXPECT_EQ(bench.run.findings[0].severity, Severity::error);
  EXPECT_NE(bench.run.findings[0].evidence.find("row 3 of 1024"), std::string::npos);
}

// The same rule as of the CPUs and the memory: more than 5 % between the fastest and the slowest.
TEST(Canaries, OfAGpuThatWandersAreAFinding) {
  for (const bool wanders : {false, true}) {
    varve::Run run;
    for (int i = 0; i < 5; ++i) {
      Canary canary{.cpu_seconds = 0.005, .memory_seconds = 0.01, .gpus = {}};
      canary.gpus = {{"0000:17:00.0", 0.0003}, {"0000:65:00.0", wanders && i == 3 ? 0.00033 : 0.0003}};
      run.canaries.push_back(canary);
    }
    add_closing_findings(run);
    ASSERT_EQ(ids(run), wanders ? "VRV-RUN-CANARY" : "");
    if (!wanders) continue;
    EXPECT_EQ(run.findings[0].evidence,
              "between units, 5 times, the same matrix product on GPU 0000:65:00.0 took 300 µs to 330 µs");
  }
}

}  // namespace
}  // namespace varve
