#include "harness/unit/process_group.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace varve {
namespace {

TEST(ProcessGroup, ADeadMemberThatNobodyCollectedDoesNotCount) {
  const pid_t child = fork();
  if (child == 0) {
    setpgid(0, 0);
    pause();
    _exit(0);
  }
  setpgid(child, child);
  EXPECT_TRUE(group_lives(child));
  kill(child, SIGKILL);
  siginfo_t info = {};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(kill(-child, 0), 0) << "this test needs a group that kill still reaches";
  EXPECT_FALSE(group_lives(child));
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(group_lives(child));
}

}  // namespace
}  // namespace varve
