#include "kernels/files/trace_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "archive/archive_testing.h"
#include "archive/deflate.h"
#include "base/json.h"
#include "base/test_sources.h"
#include "kernels/databases/database_testing.h"
#include "kernels/files/slim.h"
#include "kernels/files/trace_file.h"
#include "model/json/documents.h"
#include "world/test_root.h"

namespace varve {
namespace {

// A kernels document of one trace, as --slim writes it.
KernelsRecord small_record(std::int32_t rank, std::int32_t ranks, std::int64_t ns) {
  KernelsRecord record;
  TraceSource& source = record.sources.emplace_back();
  source.format = "Kineto";
  source.rank = rank;
  source.ranks = ranks;
  Profile& profile = record.record.profiles.by_kind[{WitnessKind::kineto, Quantity::device_time}];
  // Each trace names its kernels in an order of its own.
  for (std::int32_t i = 0; i < 3; ++i) {
    const std::string name = fmt::format("kernel_{}", (i + std::max(rank, 0)) % 4);
    ProfileRow row{.key = {.activity = Activity::kernel,
                           .kernel = record.record.kernels.intern({.key = {name, "", ""}, .meaning = {.base = name}}),
                           .place = {.rank = rank}}};
    row.time.add(ns + i);
    add_rows(profile, {row});
  }
  profile.whole_ns = profile.rows_ns();
  return record;
}

class TraceFiles : public ::testing::Test {
 protected:
  std::string save(const std::string& name, const KernelsRecord& record) {
    root_.write(name, slim_bytes(record, name));
    return root_.path() + "/" + name;
  }
  ReadTraceFiles read(const std::vector<std::string>& paths, TraceFilesOptions options = {}) {
    return read_trace_files(host_world().files, paths, options, nullptr);
  }
  TestRoot root_;
};

TEST_F(TraceFiles, APlainTraceTellsHowFarItIsRead) {
  std::string text = R"({"traceEvents": [)";
  for (int i = 0; i < 10'000; ++i) {
    text +=
        fmt::format(R"({{"ph": "X", "cat": "kernel", "name": "k", "ts": {}, "dur": 1, "tid": 7, "args": {{}}}},)", i);
  }
  text.back() = ']';
  text += "}\n";
  root_.write("plain.json", text);
  std::vector<std::uint64_t> told;
  const auto consumed = [&](std::uint64_t bytes) { told.push_back(bytes); };
  ASSERT_TRUE(read_one_trace(host_world().files, root_.path() + "/plain.json", {}, consumed));
  ASSERT_GT(told.size(), 3U);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(told.back(), text.size());
}

TEST_F(TraceFiles, ADatabaseTellsHowFarItIsRead) {
  const std::string bytes = test::made_database(
      "CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT); INSERT INTO StringIds VALUES (1, 'gemm');"
      "CREATE TABLE META_DATA_EXPORT (name TEXT, value TEXT);"
      "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER, end INTEGER, deviceId INTEGER, demangledName INTEGER);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "50000) SELECT 10 * i, 10 * i + 5, 0, 1 FROM n");
  root_.write("report.sqlite", bytes);
  std::vector<std::uint64_t> told;
  const auto consumed = [&](std::uint64_t read) { told.push_back(read); };
  ASSERT_TRUE(read_one_trace(host_world().files, root_.path() + "/report.sqlite", {}, consumed));
  ASSERT_GT(told.size(), 10U);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_GT(told.back(), bytes.size() * 8 / 10);
  EXPECT_LE(told.back(), bytes.size());
}

std::string text_of(const std::vector<KernelsRecord>& records) {
  std::string text;
  for (const KernelsRecord& record : records) text += pretty_json(to_json(record));
  return text;
}

// Two whole steps with an operator before, one in each and one behind.
constexpr const char* kMarked = R"({"traceEvents": [
{"ph": "X", "cat": "cpu_op", "name": "aten::rand", "pid": 1, "tid": 1, "ts": 0, "dur": 50},
{"ph": "X", "cat": "user_annotation", "name": "step_1", "pid": 1, "tid": 1, "ts": 100, "dur": 90},
{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1, "ts": 110, "dur": 40},
{"ph": "X", "cat": "user_annotation", "name": "step_2", "pid": 1, "tid": 1, "ts": 200, "dur": 90},
{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1, "ts": 210, "dur": 60},
{"ph": "X", "cat": "cpu_op", "name": "aten::save", "pid": 1, "tid": 1, "ts": 300, "dur": 70}]})";

TEST_F(TraceFiles, CutsToTheStepsThatATraceMarks) {
  root_.write("marked.json", kMarked);
  const std::string path = root_.path() + "/marked.json";
  const ReadTraceFiles whole = read({path}), cut = read({path}, {.trace = {.cut_to_steps = true}});
  ASSERT_EQ(whole.records.size(), 1u);
  ASSERT_EQ(cut.records.size(), 1u);
  constexpr ProfileKind kCalls{WitnessKind::kineto, Quantity::call_time};
  const Profile* all = whole.records[0].record.profiles.find(kCalls);
  const Profile* steps = cut.records[0].record.profiles.find(kCalls);
  ASSERT_NE(all, nullptr);
  ASSERT_NE(steps, nullptr);
  EXPECT_EQ(all->rows_ns(), 300'000);
  EXPECT_EQ(all->outside_ns(), 0);
  EXPECT_EQ(steps->rows_ns(), 180'000);
  EXPECT_EQ(steps->before_ns, 50'000);
  EXPECT_EQ(steps->after_ns, 70'000);
  EXPECT_EQ(steps->window_ns, 190'000);
}

// Three rounds of a product and a softmax behind what made them ready; `last` is how long saving took, behind them.
std::string repeating(int last) {
  std::string text = R"({"traceEvents": [)";
  const auto add = [&](const char* name, int start, int length) {
    text +=
        fmt::format(R"({{"ph": "X", "cat": "cpu_op", "name": "aten::{}", "pid": 1, "tid": 1, "ts": {}, "dur": {}}},)",
                    name, start, length);
  };
  add("rand", 0, 50);
  for (int round = 0; round < 3; ++round) {
    add("mm", 100 + 100 * round, 40);
    add("softmax", 150 + 100 * round, 30);
  }
  add("save", 400, last);
  text.back() = ']';
  return text + "}";
}

// More rounds than are listed, in an even number of events: all count, and the number is no limit of the writer's.
TEST_F(TraceFiles, CutsToAllRoundsHoweverMany) {
  constexpr int kRounds = 10'500;
  std::string text = R"({"traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "aten::rand", "pid": 1, "tid": 1, "ts": 0,
    "dur": 50})";
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& [name, start] : {std::pair("mm", 100), std::pair("softmax", 150)}) {
      text += fmt::format(
          R"(,{{"ph": "X", "cat": "cpu_op", "name": "aten::{}", "pid": 1, "tid": 1, "ts": {}.001, "dur": 40}})", name,
          start + 100 * round);
    }
  }
  root_.write("many.json", text + "]}");
  const ReadTraceFiles files = read({root_.path() + "/many.json"}, {.trace = {.cut_to_steps = true}});
  const TraceSource& source = files.records.at(0).sources.at(0);
  const Profile* rounds = files.records.at(0).record.profiles.find({WitnessKind::kineto, Quantity::call_time});
  ASSERT_NE(rounds, nullptr);
  EXPECT_EQ(rounds->rows_ns(), std::int64_t{kRounds} * 80'000);
  EXPECT_EQ(rounds->before_ns, 50'000);
  EXPECT_EQ(rounds->after_ns, 0);
  EXPECT_TRUE(source.steps.cut_to);
  EXPECT_EQ(source.steps.steps.size(), 10'000u);
  EXPECT_EQ(source.tally.events, 21'000u);
  EXPECT_FALSE(source.tally.capped);
  EXPECT_TRUE(source.tally.sentences.empty()) << source.tally.sentences.front();
}

TEST_F(TraceFiles, CutsToTheRoundsThatRepeatWhereTheyAreMost) {
  root_.write("most.json", repeating(60));
  root_.write("few.json", repeating(600));
  constexpr ProfileKind kCalls{WitnessKind::kineto, Quantity::call_time};
  const auto cut = [&](const char* name) {
    ReadTraceFiles files = read({root_.path() + name}, {.trace = {.cut_to_steps = true}});
    return std::move(files.records.at(0));
  };
  const KernelsRecord most = cut("/most.json"), few = cut("/few.json");
  const Profile* rounds = most.record.profiles.find(kCalls);
  ASSERT_NE(rounds, nullptr);
  EXPECT_EQ(rounds->rows_ns(), 210'000);
  EXPECT_EQ(rounds->before_ns, 50'000);
  EXPECT_EQ(rounds->after_ns, 60'000);
  EXPECT_EQ(rounds->window_ns, 280'000);
  EXPECT_TRUE(most.sources.at(0).steps.cut_to);
  EXPECT_EQ(most.sources.at(0).steps.found, TraceSteps::Found::repeated);
  const Profile* whole = few.record.profiles.find(kCalls);
  ASSERT_NE(whole, nullptr);
  EXPECT_EQ(whole->rows_ns(), 860'000);
  EXPECT_EQ(whole->outside_ns(), 0);
  EXPECT_FALSE(few.sources.at(0).steps.cut_to);
}

TEST_F(TraceFiles, RanksOfOneJobAreAddedUpAndOthersStandApart) {
  const std::vector<std::string> paths = {
      save("a0.json", small_record(0, 2, 100)), save("b0.json.gz", small_record(0, 2, 700)),
      save("a1.json", small_record(1, 2, 200)), save("single.json", small_record(-1, 0, 5)),
      save("b1.json", small_record(1, 2, 900))};
  const ReadTraceFiles apart = read(paths);
  EXPECT_TRUE(apart.failures.empty());
  ASSERT_EQ(apart.records.size(), 3u);
  ASSERT_EQ(apart.records[0].sources.size(), 2u);
  EXPECT_EQ(apart.records[0].sources[0].file, "a0.json");
  EXPECT_EQ(apart.records[0].sources[1].file, "a1.json");
  EXPECT_EQ(apart.records[1].sources[0].file, "b0.json.gz");
  EXPECT_EQ(apart.records[2].sources[0].file, "single.json");
  const Profile& job = apart.records[0].record.profiles.by_kind.begin()->second;
  EXPECT_EQ(job.whole_ns, 100 + 101 + 102 + 200 + 201 + 202);
  EXPECT_EQ(job.rows.size(), 6u) << "the rank is kept";
  const ReadTraceFiles merged = read(paths, {.trace = {}, .merge_all = true});
  ASSERT_EQ(merged.records.size(), 1u);
  EXPECT_EQ(merged.records[0].sources.size(), 5u);
}

TEST_F(TraceFiles, TheAnswerDoesNotDependOnThreads) {
  std::vector<std::string> paths;
  for (std::int32_t rank = 0; rank < 37; ++rank) {
    paths.push_back(save(fmt::format("r{}.json", rank), small_record(rank, 37, 1000 + rank)));
  }
  const std::string one = text_of(read(paths, {.trace = {}, .threads = 1}).records);
  EXPECT_EQ(text_of(read(paths, {.trace = {}, .threads = 2}).records), one);
  EXPECT_EQ(text_of(read(paths, {.trace = {}, .threads = 16}).records), one);
  // One after the other, as the model merges.
  KernelsRecord expected;
  for (std::int32_t rank = 0; rank < 37; ++rank) {
    KernelsRecord next = small_record(rank, 37, 1000 + rank);
    next.sources[0].file = fmt::format("r{}.json", rank);
    merge(expected, std::move(next));
  }
  EXPECT_EQ(one, pretty_json(to_json(expected)));
}

TEST_F(TraceFiles, WhatCannotBeReadIsNamedAndTheRestIsRead) {
  root_.write("notes.txt", "hello\n");
  root_.write("cut.json", slim_bytes(small_record(0, 1, 5), "x").substr(0, 100));
  const ReadTraceFiles found = read({root_.path() + "/notes.txt", root_.path() + "/none.json",
                                     save("good.json", small_record(-1, 0, 5)), root_.path() + "/cut.json"});
  EXPECT_EQ(found.records.size(), 1u);
  ASSERT_EQ(found.failures.size(), 3u);
  EXPECT_NE(found.failures[0].found.find("none that is known"), std::string::npos) << found.failures[0].found;
  EXPECT_NE(found.failures[1].where.find("none.json"), std::string::npos);
  EXPECT_NE(found.failures[2].where.find("cut.json"), std::string::npos);
}

// A trace of 4 000 kernels of 1 µs each, with names that hardly compress.
std::string many_kernels() {
  std::string text = R"({"traceEvents": [)";
  for (std::uint32_t i = 0; i < 4000; ++i) {
    text += fmt::format(R"({}{{"ph": "X", "cat": "kernel", "name": "k{}", "pid": 0, "tid": 7, "ts": {}, "dur": 1}})",
                        i == 0 ? "" : ",\n", i * 2654435761u, 2 * i);
  }
  return text + "]}";
}

TEST_F(TraceFiles, ACompressedTraceThatWasCutIsReadAsFarAsItGoes) {
  const std::string text = many_kernels();
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    std::int64_t before = 0;
    for (std::size_t size = whole.size() / 16; size <= whole.size(); size += whole.size() / 16) {
      root_.write("cut.json.gz", whole.substr(0, size));
      const ReadTraceFiles found = read({root_.path() + "/cut.json.gz"});
      if (found.records.empty()) {
        EXPECT_NE(found.failures[0].found.find("ends too early"), std::string::npos) << found.failures[0].found;
        continue;
      }
      const TraceSource& source = found.records[0].sources[0];
      const std::int64_t time = found.records[0].record.profiles.by_kind.begin()->second.rows_ns();
      EXPECT_GE(time, before) << size;
      EXPECT_EQ(size == whole.size(), source.damaged == 0) << size;
      before = time;
    }
    EXPECT_GT(before, 2'500'000) << "a sixteenth of it is cut off at most, and the block of zstd that it is in";
  }
}

TEST_F(TraceFiles, ACheckSumThatIsWrongIsSaidAndADocumentIsThenRefused) {
  const auto spoilt = [](std::string bytes) {
    bytes[bytes.size() - 6] ^= 1;
    return bytes;
  };
  root_.write("trace.json.gz", spoilt(gzip(many_kernels())));
  root_.write("slim.json.gz", spoilt(gzip_of(pretty_json(to_json(small_record(0, 1, 5))))));
  const ReadTraceFiles found = read({root_.path() + "/trace.json.gz", root_.path() + "/slim.json.gz"});
  ASSERT_EQ(found.records.size(), 1u);
  EXPECT_EQ(found.records[0].record.profiles.by_kind.begin()->second.rows_ns(), 4'000'000);
  ASSERT_EQ(found.records[0].sources[0].damage.size(), 1u);
  EXPECT_NE(found.records[0].sources[0].damage[0].what.find("check sum"), std::string::npos);
  ASSERT_EQ(found.failures.size(), 1u);
  EXPECT_NE(found.failures[0].found.find("check sum"), std::string::npos);
}

TEST_F(TraceFiles, ProgressGoesFromNothingToAll) {
  std::vector<std::string> paths;
  for (int i = 0; i < 5; ++i) paths.push_back(test::source_path("tests/foreign/perf-6.1/plain.txt"));
  std::vector<TraceProgress> seen;
  const ReadTraceFiles found =
      read_trace_files(host_world().files, paths, {}, [&](const TraceProgress& at) { seen.push_back(at); });
  EXPECT_EQ(found.records.size(), 5u) << "one file named five times is five traces";
  ASSERT_GE(seen.size(), 5u);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].files, 5u);
    EXPECT_LE(seen[i].bytes_done, seen[i].bytes);
    if (i > 0) {
      EXPECT_GE(seen[i].bytes_done, seen[i - 1].bytes_done);
    }
  }
  EXPECT_EQ(seen.back().bytes, 5u * 2470u);
  EXPECT_EQ(seen.back().bytes_done, seen.back().bytes);
}

TEST_F(TraceFiles, TellsTracesAndDocumentsOfKernelsFromOthers) {
  const auto holds = [&](const std::string& path) { return holds_kernels(host_world().files, path); };
  EXPECT_TRUE(holds(test::source_path("tests/foreign/perf-6.1/plain.txt")));
  EXPECT_TRUE(holds(save("slim.json.gz", small_record(0, 1, 5))));
  root_.write("pretty.json", pretty_json(to_json(small_record(0, 1, 5))));
  EXPECT_TRUE(holds(root_.path() + "/pretty.json"));
  EXPECT_TRUE(holds(test::source_path("tests/foreign/kineto/moe-b300-02.json.gz")));
  // A document of another kind begins as a trace in JSON may.
  Stack stack;
  for (int i = 0; i < 3000; ++i) stack.facts["settings.X" + std::to_string(i)] = known_fact(std::string("1"), "x");
  root_.write("stack.json", pretty_json(to_json(stack)));
  EXPECT_FALSE(holds(root_.path() + "/stack.json"));
  const ReadTraceFiles other = read({root_.path() + "/stack.json"});
  ASSERT_EQ(other.failures.size(), 1u);
  EXPECT_EQ(other.failures[0].found, "this document is not about kernels");
  EXPECT_FALSE(holds(root_.path() + "/none"));
}

}  // namespace
}  // namespace varve
