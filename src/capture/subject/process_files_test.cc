#include "capture/subject/process_files.h"

#include <gtest/gtest.h>

#include <span>

#include "capture/capture_stack.h"
#include "world/test_root.h"

namespace varve {
namespace {

TEST(PathInRoot, IsWhatTheProcessCallsIt) {
  EXPECT_EQ(path_in_root("/usr/lib/libc.so.6", "/"), "/usr/lib/libc.so.6");
  EXPECT_EQ(path_in_root("/srv/jail/usr/lib/libc.so.6", "/srv/jail"), "/usr/lib/libc.so.6");
  EXPECT_EQ(path_in_root("/usr/lib/libc.so.6", "/srv/jail"), std::nullopt);
  EXPECT_EQ(path_in_root("/srv/jailer/libc.so.6", "/srv/jail"), std::nullopt);
}

std::string line(const std::string& address, const std::string& path) {
  return address + " r-xp 00002000 fe:00 247026                     " + path + "\n";
}

// A process of a fake machine: its root, and files that it has mapped.
class ProcessFilesTest : public ::testing::Test {
 protected:
  std::vector<FileMapping> mapped() {
    const Looked<std::unique_ptr<Files>> root = files_->below("/proc/77/root");
    Looked<std::vector<FileMapping>> found = mapped_files(*files_, "/proc/77", root ? root->get() : nullptr);
    EXPECT_TRUE(found) << found.detail;
    return found ? std::move(*found) : std::vector<FileMapping>{};
  }
  std::unique_ptr<Files> view() {
    Looked<std::unique_ptr<Files>> root = files_->below("/proc/77/root");
    return files_of_process(*files_, std::move(*root), mapped());
  }
  static std::string text(const Looked<FileReader>& file) {
    if (!file) return "(" + file.detail + ")";
    std::string bytes(file->size(), '\0');
    return file->read(0, std::as_writable_bytes(std::span(bytes))) ? bytes : "";
  }

  TestRoot root_;
  std::unique_ptr<Files> files_ = std::move(*open_root(root_.path()));
};

TEST_F(ProcessFilesTest, OfAChrootedProcessAreNamedOnce) {
  root_.write("proc/77/maps", line("1-2", "/srv/jail/lib/libcudart.so.12") + line("3-4", "/lib/before.so"));
  root_.link("proc/77/root", "/srv/jail");
  root_.write("srv/jail/lib/libcudart.so.12", "of the jail");
  root_.write("srv/jail/lib/before.so", "another");
  const std::vector<FileMapping> files = mapped();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "/lib/before.so");
  EXPECT_TRUE(files[0].outside);
  EXPECT_EQ(files[1].path, "/lib/libcudart.so.12");
  EXPECT_FALSE(files[1].outside);
  EXPECT_EQ(text(view()->open("/lib/libcudart.so.12")), "of the jail");
  // Mapped before it changed its root: the file of that name in there is not it.
  EXPECT_NE(text(view()->open("/lib/before.so")), "another");
}

TEST_F(ProcessFilesTest, ThatWereReplacedAreReachedThroughTheirMappings) {
  root_.write("proc/77/maps", line("1-2", "/lib/libx.so.1 (deleted)") + line("3-4", "/lib/liby.so.1 (deleted)"));
  root_.link("proc/77/root", "/");
  root_.write("proc/77/map_files/1-2", "old");
  root_.write("lib/libx.so.1", "new");
  const std::vector<FileMapping> files = mapped();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_TRUE(files[0].deleted && files[0].replaced);
  EXPECT_TRUE(files[1].deleted && !files[1].replaced);
  EXPECT_EQ(text(view()->open("/lib/libx.so.1 (deleted)")), "old");
  EXPECT_EQ(text(view()->open("/lib/libx.so.1")), "new");
  EXPECT_EQ(text(view()->open("/lib/liby.so.1 (deleted)")),
            "(the file was removed, and reading it through the process is not permitted)");
  EXPECT_EQ(*view()->resolve("/lib/libx.so.1 (deleted)"), "/lib/libx.so.1 (deleted)");
  EXPECT_EQ(*view()->kind("/lib/libx.so.1 (deleted)"), FileKind::regular);
}

TEST_F(ProcessFilesTest, MayHaveTheMarkInTheirNames) {
  root_.write("proc/77/maps", line("1-2", "/lib/libx.so (deleted)"));
  root_.link("proc/77/root", "/");
  root_.write("lib/libx.so (deleted)", "called so");
  ASSERT_EQ(mapped().size(), 1u);
  EXPECT_FALSE(mapped()[0].deleted);
  EXPECT_EQ(text(view()->open("/lib/libx.so (deleted)")), "called so");
}

TEST_F(ProcessFilesTest, OfWhatIsNoProgramAreNone) {
  const std::pair<const char*, const char*> kinds[] = {
      {"77 (a (b) c) Z 1 77 77 0 -1 4227084 0",
       "it has ended, and its parent has not asked for its status yet (a zombie)"},
      {"77 (kworker/0:1) I 2 0 0 0 -1 69238880 0", "it is a thread of the kernel and has no files"}};
  for (const auto& [stat, found] : kinds) {
    root_.write("proc/77/stat", stat);
    root_.write("proc/77/maps", "");
    const Result<Stack> stack = capture_stack(test_world(*files_), {.process = 77, .kind = SubjectKind::process});
    ASSERT_FALSE(stack);
    EXPECT_EQ(stack.error().found, found);
  }
}

// A process whose libcudart may not be read: its name is all that there is, and it is never "no CUDA".
TEST_F(ProcessFilesTest, ThatNobodyMayReadSpeakByTheirNames) {
  root_.write("proc/77/stat", "77 (app) S 1 77 77 0 -1 4194304 0");
  root_.link("proc/77/root", "/");
  root_.write("proc/77/environ", "");
  const auto runtimes = [&](const std::string& library) {
    root_.write("proc/77/maps", line("1-2", library));
    const Result<Stack> stack = capture_stack(test_world(*files_), {.process = 77, .kind = SubjectKind::process});
    return stack ? stack->facts.at("process.runtimes") : Fact{};
  };
  EXPECT_EQ(fact_text(runtimes("/lib/libcudart.so.12.1.105 (deleted)")), "12.1");
  const Fact by_soname = runtimes("/lib/libcudart.so.12 (deleted)");
  EXPECT_EQ(by_soname.missing, Missing::denied);
  EXPECT_EQ(by_soname.detail, "libcudart.so.12 is mapped and may not be read");
}

}  // namespace
}  // namespace varve
