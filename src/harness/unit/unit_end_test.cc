// How units end: well, badly, by force, and what happens to what they leave behind.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <tuple>

#include "base/text.h"
#include "harness/benchmark_testing.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/process_executor.h"
#include "harness/unit/temporary_directory.h"

namespace varve {
namespace {

// Seconds. What is ended and not waited for would sleep for 60; a shorter limit fails on a busy machine.
constexpr double kNotWaitedFor = 50;

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
  for (int i = 0; i < 1000 && is_alive(pid_file); ++i) usleep(10'000);
  return !is_alive(pid_file);
}

TEST(UnitEnd, AFailureEndsTheRunAndQuotesTheOutput) {
  const varve::Run run = run_of(shell("echo working; echo 'cannot open the model' >&2; exit 3", 5));
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 1u);
  EXPECT_EQ(run.units[0].end.exit_code, 3);
  const Finding* finding = find(run, "VRV-RUN-UNIT-FAILED");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->evidence.find("working\ncannot open the model"), std::string::npos) << finding->evidence;
  EXPECT_FALSE(run_of(plan_of({"false"})).complete);
}

TEST(UnitEnd, ASignalIsNamed) {
  const varve::Run run = run_of(shell("kill -SEGV $$"));
  EXPECT_EQ(run.units.at(0).end.signal, SIGSEGV);
  ASSERT_NE(find(run, "VRV-RUN-SIGNAL"), nullptr);
  EXPECT_NE(find(run, "VRV-RUN-SIGNAL")->evidence.find("SIGSEGV"), std::string::npos);
}

TEST(UnitEnd, AFileThatCannotBeLoadedIsAFinding) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string path = directory->path() + "/program";
  std::ofstream(path) << "no interpreter line\n";
  ASSERT_EQ(chmod(path.c_str(), 0700), 0);
  const varve::Run run = run_of(plan_of({path}));
  EXPECT_FALSE(run.complete);
  EXPECT_TRUE(run.units.empty());
  ASSERT_NE(find(run, "VRV-RUN-NOT-STARTED"), nullptr);
}

TEST(UnitEnd, ATimeoutEndsTheWholeGroup) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  RunPlan plan = shell("sleep 60 & echo $! > " + directory->path() + "/child; echo started; wait", 3);
  plan.timeout_seconds = 0.3;
  const auto start = steady_clock::now();
  const varve::Run run = run_of(plan);
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 1u);
  EXPECT_TRUE(run.units[0].end.timed_out);
  EXPECT_GE(run.units[0].wall_seconds, 0.3);
  ASSERT_NE(find(run, "VRV-RUN-TIMEOUT"), nullptr);
  EXPECT_NE(find(run, "VRV-RUN-TIMEOUT")->evidence.find("started"), std::string::npos);
  EXPECT_TRUE(dies_soon(directory->path() + "/child"));
}

TEST(UnitEnd, SigtermCanBeIgnoredButSigkillFollows) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  RunPlan plan = shell("trap '' TERM; (trap '' TERM; sleep 60; sleep 60) & echo $! > " + directory->path() +
                       "/child; while true; do sleep 0.1; done");
  plan.timeout_seconds = 0.2;
  const auto start = steady_clock::now();
  const varve::Run run = run_of(plan);
  EXPECT_GE(seconds_since(start), 2.0) << "the program had no time to end by itself";
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_TRUE(run.units.at(0).end.timed_out);
  EXPECT_EQ(run.units[0].end.signal, SIGKILL);
  EXPECT_TRUE(dies_soon(directory->path() + "/child"));
}

TEST(UnitEnd, WhatIsLeftInTheGroupIsEnded) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const auto start = steady_clock::now();
  const varve::Run run = run_of(shell("sleep 60 & echo $! > " + directory->path() + "/child; echo done"));
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_TRUE(dies_soon(directory->path() + "/child"));
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
}

// A program that forks twice and starts a session of its own, as daemons do; with its output closed it is out of sight
// of the pipe too. `daemon` is the script that stays.
std::string daemonize(const std::string& pid_file, const std::string& daemon) {
  return "setsid sh -c '(" + daemon + ") </dev/null >/dev/null 2>&1 & echo $! > " + pid_file + "'; while [ ! -s " +
         pid_file + " ]; do sleep 0.01; done; sleep 0.1; echo done";
}

TEST(UnitEnd, ADaemonIsNamedAndEnded) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string pid_file = directory->path() + "/daemon";
  const auto start = steady_clock::now();
  const varve::Run run = run_of(shell(daemonize(pid_file, "exec sleep 60")));
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_FALSE(is_alive(pid_file)) << "the next unit would meet it";
  ASSERT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
  // "sh" where the shell has not become sleep yet.
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS")->evidence.find("which Varve ended: s"), std::string::npos)
      << find(run, "VRV-RUN-LEFTOVERS")->evidence;
}

// As the process that Python's multiprocessing cleans up with: it reads until nobody holds the other end any more, and
// has something to do then, with the program's output still open.
TEST(UnitEnd, AHelperThatEndsWithItsProgramIsNotLeftBehind) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string pipe = directory->path() + "/pipe";
  const std::string helper = "cat " + pipe + "; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
  const varve::Run run =
      run_of(shell("mkfifo " + pipe + " && { setsid sh -c '" + helper + "' >/dev/null 2>&1 & exec 3>" + pipe + "; }"));
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_EQ(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
}

TEST(UnitEnd, ADaemonThatIgnoresSigtermAndStartsOthersIsEndedToo) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string pid_file = directory->path() + "/daemon";
  const auto start = steady_clock::now();
  const varve::Run run =
      run_of(shell(daemonize(pid_file, R"(trap "" TERM; while true; do setsid sleep 0.05 & sleep 0.02; done)")));
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_FALSE(is_alive(pid_file));
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
}

// Each unit asks the server of the unit before, if there is one: the ports of real servers collide in the same way.
TEST(UnitEnd, NoUnitMeetsTheDaemonOfTheUnitBefore) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string pid_file = directory->path() + "/daemon";
  const varve::Run run =
      run_of(shell("if [ -s " + pid_file + " ]; then kill -0 $(cat " + pid_file + ") 2>/dev/null && exit 9; rm " +
                       pid_file + "; fi; " + daemonize(pid_file, "exec sleep 60"),
                   4));
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_EQ(run.units.size(), 4u);
}

TEST(UnitEnd, ADaemonOfAUnitThatRanIntoTheTimeoutIsEnded) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string pid_file = directory->path() + "/daemon";
  RunPlan plan = shell(daemonize(pid_file, "exec sleep 60") + "; sleep 60");
  plan.timeout_seconds = 0.5;
  const varve::Run run = run_of(plan);
  EXPECT_TRUE(run.units.at(0).end.timed_out);
  EXPECT_FALSE(is_alive(pid_file));
}

// A shell that started something and then became Varve: that is not a unit's.
TEST(UnitEnd, ChildrenFromBeforeTheRunAreLeftAlone) {
  const pid_t before = fork();
  if (before == 0) {
    execl("/bin/sleep", "sleep", "60", nullptr);
    _exit(127);
  }
  const varve::Run run = run_of(shell("sleep 60 & echo done"));
  EXPECT_EQ(kill(before, 0), 0);
  EXPECT_EQ(waitpid(before, nullptr, WNOHANG), 0) << "it lives";
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
  kill(before, SIGKILL);
  waitpid(before, nullptr, 0);
}

TEST(UnitEnd, ADaemonThatHoldsTheOutputDoesNotHangTheRun) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  Listener listener;
  const auto start = steady_clock::now();
  const std::string pid_file = directory->path() + "/child";
  const varve::Run run = run_of(shell("setsid sh -c 'echo $$ > " + pid_file + "; exec sleep 60' & while [ ! -s " +
                                      pid_file + " ]; do sleep 0.02; done; echo done"),
                                listener);
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_TRUE(run.complete) << run.incomplete_reason;
  EXPECT_EQ(listener.text, "done\n");
  EXPECT_FALSE(is_alive(pid_file));
  EXPECT_NE(find(run, "VRV-RUN-LEFTOVERS"), nullptr);
}

TEST(UnitEnd, AnInterruptEndsTheUnitAndKeepsTheOthers) {
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
  EXPECT_LT(seconds_since(start), kNotWaitedFor);
  EXPECT_FALSE(run.complete);
  ASSERT_EQ(run.units.size(), 3u);
  EXPECT_TRUE(run.units[1].end.ok());
  EXPECT_TRUE(run.units[2].end.interrupted);
  EXPECT_NE(find(run, "VRV-RUN-INTERRUPTED"), nullptr);
}

TEST(UnitEnd, AnInterruptBetweenUnitsCountsToo) {
  Listener listener;
  class Raiser : public RunObserver {
    Status unit_finished(const varve::Run& run) override {
      if (run.units.back().index == 1) raise(SIGINT);
      return Done{};
    }
  } raiser;
  Result<varve::Run> run = run_benchmark(plan_of({"true"}, 5), host_world(), raiser);
  ASSERT_TRUE(run);
  EXPECT_FALSE(run->complete);
  EXPECT_EQ(run->units.size(), 2u);
  EXPECT_NE(find(*run, "VRV-RUN-INTERRUPTED"), nullptr);
}

// Whatever is executed when it comes, the run says by what it was ended, and keeps what was measured.
TEST(UnitEnd, AnInterruptAroundAUnitIsNamedAsOne) {
  for (const auto& [prepare, cleanup, when, units] :
       {std::tuple{"[ $VARVE_UNIT -lt 1 ] || { echo now; sleep 60; :; }", "", "interrupted before unit 1 (A, timing)",
                   1u},
        std::tuple{"", "[ $VARVE_UNIT -lt 1 ] || { echo now; sleep 60; :; }", "interrupted after unit 1 (A, timing)",
                   2u}}) {
    Listener listener;
    listener.on_output = [](const std::string& text) {
      if (text.find("now") != std::string::npos) raise(SIGTERM);
    };
    RunPlan plan = plan_of({"true"}, 5);
    plan.rules.prepare = prepare;
    plan.rules.cleanup = cleanup;
    const varve::Run run = run_of(plan, listener);
    EXPECT_EQ(run.incomplete_reason, when);
    EXPECT_EQ(run.units.size(), units);
    ASSERT_NE(find(run, "VRV-RUN-INTERRUPTED"), nullptr) << when;
    EXPECT_NE(find(run, "VRV-RUN-INTERRUPTED")->evidence.find("SIGTERM"), std::string::npos);
    EXPECT_EQ(find(run, "VRV-RUN-ASIDE-FAILED"), nullptr);
  }
}

TEST(UnitEnd, AProgramThatMakesAGroupAndASessionOfItsOwnIsEndedToo) {
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  const std::string pid = directory->path() + "/pid";
  RunPlan plan = plan_of({"setsid", "-w", "sh", "-c", "trap '' TERM; echo $$ > " + pid + "; sleep 60; :"}, 1);
  plan.timeout_seconds = 1;
  const varve::Run run = run_of(plan);
  EXPECT_TRUE(run.units.at(0).end.timed_out);
  EXPECT_TRUE(dies_soon(pid));
}

TEST(UnitEnd, OutputThatIsNoTextIsQuotedAsText) {
  const varve::Run run = run_of(shell("printf '\\377\\376 no model\\n'; exit 3"));
  const Finding* finding = find(run, "VRV-RUN-UNIT-FAILED");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->evidence.find("no model"), std::string::npos);
  EXPECT_EQ(finding->evidence, clean_utf8(finding->evidence, 100'000));
}

TEST(UnitEnd, AProgramThatWantsATerminalIsToldThatThereIsNone) {
  const varve::Run run = run_of(shell("test -t 0 || test -t 1 || { echo no terminal; exit 4; }"));
  EXPECT_EQ(run.units.at(0).end.exit_code, 4);
  EXPECT_NE(find(run, "VRV-RUN-UNIT-FAILED")->evidence.find("no terminal"), std::string::npos);
}

TEST(UnitEnd, HandlersComeBackAfterTheRun) {
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

TEST(UnitEnd, WithoutPidfdsTheEndIsSeenAllTheSame) {
  const InterruptGuard guard;
  const World world = host_world();
  KernelWitness witness(world, 0);
  ProcessExecutor executor(world, witness, std::move(*TemporaryDirectory::make()), ExitWatch::asking);
  const std::vector<std::string> command = {"sleep", "0.2"}, environment = {"PATH=/usr/bin:/bin"};
  UnitRequest request;
  request.program = "/bin/sleep";
  request.command = &command;
  request.environment = &environment;
  const UnitOutcome outcome = executor.execute(request);
  EXPECT_TRUE(outcome.end.ok());
  EXPECT_GE(outcome.wall_seconds, 0.2);
  EXPECT_LT(outcome.wall_seconds, kNotWaitedFor);
}

}  // namespace
}  // namespace varve
