#include "toolkit/toolkit_link.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "toolkit/toolkit_testing.h"

namespace varve {
namespace {

namespace fs = std::filesystem;

struct Place {
  TestRoot root;
  std::string link, a, b;
  std::unique_ptr<Files> files = std::move(*open_root("/").value);

  Place() {
    write_toolkit(root, "cuda-12.4", "12.4.1", "12.4.131");
    write_toolkit(root, "cuda-12.9", "12.9.0", "12.9.41");
    const std::string at = fs::canonical(root.path()).string();
    link = at + "/cuda";
    a = at + "/cuda-12.4";
    b = at + "/cuda-12.9";
  }

  Result<LinkPlan> plan(const std::string& target, bool force = false) const {
    return plan_toolkit_link(*files, link, target, force);
  }
  // How many names stand in the folder: nothing may be left behind.
  long names() const { return std::distance(fs::directory_iterator(root.path()), {}); }
};

TEST(ToolkitLink, IsMadeAndMoved) {
  const Place place;
  Result<LinkPlan> plan = place.plan(place.a);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->place, LinkPlace::nothing);
  EXPECT_FALSE(fs::exists(place.link));  // a plan touches nothing
  ASSERT_TRUE(move_toolkit_link(*plan));
  EXPECT_EQ(fs::read_symlink(place.link), place.a);
  plan = place.plan(place.b);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->place, LinkPlace::toolkit_link);
  EXPECT_EQ(plan->before, place.a);
  ASSERT_TRUE(move_toolkit_link(*plan));
  EXPECT_EQ(fs::read_symlink(place.link), place.b);
  EXPECT_EQ(place.names(), 3);
}

TEST(ToolkitLink, ARelativeLinkStaysRelative) {
  const Place place;
  fs::create_symlink("cuda-12.4", place.link);
  const Result<LinkPlan> plan = place.plan(place.b);
  ASSERT_TRUE(plan);
  ASSERT_TRUE(move_toolkit_link(*plan));
  EXPECT_EQ(fs::read_symlink(place.link), "cuda-12.9");
  EXPECT_EQ(fs::canonical(place.link), place.b);
}

// /usr/lib/cuda holds no program: a build that looks below the link would find nothing.
TEST(ToolkitLink, DoesNotLeadToDebiansEmptyFolders) {
  const Place place;
  write_debians_toolkit(place.root);
  const std::string debians = fs::canonical(place.root.path() + "/usr/lib/cuda").string();
  const Result<LinkPlan> plan = place.plan(debians);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().found.find("bin/nvcc"), std::string::npos);
  EXPECT_TRUE(place.plan(debians, true));
}

TEST(ToolkitLink, WhatKilledRunsLeftIsSwept) {
  const Place place;
  fs::create_symlink(place.a, place.link);
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const std::string left = place.root.path() + "/.cuda.varve-" + std::to_string(gone);
  fs::create_symlink(place.a, left + "-0");
  fs::create_directory(left + "-1");  // the directory that stood there, before it got its name
  fs::create_symlink(place.a, place.root.path() + "/.cuda.varve-" + std::to_string(::getpid()) + "-7");
  const Result<LinkPlan> plan = place.plan(place.b);
  ASSERT_TRUE(plan);
  ASSERT_TRUE(move_toolkit_link(*plan));
  EXPECT_TRUE(fs::is_directory(place.link + ".before-varve"));
  EXPECT_EQ(place.names(), 5) << "two toolkits, the link, the directory, and what a run that lives has made";
}

TEST(ToolkitLink, AlreadyThereIsLeftAlone) {
  const Place place;
  fs::create_symlink("cuda-12.4", place.link);  // relative, as packages write it
  const Result<LinkPlan> plan = place.plan(place.a);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->already);
  ASSERT_TRUE(move_toolkit_link(*plan));
  EXPECT_EQ(fs::read_symlink(place.link), "cuda-12.4");
}

TEST(ToolkitLink, WhatWasNotMadeForItIsRefused) {
  const Place place;
  fs::create_symlink("/etc/alternatives/cuda", place.link);
  Result<LinkPlan> plan = place.plan(place.a);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().hint.find("update-alternatives --set cuda " + place.a), std::string::npos);
  ASSERT_TRUE(place.plan(place.a, true));

  fs::remove(place.link);
  fs::create_symlink("/etc", place.link);
  EXPECT_FALSE(place.plan(place.a));
  fs::remove(place.link);
  fs::create_symlink("/nowhere/at/all", place.link);
  EXPECT_FALSE(place.plan(place.a));
  ASSERT_TRUE(place.plan(place.a, true));

  fs::remove(place.link);
  place.root.write("cuda", "a file");
  EXPECT_FALSE(place.plan(place.a));
  EXPECT_FALSE(place.plan(place.a, true));  // by force neither

  EXPECT_FALSE(plan_toolkit_link(*place.files, "/nowhere/cuda", place.a, true));
  EXPECT_FALSE(plan_toolkit_link(*place.files, "cuda", place.a, true));
  EXPECT_FALSE(plan_toolkit_link(*place.files, place.a, place.a, true));  // the toolkit itself
  EXPECT_FALSE(plan_toolkit_link(*place.files, "/etc/alternatives/varve-test-of-no-link", place.a, true));
}

TEST(ToolkitLink, ADirectoryIsKept) {
  const Place place;
  place.root.write("cuda/mine", "precious");
  EXPECT_FALSE(place.plan(place.a));
  for (const char* kept : {".before-varve", ".before-varve-2"}) {
    const Result<LinkPlan> plan = place.plan(place.a, true);
    ASSERT_TRUE(plan);
    const Result<LinkMove> moved = move_toolkit_link(*plan);
    ASSERT_TRUE(moved) << moved.error().found;
    EXPECT_EQ(moved->kept, place.link + kept);
    EXPECT_TRUE(fs::exists(place.link + kept + "/mine"));
    EXPECT_EQ(fs::read_symlink(place.link), place.a);
    fs::remove(place.link);
    place.root.write("cuda/mine", "precious again");
  }
}

TEST(ToolkitLink, AChangeSinceThePlanIsNotOverwritten) {
  const Place place;
  const Result<LinkPlan> made = place.plan(place.a);
  fs::create_symlink(place.b, place.link);
  EXPECT_FALSE(move_toolkit_link(*made));
  EXPECT_EQ(fs::read_symlink(place.link), place.b);

  const Result<LinkPlan> moved = place.plan(place.a);
  fs::remove(place.link);
  fs::create_symlink("/etc", place.link);
  EXPECT_FALSE(move_toolkit_link(*moved));
  EXPECT_EQ(fs::read_symlink(place.link), "/etc");

  fs::remove(place.link);
  place.root.write("cuda/mine", "precious");
  EXPECT_FALSE(move_toolkit_link(*moved));
  EXPECT_TRUE(fs::exists(place.link + "/mine"));

  fs::remove_all(place.link);
  EXPECT_FALSE(move_toolkit_link(*moved));  // it is gone
  EXPECT_EQ(place.names(), 2);
}

TEST(ToolkitLink, WithoutRightsItIsSaid) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const Place place;
  fs::permissions(place.root.path(), fs::perms::owner_read | fs::perms::owner_exec);
  const Result<LinkMove> moved = move_toolkit_link(*place.plan(place.a));
  fs::permissions(place.root.path(), fs::perms::owner_all);
  ASSERT_FALSE(moved);
  EXPECT_NE(moved.error().hint.find("rights"), std::string::npos);
}

// Moves the link to and fro until it is killed.
pid_t start_mover(const Place& place) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  for (;;) {
    for (const std::string& target : {place.a, place.b}) {
      const Result<LinkPlan> plan = place.plan(target);
      if (plan && !move_toolkit_link(*plan)) continue;  // another was faster: tried again
    }
  }
}

TEST(ToolkitLink, LeadsToOneOrTheOtherAtAnyMomentAlsoWhenKilled) {
  const Place place;
  ASSERT_TRUE(move_toolkit_link(*place.plan(place.a)));
  long seen_a = 0, seen_b = 0;
  for (int round = 0; round < 10; ++round) {
    const pid_t first = start_mover(place), second = start_mover(place);
    for (int i = 0; i < 2000; ++i) {
      std::error_code error;
      const std::string target = fs::read_symlink(place.link, error).string();
      ASSERT_TRUE(target == place.a || target == place.b) << target << error.message();
      (target == place.a ? seen_a : seen_b) += 1;
    }
    for (const pid_t child : {first, second}) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }
  EXPECT_GT(seen_a, 0);
  EXPECT_GT(seen_b, 0);
  ASSERT_TRUE(move_toolkit_link(*place.plan(place.a)));  // no lock is left
}

}  // namespace
}  // namespace varve
