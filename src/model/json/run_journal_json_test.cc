#include "model/json/run_journal_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/json/documents.h"

namespace varve {
namespace {

varve::Run run_to_keep() {
  varve::Run run;
  run.name = "kept";
  run.created_at = "2026-01-02T03:04:05Z";
  run.tool_version = "0.1.0";
  run.protocol.units = 4;
  run.protocol.warmup = 1;
  run.variants.emplace_back();
  run.variants[0].name = "A";
  run.variants[0].command = {"./program"};
  return run;
}

// The next unit, with a library and a kernel of its own beside those that all have.
void measure_unit(varve::Run& run) {
  const std::string number = std::to_string(run.units.size());
  Unit unit;
  unit.variant = "A";
  unit.index = static_cast<int>(run.units.size());
  unit.wall_seconds = 1.5;
  unit.metrics = {{"tokens/s", "1/s", Better::higher, 100, 1, 250}};
  unit.window = MeasuredWindow{1000, 3000, 1500, 2};
  unit.threads_at_work = 2;
  unit.cpus = "0-1";
  unit.cpus_allowed = "0-3";
  unit.libraries = {{"/lib/libc.so.6", "ab", "", false}, {"/lib/lib" + number + ".so", "cd", "", false}};
  Profile& profile = unit.profiles.by_kind[kCpuSamples];
  profile.before_ns = 5;
  profile.between_ns = 6;
  profile.after_ns = 7;
  for (const std::string& name : {std::string("gelu"), "kernel" + number}) {
    ProfileRow row{.key = {.kernel = run.kernels.intern({.key = {name, "/lib/libc.so.6", "ab"}})}, .samples = 3};
    row.time.total_ns = 30;
    add_rows(profile, {row});
  }
  run.units.push_back(std::move(unit));
}

std::string journal_of_units(varve::Run& run, int units) {
  RunJournalLines lines;
  std::string text = lines.next(run);
  for (int i = 0; i < units; ++i) {
    measure_unit(run);
    if (i == 1) run.protocol.primary_metric = "tokens/s";
    if (i == 2) run.variants[0].framework["torch.version"] = known_fact(std::string("2.9"), "torch");
    text += lines.next(run);
  }
  return text;
}

varve::Run read_back(const std::string& text) {
  const Result<Document> read = document_from_json(text, "run.json.journal");
  EXPECT_TRUE(read) << to_text(read.error());
  return read ? std::get<varve::Run>(*read) : varve::Run{};
}

TEST(RunJournal, HoldsWhatTheRunHolds) {
  varve::Run run = run_to_keep();
  const std::string text = journal_of_units(run, 3);
  EXPECT_TRUE(is_run_journal(text));
  const varve::Run back = read_back(text);
  EXPECT_FALSE(back.complete);
  EXPECT_EQ(back.incomplete_reason, "it was ended before its end; its journal holds 3 of 5 planned units");
  run.complete = false;
  run.incomplete_reason = back.incomplete_reason;
  EXPECT_EQ(pretty_json(to_json(back)), pretty_json(to_json(run)));
}

TEST(RunJournal, GrowsByWhatIsNew) {
  varve::Run run = run_to_keep();
  RunJournalLines lines;
  lines.next(run);
  EXPECT_EQ(lines.next(run), "");
  measure_unit(run);
  const Json first = Json::parse(lines.next(run));
  EXPECT_EQ(first["libraries"].size(), 2u);
  EXPECT_FALSE(first.contains("variants"));
  measure_unit(run);
  const Json second = Json::parse(lines.next(run));
  EXPECT_EQ(second["libraries"].size(), 1u);
  EXPECT_EQ(second["kernels"].size(), 1u);
}

TEST(RunJournal, WhereverItIsTornItKeepsEveryWholeLine) {
  varve::Run run = run_to_keep();
  const std::string text = journal_of_units(run, 3);
  const std::size_t head = text.find('\n') + 1;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string torn = text.substr(0, length);
    const Result<Document> read = document_from_json(torn, "run.json.journal");
    if (length + 1 < head) {
      EXPECT_FALSE(read) << length;
      continue;
    }
    ASSERT_TRUE(read) << length << ": " << to_text(read.error());
    const std::size_t whole = static_cast<std::size_t>(std::count(torn.begin(), torn.end(), '\n'));
    const std::size_t units = std::get<varve::Run>(*read).units.size();
    // A line that lacks nothing but its end is whole.
    EXPECT_TRUE(units + 1 == whole || units == whole) << length;
  }
}

TEST(RunJournal, WhatFollowsALineThatCannotBeReadIsLeftOutAndSaid) {
  varve::Run run = run_to_keep();
  std::string text = journal_of_units(run, 4);
  std::vector<std::size_t> ends;
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) ends.push_back(at);
  text.replace(ends[1] + 1, 5, "\0\0\0\0\0", 5);
  const varve::Run back = read_back(text);
  EXPECT_EQ(back.units.size(), 1u);
  EXPECT_NE(back.incomplete_reason.find("its line 3 cannot be read"), std::string::npos) << back.incomplete_reason;
}

TEST(RunJournal, LinesThatPointNowhereAreNotBelieved) {
  varve::Run run = run_to_keep();
  const std::string text = journal_of_units(run, 1);
  const std::string unit = text.substr(text.find('\n') + 1);
  Json wrong = Json::parse(unit);
  wrong["unit"]["libraries"] = {99};
  const std::string head = text.substr(0, text.find('\n') + 1);
  const varve::Run back = read_back(head + wrong.dump() + "\n" + unit);
  EXPECT_TRUE(back.units.empty());
  EXPECT_NE(back.incomplete_reason.find("line 2"), std::string::npos);
  EXPECT_FALSE(document_from_json(head.substr(0, head.find("\"run\"")) + "\"walk\":1}\n", "x"));
}

TEST(RunJournal, ThePrimaryMetricIsTheOneTheRunWouldHaveChosen) {
  varve::Run run = run_to_keep();
  EXPECT_EQ(read_back(journal_of_units(run, 1)).protocol.primary_metric, "tokens/s");
  varve::Run none = run_to_keep();
  EXPECT_EQ(read_back(journal_of_units(none, 0)).protocol.primary_metric, "wall time");
}

}  // namespace
}  // namespace varve
