#include "kernels/cpu_sampler.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <thread>

#include "binary/test_files.h"
#include "kernels/test_child.h"

namespace varve {
namespace {

class Sampling : public ::testing::Test {
 protected:
  void SetUp() override {
    test::write_file(folder_ / "busy.c", test::kBusyProgram);
    if (!test::compile(folder_ / "busy.c", folder_ / "busy", "-O1 -pthread")) GTEST_SKIP() << "no gcc here";
    sampler_ = CpuSampler::open(499);
    if (!sampler_->unavailable().empty()) GTEST_SKIP() << sampler_->unavailable();
  }

  // Samples times period against what the kernel billed: every thread ends in the middle of a period on every CPU.
  void expect_accounted(const std::vector<std::string>& arguments, double threads) {
    std::vector<std::string> command = {folder_ / "busy"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    test::Child child = test::run_child(*sampler_, command);
    ASSERT_TRUE(child.ok);
    CpuEvidence evidence = sampler_->take();
    double billed = evidence.scope == "user" ? child.user_seconds : child.cpu_seconds;
    const double period = static_cast<double>(evidence.period_ns) * 1e-9;
    double sampled = static_cast<double>(evidence.samples.size()) * period;
    double cut = threads * period * static_cast<double>(std::thread::hardware_concurrency());
    EXPECT_NEAR(sampled, billed, 0.03 * billed + cut);
    EXPECT_EQ(evidence.lost, 0u);
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<CpuSampler> sampler_;
};

TEST_F(Sampling, SumsToTheCpuTimeOfAThread) { expect_accounted({"2", "1", "0"}, 2); }
TEST_F(Sampling, SumsToTheCpuTimeOfThreads) { expect_accounted({"0.6", "3", "0"}, 4); }
TEST_F(Sampling, SumsToTheCpuTimeOfGrandchildren) { expect_accounted({"0.6", "1", "2"}, 4); }

TEST_F(Sampling, TellsProcessesThreadsAndMappings) {
  ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "busy", "0.2", "2", "1"}).ok);
  CpuEvidence evidence = sampler_->take();
  std::vector<std::uint32_t> threads, processes;
  for (const CpuSample& sample : evidence.samples) {
    threads.push_back(sample.thread);
    processes.push_back(sample.process);
  }
  auto count = [](std::vector<std::uint32_t>& list) {
    std::sort(list.begin(), list.end());
    return std::unique(list.begin(), list.end()) - list.begin();
  };
  EXPECT_GE(count(threads), 3);
  EXPECT_EQ(count(processes), 2);
  EXPECT_EQ(evidence.forks.size(), 1u);
  EXPECT_EQ(evidence.execs.size(), 1u);
  EXPECT_TRUE(std::any_of(evidence.mappings.begin(), evidence.mappings.end(),
                          [&](const ExecutableMapping& mapping) { return mapping.path == folder_ / "busy"; }));
  EXPECT_TRUE(std::is_sorted(evidence.samples.begin(), evidence.samples.end(),
                             [](const CpuSample& a, const CpuSample& b) { return a.time_ns < b.time_ns; }));
  EXPECT_TRUE(sampler_->take().samples.empty());
}

// On one CPU parent and child follow each other directly, which is where the kernel swaps event contexts: without the
// guard event every child but the first goes unseen.
TEST_F(Sampling, SeesEveryChildOneAfterTheOther) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  int seen = 0;
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(test::run_child(*sampler_, {"/bin/true"}).ok);
    CpuEvidence evidence = sampler_->take();
    seen += evidence.execs.size() == 1 && !evidence.mappings.empty();
  }
  sched_setaffinity(0, sizeof before, &before);
  EXPECT_EQ(seen, 50);
}

TEST_F(Sampling, LeavesItsOwnProcessAlone) {
  volatile double x = 0;
  for (int i = 0; i < 30'000'000; ++i) x = x + i;
  EXPECT_TRUE(sampler_->take().samples.empty());
  double rest = 0;
  std::thread([&] {
    for (int i = 0; i < 30'000'000; ++i) rest += i * 0.5;
  }).join();
  EXPECT_TRUE(sampler_->take().samples.empty());
  EXPECT_GT(rest, 0);
}

// A server lives through many takes, and each is to know where its code stands.
TEST_F(Sampling, OfAChildThatIsKeptMappingsStay) {
  std::string program = "/bin/sleep", seconds = "60";
  char* arguments[] = {program.data(), seconds.data(), nullptr};
  pid_t child = 0;
  ASSERT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ), 0);
  sampler_->keep(child);
  const auto knows = [&](int served_by) {
    const CpuEvidence evidence = sampler_->take(served_by);
    return std::any_of(evidence.mappings.begin(), evidence.mappings.end(),
                       [](const ExecutableMapping& mapping) { return mapping.path.ends_with("/sleep"); });
  };
  for (int i = 0; i < 500 && !knows(child); ++i) usleep(10'000);
  EXPECT_TRUE(knows(child));
  EXPECT_FALSE(knows(0)) << "another unit's";
  EXPECT_TRUE(knows(child));
  sampler_->let_go(child);
  EXPECT_FALSE(knows(child));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(SamplerRate, IsKeptWithinReason) {
  auto sampler = CpuSampler::open(NAN);
  if (!sampler->unavailable().empty()) GTEST_SKIP() << sampler->unavailable();
  EXPECT_EQ(sampler->take().period_ns, 10'101'010);
  EXPECT_EQ(CpuSampler::open(1e9)->take().period_ns, 100'000);
  EXPECT_EQ(CpuSampler::open(-3)->take().period_ns, 1'000'000'000);
}

}  // namespace
}  // namespace varve
