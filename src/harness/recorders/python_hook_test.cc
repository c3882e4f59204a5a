#include "harness/recorders/python_hook.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "harness/unit/temporary_directory.h"

namespace varve {
namespace {

TEST(PythonHook, TellsOfTheThreadsThatItsWindowsShow) {
  const Result<TemporaryDirectory> folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(lay_hook(folder->path(), HookWindow{1, 2}));
  note_to_hook(folder->path(), "opened", 10, "every thread");
  EXPECT_TRUE(read_hook(folder->path(), "").any_opened);
  EXPECT_TRUE(read_hook(folder->path(), "").shows_every_thread);
  note_to_hook(folder->path(), "opened", 11, "main thread");
  note_to_hook(folder->path(), "others", 11, "0.75");
  note_to_hook(folder->path(), "others", 12, "0.5");
  note_to_hook(folder->path(), "others", 13, "much");
  EXPECT_FALSE(read_hook(folder->path(), "").shows_every_thread);
  EXPECT_DOUBLE_EQ(read_hook(folder->path(), "").unseen_thread_seconds, 1.25);
}

TEST(PythonHook, AllThatItLoadsLiesBesideIt) {
  const Result<TemporaryDirectory> folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(lay_hook(folder->path(), std::nullopt));
  for (const char* part :
       {"sitecustomize", "varve_hook", "framework_questions", "torch_hook", "torch_traces", "torch_window"}) {
    EXPECT_GT(std::filesystem::file_size(folder->path() + "/hook/" + part + ".py"), 0u) << part;
  }
}

}  // namespace
}  // namespace varve
