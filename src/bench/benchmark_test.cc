#include "bench/benchmark.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/json.h"
#include "bench/interrupt.h"
#include "bench/process_executor.h"
#include "bench/temporary_directory.h"
#include "bench/variant.h"
#include "model/documents.h"

namespace varve {
namespace {

using std::chrono::steady_clock;

class Listener : public RunObserver {
 public:
  void unit_started(int index, int) override {
    if (on_start) on_start(index);
  }
  void output(std::string_view bytes) override {
    count += bytes.size();
    if (text.size() < 100'000) text += bytes;
    if (on_output) on_output(text);
  }
  std::function<void(int)> on_start;
  std::function<void(const std::string&)> on_output;
  std::string text;
  std::size_t count = 0;
};

RunPlan plan_of(std::vector<std::string> command, int units = 2) {
  RunPlan plan;
  plan.name = "test";
  plan.variants = {{std::move(command), {}}};
  plan.units = units;
  plan.warmup = 0;
  plan.sampling_hertz = 0;
  return plan;
}

RunPlan shell(const std::string& script, int units = 1) { return plan_of({"sh", "-c", script}, units); }

Run run_of(const RunPlan& plan, Listener& listener) {
  Result<Run> run = run_benchmark(plan, host_world(), listener);
  EXPECT_TRUE(run) << to_text(run.error());
  return run ? *run : Run{};
}

Run run_of(const RunPlan& plan) {
  Listener listener;
  return run_of(plan, listener);
}

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

const Finding* find(const Run& run, const std::string& id) {
  for (const Finding& finding : run.findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

bool is_alive(const std::string& pid_file) {
  std::ifstream file(pid_file);
  pid_t process = 0;
  file >> process;
  EXPECT_GT(process, 0) << "no process id in " << pid_file;
  std::ifstream status("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (process <= 0 || !std::getline(status, line)) return false;
  return line.find(") Z ") == std::string::npos;
}

bool dies_soon(const std::string& pid_file) {
  for (int i = 0; i < 100 && is_alive(pid_file); ++i) usleep(10'000);
  return !is_alive(pid_file);
}

TEST(Benchmark, MeasuresAProgramThatSucceeds) {
  const varve::Run run = run_of(plan_of({"true"}, 3));
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(run.units.size(), 3u);
  for (const Unit& unit : run.units) {
    EXPECT_TRUE(unit.end.ok());
    EXPECT_GT(unit.wall_seconds, 0);
    EXPECT_LT(unit.wall_seconds, 5);
    EXPECT_TRUE(unit.peak_memory_bytes || !unit.peak_memory_note.empty());
    EXPECT_TRUE(unit.steal_seconds);
  }
  EXPECT_EQ(run.protocol.primary_metric, "wall time");
  EXPECT_EQ(run.protocol.order, "A");
  ASSERT_EQ(run.variants.size(), 1u);
  EXPECT_TRUE(run.variants[0].program.ends_with("/true"));
  EXPECT_EQ(run.variants[0].program_digest.size(), 64u);
  EXPECT_FALSE(run.stack.facts.empty());
}

TEST(Benchmark, WallAndCpuTimeAreThoseOfTheProgram) {
  const varve::Run sleeping = run_of(plan_of({"sleep", "0.3"}, 1));
  EXPECT_GE(sleeping.units.at(0).wall_seconds, 0.3);
  EXPECT_LT(sleeping.units[0].user_seconds + sleeping.units[0].system_seconds, 0.1);
  const varve::Run busy = run_of(shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"));
  EXPECT_GT(busy.units.at(0).user_seconds, 0.02);
  EXPECT_LE(busy.units[0].user_seconds + busy.units[0].system_seconds, busy.units[0].wall_seconds * 1.2 + 0.02);
}

TEST(Benchmark, PeakMemoryIsThatOfTheProgramWhenItIsAboveOurOwn) {
  const std::string script = "head -c 300000000 /dev/zero | tail -c 299999999 | wc -c";  // tail keeps it all
  const varve::Run run = run_of(shell(script));
  ASSERT_TRUE(run.units.at(0).peak_memory_bytes) << run.units[0].peak_memory_note;
  EXPECT_GT(*run.units[0].peak_memory_bytes, 290'000'000u);
  EXPECT_LT(*run.units[0].peak_memory_bytes, 700'000'000u);
  const std::vector<char> our_own(400'000'000, 'x');
  const varve::Run small = run_of(plan_of({"true"}, 1));
  EXPECT_FALSE(small.units.at(0).peak_memory_bytes) << *small.units[0].peak_memory_bytes;
  EXPECT_FALSE(small.units[0].peak_memory_note.empty());
  EXPECT_EQ(our_own[17], 'x');
}

TEST(Benchmark, AFailureEndsTheRunAndQuotesTheOutput) {
  const varve::Run run = run_of(shell("echo working; echo 'cannot open the model' >&2; exit 3", 5));
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 1u);
  EXPECT_EQ(run.units[0].end.exit_code, 3);
  const Finding* finding = find(run, "VRV-RUN-UNIT-FAILED");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->evidence.find("working\ncannot open the model"), std::string::npos) << finding->evidence;
  EXPECT_FALSE(run_of(plan_of({"false"})).complete);
}

TEST(Benchmark, ASignalIsNamed) {
  const varve::Run run = run_of(shell("kill -SEGV $$"));
  EXPECT_EQ(run.units.at(0).end.signal, SIGSEGV);
  ASSERT_NE(find(run, "VRV-RUN-SIGNAL"), nullptr);
  EXPECT_NE(find(run, "VRV-RUN-SIGNAL")->evidence.find("SIGSEGV"), std::string::npos);
}

TEST(Benchmark, APlanThatCannotBeMeasuredIsAnError) {
  Listener listener;
  Result<varve::Run> none = run_benchmark(plan_of({}), host_world(), listener);
  EXPECT_FALSE(none);
  World world = host_world();
  world.environment["PATH"] = "/nowhere:/usr/bin";
  Result<varve::Run> unknown = run_benchmark(plan_of({"no-such-program-anywhere"}), world, listener);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().found.find("/nowhere:/usr/bin"), std::string::npos) << "it does not say where it looked";
  Result<varve::Run> directory = run_benchmark(plan_of({"/usr"}), world, listener);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().found, "not a regular file");
  RunPlan too_few = plan_of({"true"});
  too_few.units = 0;
  EXPECT_FALSE(run_benchmark(too_few, world, listener));
}

TEST(Benchmark, AFileThatCannotBeLoadedIsAFinding) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string path = directory->path() + "/program";
  std::ofstream(path) << "no interpreter line\n";
  ASSERT_EQ(chmod(path.c_str(), 0700), 0);
  const varve::Run run = run_of(plan_of({path}));
  EXPECT_FALSE(run.complete);
  EXPECT_TRUE(run.units.empty());
  ASSERT_NE(find(run, "VRV-RUN-NOT-STARTED"), nullptr);
}

TEST(Benchmark, ThePathOfTheVariantCounts) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string path = directory->path() + "/varve-test-program";
  std::ofstream(path) << "#!/bin/sh\nexit 0\n";
  ASSERT_EQ(chmod(path.c_str(), 0700), 0);
  RunPlan plan = plan_of({"varve-test-program"}, 1);
  plan.variants[0].environment["PATH"] = directory->path() + ":/usr/bin:/bin";
  EXPECT_TRUE(run_of(plan).complete);
}

TEST(Benchmark, ATimeoutEndsTheWholeGroup) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  RunPlan plan = shell("sleep 60 & echo $! > " + directory->path() + "/child; echo started; wait", 3);
  plan.timeout_seconds = 0.3;
  const auto start = steady_clock::now();
  const varve::Run run = run_of(plan);
  EXPECT_LT(seconds_since(start), 10);
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 1u);
  EXPECT_TRUE(run.units[0].end.timed_out);
  EXPECT_GE(run.units[0].wall_seconds, 0.3);
  ASSERT_NE(find(run, "VRV-RUN-TIMEOUT"), nullptr);
  EXPECT_NE(find(run, "VRV-RUN-TIMEOUT")->evidence.find("started"), std::string::npos);
  EXPECT_TRUE(dies_soon(directory->path() + "/child"));
}

TEST(Benchmark, SigtermCanBeIgnoredButSigkillFollows) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  RunPlan plan = shell("trap '' TERM; (trap '' TERM; sleep 60; sleep 60) & echo $! > " + directory->path() +
                       "/child; while true; do sleep 0.1; done");
  plan.timeout_seconds = 0.2;
  const auto start = steady_clock::now();
  const varve::Run run = run_of(plan);
  EXPECT_GE(seconds_since(start), 2.0) << "the program had no time to end by itself";
  EXPECT_LT(seconds_since(start), 15);
  EXPECT_TRUE(run.units.at(0).end.timed_out);
  EXPECT_EQ(run.units[0].end.signal, SIGKILL);
  EXPECT_TRUE(dies_soon(directory->path() + "/child"));
}

TEST(Benchmark, WhatIsLeftInTheGroupIsEnded) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const auto start = steady_clock::now();
  const varve::Run run = run_of(shell("sleep 60 & echo $! > " + directory->path() + "/child; echo done"));
  EXPECT_LT(seconds_since(start), 10);
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_TRUE(dies_soon(directory->path() + "/child"));
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
}

TEST(Benchmark, ADaemonThatHoldsTheOutputDoesNotHangTheRun) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  Listener listener;
  const auto start = steady_clock::now();
  // In a session of its own, so that it is not in the group any more; it ends by itself.
  const std::string pid_file = directory->path() + "/child";
  const varve::Run run = run_of(shell("setsid sh -c 'echo $$ > " + pid_file + "; exec sleep 8' & while [ ! -s " +
                                      pid_file + " ]; do sleep 0.02; done; echo done"),
                                listener);
  EXPECT_LT(seconds_since(start), 6);
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_EQ(listener.text, "done\n");
  ASSERT_FALSE(run.units.empty());
  ASSERT_FALSE(run.units[0].marks.empty());
  EXPECT_EQ(run.units[0].marks.back(), "the first unit of its side: caches may have been cold");
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
}

TEST(Benchmark, TenMegabytesOfOutputPassThrough) {
  Listener listener;
  const varve::Run run = run_of(shell("head -c 10000000 /dev/zero | tr '\\0' x"), listener);
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(listener.count, 10'000'000u);
}

TEST(Benchmark, StdinIsEmptyAndTheGroupIsItsOwn) {
  Listener listener;
  run_of(shell("wc -c; ps -o pgid= -p $$ | tr -d ' '; echo $$"), listener);
  std::istringstream text(listener.text);
  int bytes = -1, group = 0, process = 0;
  text >> bytes >> group >> process;
  EXPECT_EQ(bytes, 0);
  EXPECT_EQ(group, process);
}

TEST(Benchmark, MetricsAreReadAndDoNotStayForTheNextUnit) {
  const std::string script =
      "test -e $VARVE_METRICS && exit 9; echo '{\"metric\": \"tokens/s\", \"value\": 12.5}' >> $VARVE_METRICS";
  const varve::Run run = run_of(shell(script, 3));
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  ASSERT_EQ(run.units.size(), 3u);
  ASSERT_EQ(run.units[2].metrics.size(), 1u);
  EXPECT_EQ(run.units[2].metrics[0].value, 12.5);
  EXPECT_EQ(run.units[2].metrics[0].count, 1);
  EXPECT_EQ(run.protocol.primary_metric, "tokens/s");
}

TEST(Benchmark, ABadMetricsLineEndsTheRun) {
  const varve::Run run =
      run_of(shell("echo '{\"metric\": \"a\", \"value\": 1}' > $VARVE_METRICS; echo speed=12 >> $VARVE_METRICS", 3));
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.units.size(), 1u);
  ASSERT_NE(find(run, "VRV-RUN-METRIC-UNREADABLE"), nullptr);
  EXPECT_NE(find(run, "VRV-RUN-METRIC-UNREADABLE")->evidence.find("metrics line 2"), std::string::npos);
}

TEST(Benchmark, ThePadIsInTheEnvironmentAndOnRecord) {
  Listener listener;
  const varve::Run run = run_of(shell("echo ${#VARVE_PAD}", 5), listener);
  std::istringstream text(listener.text);
  for (const Unit& unit : run.units) {
    int pad = -1;
    text >> pad;
    EXPECT_EQ(pad, unit.environment_pad);
  }
}

TEST(Benchmark, AnInterruptEndsTheUnitAndKeepsTheOthers) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string marker = directory->path() + "/marker";
  Listener listener;
  listener.on_start = [&](int index) {
    if (index == 2) std::ofstream(marker) << "wait";
  };
  listener.on_output = [&](const std::string& text) {
    if (text.ends_with("waiting\n")) raise(SIGINT);
  };
  const auto start = steady_clock::now();
  const varve::Run run = run_of(shell("if [ -e " + marker + " ]; then echo waiting; sleep 60; fi", 5), listener);
  EXPECT_LT(seconds_since(start), 10);
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 3u);
  EXPECT_TRUE(run.units[1].end.ok());
  EXPECT_TRUE(run.units[2].end.interrupted);
  EXPECT_NE(find(run, "VRV-RUN-INTERRUPTED"), nullptr);
}

TEST(Benchmark, AnInterruptBetweenUnitsCountsToo) {
  Listener listener;
  class Raiser : public RunObserver {
    void unit_finished(const Unit& unit) override {
      if (unit.index == 1) raise(SIGINT);
    }
  } raiser;
  Result<varve::Run> run = run_benchmark(plan_of({"true"}, 5), host_world(), raiser);
  ASSERT_TRUE(run);
  EXPECT_FALSE(run->complete);
  EXPECT_EQ(run->units.size(), 2u);
  EXPECT_NE(find(*run, "VRV-RUN-INTERRUPTED"), nullptr);
}

TEST(Benchmark, HandlersComeBackAfterTheRun) {
  struct sigaction ignore = {}, old = {}, after = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGTERM, &ignore, &old);
  struct sigaction before = {};
  sigaction(SIGINT, nullptr, &before);
  run_of(plan_of({"true"}, 1));
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(after.sa_handler, before.sa_handler);
  sigaction(SIGTERM, &old, &after);
  EXPECT_EQ(after.sa_handler, SIG_IGN);
  EXPECT_EQ(interrupt_count(), 0);
}

TEST(Benchmark, SecretsAndHomesStayOut) {
  World world = host_world();
  world.environment["HOME"] = "/home/varve-user";
  world.environment["AWS_SECRET_ACCESS_KEY"] = "planted-aws-value-1";
  world.environment["HF_TOKEN"] = "hf_plantedplantedplanted";
  RunPlan plan = plan_of({"sh", "-c", "env; echo --token=planted-in-output; exit 1", "sh", "--token=planted-argument",
                          "--api-key", "planted-next", "/home/varve-user/model"});
  plan.variants[0].environment["MY_PASSWORD"] = "planted-password";
  plan.variants[0].environment["CACHE"] = "/home/varve-user/cache";
  plan.name = "sh --token=planted-name";
  Listener listener;
  Result<varve::Run> run = run_benchmark(plan, world, listener);
  ASSERT_TRUE(run) << to_text(run.error());
  EXPECT_NE(listener.text.find("planted-aws-value-1"), std::string::npos) << "the program itself gets its environment";
  const std::string text = pretty_json(to_json(*run));
  EXPECT_EQ(text.find("planted"), std::string::npos) << text.substr(text.find("planted") - 200, 400);
  EXPECT_EQ(text.find("varve-user"), std::string::npos) << text.substr(text.find("varve-user") - 200, 400);
  EXPECT_NE(text.find("~/model"), std::string::npos);
  EXPECT_EQ(run->variants[0].environment.at("CACHE"), "~/cache");
}

TEST(Benchmark, WithoutPidfdsTheEndIsSeenAllTheSame) {
  const InterruptGuard guard;
  const World world = host_world();
  KernelWitness witness(world, 0);
  ProcessExecutor executor(witness, std::move(*TemporaryDirectory::make()), ExitWatch::asking);
  const std::vector<std::string> command = {"sleep", "0.2"}, environment = {"PATH=/usr/bin:/bin"};
  UnitRequest request;
  request.program = "/bin/sleep";
  request.command = &command;
  request.environment = &environment;
  const UnitOutcome outcome = executor.execute(request);
  EXPECT_TRUE(outcome.end.ok());
  EXPECT_GE(outcome.wall_seconds, 0.2);
  EXPECT_LT(outcome.wall_seconds, 3);
}

TEST(Benchmark, NoDescriptorsAreLeftOpen) {
  const auto open_descriptors = [] {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return std::distance(begin(entries), end(entries));
  };
  run_of(plan_of({"true"}, 1));
  const auto before = open_descriptors();
  run_of(plan_of({"true"}, 20));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Benchmark, CpuSamplesAndLibrariesComeWithTheUnit) {
  RunPlan plan = shell("i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done", 1);
  plan.sampling_hertz = 499;
  const varve::Run run = run_of(plan);
  ASSERT_EQ(run.units.size(), 1u);
  const Unit& unit = run.units[0];
  if (unit.profile.witness.empty()) {
    ASSERT_FALSE(unit.profile.unseen.empty());
    EXPECT_NE(find(run, "VRV-RUN-NO-KERNEL-EVIDENCE"), nullptr);
    GTEST_SKIP() << "no CPU samples here: " << unit.profile.unseen[0];
  }
  EXPECT_GT(unit.profile.samples, 10u);
  EXPECT_FALSE(unit.libraries.empty());
}

TEST(Benchmark, WithoutSamplesTheLibrariesAreLookedUp) {
  const varve::Run run = run_of(plan_of({"sleep", "0.3"}, 1));
  ASSERT_EQ(run.units.size(), 1u);
  bool found = false;
  for (const Library& library : run.units[0].libraries)
    found = found || library.path.find("/libc.so") != std::string::npos;
  EXPECT_TRUE(found);
  EXPECT_FALSE(run.units[0].profile.unseen.empty());
  EXPECT_NE(find(run, "VRV-RUN-NO-KERNEL-EVIDENCE"), nullptr);
}

TEST(FileDigest, IsTheSha256) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string path = directory->path() + "/file";
  const std::string text(200'000, 'x');
  std::ofstream(path) << text;
  EXPECT_EQ(file_digest(path), sha256_hex(text));
  EXPECT_EQ(file_digest(directory->path()), "");
  EXPECT_EQ(file_digest(path + ".none"), "");
}

}  // namespace
}  // namespace varve
