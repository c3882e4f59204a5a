#include "harness/recorders/kineto_traces.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "harness/unit/temporary_directory.h"

namespace varve {
namespace {
std::string file_with(const TemporaryDirectory& folder, const std::string& name, const std::string& text) {
  std::string path = folder.path() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(KinetoTraces, AreIdleWhereOperatorsTookLessThanATenthOfTheWindow) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  const auto is_idle = [&](const std::string& text, double seconds) {
    return is_idle_trace(file_with(*folder, "trace.json", text), seconds);
  };
  EXPECT_TRUE(is_idle(R"({"traceEvents": []})", 1));
  EXPECT_TRUE(is_idle(R"({"traceEvents": [{"cat": "cpu_op", "dur": 90000.0}, {"cat": "Trace", "dur": 1e6}]})", 1));
  EXPECT_FALSE(is_idle(R"({"traceEvents": [{"cat": "cpu_op", "dur": 60000.0}, {"cat": "kernel", "dur": 60000}]})", 1));
  EXPECT_FALSE(is_idle(R"({"traceEvents": [)", 1)) << "it is still being written";
  EXPECT_FALSE(is_idle(R"([1, {"cat": 3}])", 1));
  EXPECT_TRUE(is_idle(R"({"traceEvents": [1, {"cat": 3}, {"dur": "x", "cat": "kernel"}]})", 1));
  EXPECT_FALSE(is_idle(R"({"traceEvents": [], "x": ")" + std::string(70000, 'x') + "\"}", 1)) << "it is large";
  EXPECT_FALSE(is_idle_trace(folder->path() + "/no_such_file", 1));
}

// PyTorch's back end "cuspy" packs what it is told to write.
TEST(KinetoTraces, OfAProgramMayBePackedUnderALongerName) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  std::vector<ToldFacts> told(1);
  told[0].own_traces = {folder->path() + "/own.json", folder->path() + "/gone.json"};
  EXPECT_EQ(existing_traces(told), std::vector<std::string>{});
  const std::string packed = file_with(*folder, "own.json.gz", "x");
  EXPECT_EQ(existing_traces(told), std::vector<std::string>{packed});
  const std::string plain = file_with(*folder, "own.json", "x");
  std::filesystem::last_write_time(plain, std::filesystem::last_write_time(packed) - std::chrono::hours(1));
  EXPECT_EQ(existing_traces(told), std::vector<std::string>{packed}) << "the other one is of an earlier run";
  std::filesystem::last_write_time(plain, std::filesystem::last_write_time(packed) + std::chrono::hours(1));
  EXPECT_EQ(existing_traces(told), std::vector<std::string>{plain});
}

TEST(KinetoTraces, UnderAnotherNameAreBegunAndNotThere) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  const std::string trace = kineto_trace(folder->path(), 7);
  EXPECT_FALSE(is_trace_begun(trace));
  file_with(*folder, "kineto_trace_7.json.tmp", "");
  EXPECT_TRUE(is_trace_begun(trace));
  EXPECT_TRUE(kineto_traces(folder->path()).empty());
  file_with(*folder, "kineto_trace_7.json", "{}");
  EXPECT_EQ(kineto_traces(folder->path()), std::vector<std::string>{trace});
}

// One that was given a window at its end was taken apart inside it.
TEST(KinetoTraces, AreNotAskedForAtTheEndOfAProcess) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(lay_hook(folder->path(), std::nullopt));
  EXPECT_FALSE(is_process_ending(folder->path(), 7));
  file_with(*folder, "hook/out/facts_7.json", "{}");
  EXPECT_TRUE(is_process_ending(folder->path(), 7));
  EXPECT_FALSE(is_process_ending(folder->path(), 77));
}

TEST(KinetoTraces, OfAProcessInWhichAHookTookOverAreTheHooks) {
  HookTraces left;
  left.traces = {"/f/hook/out/hook_7.json", "/f/hook/out/hook_9.json"};
  left.instead = {"7", "8"};
  const std::vector<std::string> asked = {"/f/kineto_trace_17.json", "/f/kineto_trace_7.json", "/f/kineto_trace_8.json",
                                          "/f/kineto_trace_9.json"};
  const std::vector<std::string> kept = {"/f/kineto_trace_17.json", "/f/kineto_trace_8.json", "/f/kineto_trace_9.json"};
  EXPECT_EQ(without_replaced(asked, left), kept);
}
}  // namespace
}  // namespace varve
