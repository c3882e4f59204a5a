#include "world/child_probe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/text.h"
#include "world/test_root.h"

namespace varve {
namespace {

// No child of this process is left, dead or alive.
void expect_no_child() {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

ProbeOutcome run(double seconds, const std::function<void(ProbeReport&)>& probe, std::size_t cap = 1 << 20) {
  auto outcome = run_probe({.seconds = seconds, .answer_bytes = cap}, probe);
  EXPECT_TRUE(outcome) << to_text(outcome.error());
  expect_no_child();
  return *outcome;
}

TEST(ChildProbe, HandsOverAllAnswersInOrder) {
  const std::string large(300'000, 'x');  // more than a pipe holds
  const ProbeOutcome outcome = run(10, [&](ProbeReport& report) {
    report.add("first", "1");
    report.add("large", large);
    report.add("empty", "");
  });
  EXPECT_EQ(outcome.end, ProbeEnd::finished);
  ASSERT_EQ(outcome.answers.size(), 3u);
  EXPECT_EQ(outcome.answers[0].key, "first");
  EXPECT_EQ(*outcome.find("large"), large);
  EXPECT_EQ(*outcome.find("empty"), "");
  EXPECT_EQ(outcome.find("other"), nullptr);
}

TEST(ChildProbe, KeepsWhatWasSaidBeforeACrash) {
  const ProbeOutcome outcome = run(10, [](ProbeReport& report) {
    report.add("step 1", "fine");
    std::raise(SIGSEGV);
    report.add("step 2", "never");
  });
  EXPECT_EQ(outcome.end, ProbeEnd::signalled);
  EXPECT_EQ(outcome.code, SIGSEGV);
  ASSERT_EQ(outcome.answers.size(), 1u);
  EXPECT_NE(outcome.end_text().find("signal 11"), std::string::npos) << outcome.end_text();
}

TEST(ChildProbe, AnExceptionEndsTheChildAndNeverRunsOnInTheParentsCode) {
  const pid_t parent = getpid();
  try {
    const ProbeOutcome outcome = run(10, [](ProbeReport& report) {
      report.add("step 1", "fine");
      throw std::runtime_error("from a library");
    });
    EXPECT_EQ(outcome.end, ProbeEnd::signalled);
    EXPECT_EQ(outcome.code, SIGABRT);
    EXPECT_EQ(outcome.answers.size(), 1u);
  } catch (const std::runtime_error&) {
    if (getpid() != parent) _exit(0);  // a second run of the tests would follow
    FAIL() << "it reached the caller";
  }
}

TEST(ChildProbe, KillsOneThatHangsAndWhatItStarted) {
  const ProbeOutcome outcome = run(0.2, [](ProbeReport& report) {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      while (true) pause();
    }
    report.add("grandchild", std::to_string(grandchild));
    while (true) pause();
  });
  EXPECT_EQ(outcome.end, ProbeEnd::timed_out);
  EXPECT_FALSE(outcome.stuck);
  EXPECT_GE(outcome.seconds, 0.2);
  EXPECT_LT(outcome.seconds, 2);
  ASSERT_NE(outcome.find("grandchild"), nullptr);
  // Killed; on a busy machine that takes a moment, and whoever inherited it may not have collected it yet.
  const std::string state = "/proc/" + *outcome.find("grandchild") + "/stat";
  const auto has_ended = [](const std::string& text) {
    return text.empty() || text.find(") Z") != std::string::npos || text.find(") X") != std::string::npos;
  };
  std::string text;
  for (int tries = 0; tries < 200; ++tries) {
    text.clear();
    std::getline(std::ifstream(state), text);
    if (has_ended(text)) break;
    usleep(10'000);
  }
  EXPECT_TRUE(has_ended(text)) << text;
}

TEST(ChildProbe, KillsOneThatIgnoresSignalsOrStops) {
  EXPECT_EQ(run(0.2, [](ProbeReport&) { std::raise(SIGSTOP); }).end, ProbeEnd::timed_out);
  EXPECT_EQ(run(0.2,
                [](ProbeReport&) {
                  std::signal(SIGTERM, SIG_IGN);
                  while (true) pause();
                })
                .end,
            ProbeEnd::timed_out);
}

TEST(ChildProbe, StopsAFloodOfAnswers) {
  const ProbeOutcome many = run(
      10,
      [](ProbeReport& report) {
        while (true) report.add("again", "and again");
      },
      1000);
  EXPECT_EQ(many.end, ProbeEnd::flooded);
  const ProbeOutcome one = run(
      10, [](ProbeReport& report) { report.add("large", std::string(5000, 'x')); }, 1000);
  EXPECT_EQ(one.end, ProbeEnd::flooded);
  EXPECT_TRUE(one.answers.empty());
}

TEST(ChildProbe, TellsAnEarlyExitFromTheEnd) {
  const ProbeOutcome outcome = run(10, [](ProbeReport& report) {
    report.add("step 1", "fine");
    _exit(0);  // as a library may that gives up
  });
  EXPECT_EQ(outcome.end, ProbeEnd::exited);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.answers.size(), 1u);
}

TEST(ChildProbe, DoesNotTrustAClosedPipe) {
  const ProbeOutcome outcome = run(0.2, [](ProbeReport& report) {
    report.add("step 1", "fine");
    for (int fd = 0; fd < 64; ++fd) close(fd);
    while (true) pause();
  });
  EXPECT_EQ(outcome.end, ProbeEnd::timed_out);
  EXPECT_EQ(outcome.answers.size(), 1u);
}

TEST(ChildProbe, IsNotFooledByAHalfAnswer) {
  const ProbeOutcome outcome = run(10, [](ProbeReport&) {
    const char half[] = {4, 0, 0, 0, 4, 0, 0, 0, 'k', 'e'};
    EXPECT_EQ(write(3, half, sizeof half), static_cast<ssize_t>(sizeof half));
    _exit(0);
  });
  EXPECT_EQ(outcome.end, ProbeEnd::exited);
  EXPECT_TRUE(outcome.answers.empty());
}

TEST(ChildProbe, DoesNotWaitForAGrandchildThatHoldsThePipe) {
  const ProbeOutcome outcome = run(5, [](ProbeReport& report) {
    if (fork() == 0) {
      while (true) pause();
    }
    report.add("done", "");
  });
  EXPECT_EQ(outcome.end, ProbeEnd::finished);
  EXPECT_LT(outcome.seconds, 4);
}

TEST(ChildProbe, CanTakeTheRightToMakeDevices) {
  if (geteuid() != 0) GTEST_SKIP() << "only root has that right";
  const TestRoot root;
  const std::string node = root.path() + "/node";
  const auto make_node = [&](ProbeReport& report) {
    report.add("here", mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0 ? "made" : "refused");
    const std::string command = "mknod '" + node + "2' c 1 3 2>/dev/null";
    report.add("by a program", std::system(command.c_str()) == 0 ? "made" : "refused");
  };
  const auto before = run_probe({.seconds = 10}, make_node);
  ASSERT_TRUE(before);
  if (*before->find("here") != "made") GTEST_SKIP() << "this container does not have that right";
  std::filesystem::remove(node);
  std::filesystem::remove(node + "2");
  const auto after = run_probe({.seconds = 10, .leave_machine_alone = true}, make_node);
  ASSERT_TRUE(after);
  EXPECT_EQ(*after->find("here"), "refused");
  EXPECT_EQ(*after->find("by a program"), "refused");
}

TEST(ChildProbe, GivesTheChildNothingOfOurs) {
  const TestRoot root;
  root.write("secret", "x");
  const int ours = open((root.path() + "/secret").c_str(), O_RDONLY);
  ASSERT_GE(ours, 0);
  const ProbeOutcome outcome = run(10, [&](ProbeReport& report) {
    report.add("open", fcntl(ours, F_GETFD) >= 0 && ours != 3 ? "yes" : "no");
    char byte = 0;
    report.add("input", std::to_string(read(STDIN_FILENO, &byte, 1)));
    for (int fd : {STDOUT_FILENO, STDERR_FILENO}) {
      report.add("output", std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string());
    }
    rlimit core{};
    getrlimit(RLIMIT_CORE, &core);
    report.add("core", core.rlim_cur <= 1 ? "none" : "some");
  });
  close(ours);
  EXPECT_EQ(*outcome.find("open"), "no");
  EXPECT_EQ(*outcome.find("input"), "0");
  EXPECT_EQ(outcome.answers[2].value, "/dev/null");
  EXPECT_EQ(outcome.answers[3].value, "/dev/null");
  EXPECT_EQ(*outcome.find("core"), "none");
}

}  // namespace
}  // namespace varve
