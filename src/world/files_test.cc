#include "world/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "world/test_root.h"
#include "world/world.h"

namespace varve {
namespace {

std::string resolver_name(const testing::TestParamInfo<Resolver>& tested) {
  return tested.param == Resolver::walker ? "Walker" : "Automatic";
}

// What is promised of a root holds for both ways of resolving names.
class RootedFilesTest : public testing::TestWithParam<Resolver> {
 protected:
  const Files& files() {
    if (!files_) {
      Looked<std::unique_ptr<Files>> opened = open_root(root_.path(), GetParam());
      EXPECT_TRUE(opened) << opened.detail;
      files_ = std::move(*opened);
    }
    return *files_;
  }

  TestRoot root_;
  std::unique_ptr<Files> files_;
};

TEST_P(RootedFilesTest, ReadsListsAndResolves) {
  root_.write("etc/b", "two\n");
  root_.write("etc/a", "one\n");
  root_.link("latest", "etc");
  EXPECT_EQ(*files().read("/etc/a"), "one\n");
  EXPECT_EQ(*files().read("etc/a"), "one\n");
  EXPECT_EQ(*files().list("/latest"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*files().read_link("/latest"), "etc");
  EXPECT_EQ(*files().resolve("/latest/../latest/b"), "/etc/b");
  EXPECT_EQ(*files().resolve("/"), "/");
  EXPECT_EQ(*files().kind("/latest"), FileKind::directory);
  EXPECT_EQ(*files().kind("/"), FileKind::directory);
}

TEST_P(RootedFilesTest, AbsentIsSaidAsSuch) {
  root_.write("file", "");
  for (const char* path : {"/none", "/none/deeper", "/file/below"}) {
    const Looked<std::string> text = files().read(path);
    EXPECT_FALSE(text) << path;
    EXPECT_EQ(text.failure, LookFailure::absent) << path;
  }
  EXPECT_EQ(*files().read("/file"), "");  // empty is not absent
  EXPECT_FALSE(files().exists("/none"));
}

TEST_P(RootedFilesTest, LinksStayInside) {
  // Every one of these opens the machine's own file when names are resolved from its real root.
  root_.write("etc/hostname", "inside\n");
  root_.link("absolute", "/etc/hostname");
  root_.link("deep/climbing", "../../../../../../../../etc/hostname");
  root_.link("directory", "/etc");
  root_.link("hop1", "/hop2");
  root_.link("hop2", "../../../absolute");
  for (const char* path : {"/absolute", "/deep/climbing", "/directory/hostname", "/hop1", "/../../etc/hostname"}) {
    const Looked<std::string> text = files().read(path);
    ASSERT_TRUE(text) << path << ": " << text.detail;
    EXPECT_EQ(*text, "inside\n") << path;
  }
  root_.link("passwd", "/etc/passwd");
  EXPECT_FALSE(files().read("/passwd"));
}

TEST_P(RootedFilesTest, LoopsEnd) {
  root_.link("a", "b");
  root_.link("b", "/a");
  root_.link("self", "self/deeper");
  for (const char* path : {"/a", "/self", "/a/b"}) {
    const Looked<std::string> text = files().read(path);
    EXPECT_FALSE(text) << path;
    EXPECT_EQ(text.failure, LookFailure::unreadable) << path;
  }
}

TEST_P(RootedFilesTest, NothingButRegularFilesIsOpened) {
  ASSERT_EQ(::mkfifo(root_.prepare("fifo").c_str(), 0600), 0);
  root_.write("directory/file", "");
  root_.link("to_fifo", "fifo");
  EXPECT_EQ(files().read("/fifo").failure, LookFailure::unreadable);  // and it does not wait for a writer
  EXPECT_EQ(files().read("/to_fifo").detail, "a FIFO, not a regular file");
  EXPECT_EQ(files().read("/directory").detail, "a directory, not a regular file");
  EXPECT_EQ(*files().kind("/to_fifo"), FileKind::fifo);
}

TEST_P(RootedFilesTest, CapsTheSize) {
  root_.write("exact", std::string(100, 'x'));
  const std::string huge = root_.prepare("huge");
  ASSERT_EQ(::close(::open(huge.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  ASSERT_EQ(::truncate(huge.c_str(), off_t{1} << 40), 0);
  EXPECT_TRUE(files().read("/exact", 100));
  EXPECT_FALSE(files().read("/exact", 99));
  EXPECT_TRUE(files().read("/huge").detail.starts_with("larger than 1")) << files().read("/huge").detail;
}

TEST_P(RootedFilesTest, BelowIsARootOfItsOwn) {
  root_.write("inner/etc/name", "inner\n");
  root_.write("etc/name", "outer\n");
  root_.link("inner/out", "/etc/name");
  const Looked<std::unique_ptr<Files>> inner = files().below("/inner");
  ASSERT_TRUE(inner);
  EXPECT_EQ(*(*inner)->read("/out"), "inner\n");
  EXPECT_FALSE(files().below("/etc/name"));
}

TEST_P(RootedFilesTest, RefusesWhatIsNoPath) {
  EXPECT_FALSE(files().read(""));
  EXPECT_FALSE(files().read(std::string_view("/a\0b", 4)));
  EXPECT_FALSE(files().read(std::string(100000, 'a')));
}

TEST_P(RootedFilesTest, SaysWhenPermissionIsMissing) {
  root_.write("closed", "x");
  ::chmod((root_.path() + "/closed").c_str(), 0);
  ::chmod(root_.path().c_str(), 0755);
  files();
  // The superuser may read everything; a child that gives the right up tries in its place.
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(77);
    const Looked<std::string> text = files().read("/closed");
    ::_exit(!text && text.failure == LookFailure::denied ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "running as root, and changing to another user is not permitted";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

INSTANTIATE_TEST_SUITE_P(BothWays, RootedFilesTest, testing::Values(Resolver::automatic, Resolver::walker),
                         resolver_name);

class HostFilesTest : public testing::TestWithParam<Resolver> {};

TEST_P(HostFilesTest, MagicLinksAreReadButNotFollowed) {
  const Looked<std::unique_ptr<Files>> host = open_root("/", GetParam());
  ASSERT_TRUE(host);
  EXPECT_TRUE((*host)->read("/proc/self/status"));  // /proc/self is an ordinary link
  EXPECT_TRUE((*host)->read_link("/proc/self/exe"));
  EXPECT_FALSE((*host)->open("/proc/self/exe"));
  EXPECT_FALSE((*host)->read("/proc/self/root/proc/version"));
  EXPECT_TRUE((*host)->open_magic_link("/proc/self/exe"));
  EXPECT_TRUE((*host)->below("/proc/self/root"));
  EXPECT_EQ((*host)->read("/dev/null").detail, "a device, not a regular file");
}

INSTANTIATE_TEST_SUITE_P(BothWays, HostFilesTest, testing::Values(Resolver::automatic, Resolver::walker),
                         resolver_name);

TEST(OpenRoot, SaysWhyItCannot) {
  EXPECT_EQ(open_root("/no/such/directory").failure, LookFailure::absent);
  EXPECT_FALSE(open_root("/proc/version"));
}

TEST(World, FormatsTimeAsRfc3339) {
  EXPECT_EQ(format_time(std::chrono::system_clock::from_time_t(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(std::chrono::system_clock::from_time_t(1767323045)), "2026-01-02T03:04:05Z");
}

TEST(World, HostKnowsItself) {
  const World world = host_world();
  EXPECT_FALSE(world.architecture.empty());
  EXPECT_EQ(world.environment.contains("PATH"), ::getenv("PATH") != nullptr);
  const double earlier = world.monotonic_seconds();
  EXPECT_GE(world.monotonic_seconds(), earlier);
  EXPECT_TRUE(world.files.read("/proc/version"));
}

TEST(FileReader, BufferedReadsTheSameBytes) {
  const TestRoot root;
  std::string content;
  for (int i = 0; i < 10000; ++i) content += static_cast<char>('a' + i % 26);
  root.write("file", content);
  const Looked<std::unique_ptr<Files>> files = open_root(root.path());
  const Looked<FileReader> file = (*files)->open("/file");
  ASSERT_TRUE(file);
  const FileReader part = file->part(100, 9000)->buffered();
  for (const std::uint64_t offset : {0u, 4000u, 10u, 8990u, 4096u, 0u}) {
    char bytes[10] = {};
    ASSERT_TRUE(part.read_value(offset, bytes));
    EXPECT_EQ(std::string(bytes, 10), content.substr(100 + offset, 10)) << offset;
  }
  char beyond[10] = {};
  EXPECT_FALSE(part.read_value(8991, beyond));
  EXPECT_EQ(part.start(8995, 100), content.substr(9095, 5));
}

TEST(FileReader, APartThatIsNotThereIsNone) {
  const TestRoot root;
  root.write("file", "0123456789");
  const Looked<std::unique_ptr<Files>> files = open_root(root.path());
  const Looked<FileReader> file = (*files)->open("/file");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->part(2, 8));
  EXPECT_FALSE(file->part(2, 9));
  EXPECT_FALSE(file->part(11, 0));
  EXPECT_FALSE(file->part(5, ~std::uint64_t{0}));
}

TEST(Files, ResolvesLikeItsOwnWalk) {
  const TestRoot root;
  root.write("a/b/file", "x");
  root.link("link", "/a/b");
  root.link("a/up", "../a/b/file");
  root.link("outside", "../../../../etc");
  root.link("loop", "loop");
  const Looked<std::unique_ptr<Files>> kernel = open_root(root.path());
  const Looked<std::unique_ptr<Files>> walker = open_root(root.path(), Resolver::walker);
  for (const char* path : {"/", "/a", "/link/file", "a/up", "/outside", "/loop", "/missing", "/a/b/../b/./file"}) {
    const Looked<std::string> one = (*kernel)->resolve(path), other = (*walker)->resolve(path);
    EXPECT_EQ(one.value, other.value) << path;
    if (!one) {
      EXPECT_EQ(one.failure, other.failure) << path;
    }
  }
}

}  // namespace
}  // namespace varve
