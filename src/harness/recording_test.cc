// Recording units: what the scheduler does with recorders.
#include "harness/recording.h"

#include <gtest/gtest.h>

#include <functional>

#include "harness/run_units.h"

namespace varve {
namespace {

constexpr ProfileKind kOperators{WitnessKind::kineto, Quantity::call_time};
constexpr const char* kProfilesItself = "the program opened a profiler itself";

// Records one operator of a second, or says why not.
class FakeUnit : public RecordedUnit {
 public:
  FakeUnit(std::string no_evidence, bool misses) : no_evidence_(std::move(no_evidence)), misses_(misses) {}
  std::map<std::string, std::string> environment() const override { return {{"WATCHED", "1"}, {"PLAIN", "2"}}; }
  int descriptor() const override { return 17; }
  void serve() override { served = true; }
  std::string_view output(std::string_view bytes) override {
    text += bytes;
    return bytes;
  }
  Recording finish(const UnitOutcome&) override {
    Recording recording;
    recording.about.no_evidence = no_evidence_;
    recording.has_missed = misses_ && !no_evidence_.empty();
    recording.profiles_itself = no_evidence_ == kProfilesItself;
    if (!no_evidence_.empty()) return recording;
    EXPECT_EQ(text, "hello");
    EXPECT_TRUE(served);
    ProfileRow row{.key = {.activity = Activity::operation}};
    row.key.kernel = recording.seen.kernels.intern({.key = {"aten::mm", "", ""}});
    row.time.add(1'000'000'000);
    Profile& profile = recording.seen.profiles.by_kind[kOperators];
    profile.window_ns = 2'000'000'000;
    add_rows(profile, {row});
    recording.about.way = "by hand";
    recording.framework["torch.threads"] = known_fact(std::int64_t{2}, "test");
    return recording;
  }
  std::string text;
  bool served = false;

 private:
  std::string no_evidence_;
  bool misses_;
};

class FakeKind : public Recorder {
 public:
  FakeKind(std::string name, std::string no_evidence, bool prepares = true)
      : name_(std::move(name)), no_evidence_(std::move(no_evidence)), prepares_(prepares) {}
  std::string_view name() const override { return name_; }
  bool needs_cupti() const override { return true; }
  Consideration consider(const RecordingGround& ground) const override {
    fastest_seconds = ground.fastest_seconds;
    libraries = ground.libraries.size();
    return {Fit::fits, "always"};
  }
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround& ground,
                                                const std::string& folder) const override {
    folders.push_back(folder);
    if (!prepares_) return Error{"preparing", "it", "no socket", ""};
    const bool sees = ground.is_second_try && sees_at_last;
    return std::unique_ptr<RecordedUnit>(std::make_unique<FakeUnit>(sees ? "" : no_evidence_, misses));
  }
  bool misses = false, sees_at_last = false;
  mutable std::vector<std::string> folders;
  mutable double fastest_seconds = 0;
  mutable std::size_t libraries = 0;

 private:
  std::string name_, no_evidence_;
  bool prepares_;
};

// Every unit takes a second and writes 100 tokens/s; a recorded one 50.
class RecordingExecutor : public Executor {
 public:
  UnitOutcome execute(const UnitRequest& request) override {
    requests.push_back(*request.environment);
    UnitOutcome outcome;
    const bool recorded = request.watched == 17;
    outcome.wall_seconds = recorded ? 1.04 : 1;
    outcome.metrics = std::vector<Metric>{{"tokens/s", "1/s", Better::higher, recorded ? 50.0 : 100.0, 1}};
    outcome.libraries = {{"/lib/libc.so.6", "c0", "", false}};
    if (recorded) {
      request.own_output("hello");
      request.readable();
      outcome.end.exit_code = exit_code;
    }
    return outcome;
  }
  std::vector<std::vector<std::string>> requests;
  int exit_code = 0;
};

struct RecordingBench {
  RunPlan plan;
  std::vector<PreparedVariant> variants;
  std::vector<std::unique_ptr<Recorder>> recorders;
  RecordingExecutor executor;
  RunObserver observer;
  Run run;

  RecordingBench() {
    plan.units = 3;
    plan.warmup = 0;
    plan.variants.push_back({{"x"}, {}});
    PreparedVariant variant;
    variant.program = "/x";
    variant.command = {"x"};
    variant.document.name = "A";
    variant.variables = {{"PLAIN", "1"}};
    variant.environment = {"PLAIN=1"};
    run.variants.push_back(variant.document);
    variants.push_back(variant);
  }
  FakeKind& add(std::unique_ptr<FakeKind> recorder) {
    FakeKind& added = *recorder;
    recorders.push_back(std::move(recorder));
    return added;
  }
  const Run& execute() {
    const World world = host_world();
    execute_units(plan, variants, recorders, world, executor, observer, run);
    return run;
  }
};

TEST(RecordingUnits, AreUnitsOfTheirOwn) {
  RecordingBench bench;
  const FakeKind& kind = bench.add(std::make_unique<FakeKind>("torch", ""));
  const varve::Run& run = bench.execute();
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(run.units.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bench.executor.requests[i], std::vector<std::string>{"PLAIN=1"}) << "a timing unit carries nothing";
    EXPECT_FALSE(run.units[i].recording);
  }
  EXPECT_EQ(bench.executor.requests[3], (std::vector<std::string>{"PLAIN=2", "WATCHED=1"}));
  EXPECT_EQ(run.units[3].role, UnitRole::evidence);
  ASSERT_TRUE(run.units[3].recording);
  EXPECT_EQ(run.units[3].recording->recorder, "torch");
  const Profile* seen = run.units[3].profiles.find(kOperators);
  ASSERT_NE(seen, nullptr);
  EXPECT_EQ(seen->window_ns, 2'000'000'000) << "the recorder's window, not the unit's";
  EXPECT_EQ(run.kernels[seen->rows.at(0).key.kernel].key.name, "aten::mm");
  EXPECT_TRUE(run.variants[0].framework.contains("torch.threads"));
  EXPECT_EQ(kind.fastest_seconds, 1);
  EXPECT_EQ(kind.libraries, 1u) << "each path once";
  ASSERT_EQ(run.variants[0].recorders.size(), 1u);
  EXPECT_TRUE(run.variants[0].recorders[0].used);
}

TEST(RecordingUnits, SayWhatTheyCost) {
  RecordingBench bench;
  bench.add(std::make_unique<FakeKind>("torch", ""));
  const UnitRecording& recording = *bench.execute().units.at(3).recording;
  ASSERT_TRUE(recording.cost);
  EXPECT_DOUBLE_EQ(*recording.cost, 2) << "half the tokens a second";
  EXPECT_EQ(recording.cost_metric, "tokens/s");
  EXPECT_TRUE(recording.indicative);

  RecordingBench by_time;
  by_time.plan.metric = "wall time";
  by_time.add(std::make_unique<FakeKind>("torch", ""));
  const UnitRecording& little = *by_time.execute().units.at(3).recording;
  EXPECT_DOUBLE_EQ(little.cost.value_or(0), 1.04);
  EXPECT_FALSE(little.indicative);
}

TEST(RecordingUnits, TheNextRecorderIsTriedWhereOneSawNothing) {
  RecordingBench bench;
  bench.add(std::make_unique<FakeKind>("torch", "it never asked"));
  bench.add(std::make_unique<FakeKind>("cuda", ""));
  const varve::Run& run = bench.execute();
  ASSERT_EQ(run.units.size(), 5u);
  EXPECT_EQ(run.units[3].recording->no_evidence, "it never asked");
  EXPECT_EQ(run.units[4].recording->recorder, "cuda");
  EXPECT_EQ(run.units[4].recording->no_evidence, "");

  RecordingBench first;
  first.add(std::make_unique<FakeKind>("torch", ""));
  const FakeKind& cuda = first.add(std::make_unique<FakeKind>("cuda", ""));
  EXPECT_EQ(first.execute().units.size(), 4u);
  EXPECT_TRUE(cuda.folders.empty());
}

// Another recorder would take CUPTI from the program's own profiler.
TEST(RecordingUnits, NobodyElseIsTriedWhereTheProgramProfilesItself) {
  RecordingBench bench;
  bench.add(std::make_unique<FakeKind>("torch", kProfilesItself));
  const FakeKind& cuda = bench.add(std::make_unique<FakeKind>("cuda", ""));
  const varve::Run& run = bench.execute();
  ASSERT_EQ(run.units.size(), 4u);
  EXPECT_EQ(run.units[3].recording->no_evidence, kProfilesItself);
  EXPECT_TRUE(cuda.folders.empty());
}

TEST(RecordingUnits, AWindowThatWasMissedIsTriedOnceMore) {
  for (const bool sees_at_last : {true, false}) {
    RecordingBench bench;
    auto torch = std::make_unique<FakeKind>("torch", "it came too late");
    torch->misses = true;
    torch->sees_at_last = sees_at_last;
    const FakeKind& tried = bench.add(std::move(torch));
    const FakeKind& cuda = bench.add(std::make_unique<FakeKind>("cuda", ""));
    const varve::Run& run = bench.execute();
    EXPECT_EQ(tried.folders.size(), 2u);
    EXPECT_EQ(cuda.folders.size(), sees_at_last ? 0u : 1u);
    ASSERT_EQ(run.units.size(), sees_at_last ? 5u : 6u);
    EXPECT_EQ(run.units[3].recording->no_evidence, "it came too late");
    EXPECT_EQ(run.units[4].recording->no_evidence, sees_at_last ? "" : "it came too late");
  }
}

TEST(RecordingUnits, WhatCannotBePreparedIsNoEvidence) {
  RecordingBench bench;
  bench.add(std::make_unique<FakeKind>("torch", "", false));
  const varve::Run& run = bench.execute();
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(run.units.size(), 3u);
  EXPECT_FALSE(run.variants[0].recorders[0].used);
  EXPECT_TRUE(run.variants[0].recorders[0].why.starts_with("no evidence: ")) << run.variants[0].recorders[0].why;
  EXPECT_NE(run.variants[0].recorders[0].why.find("no socket"), std::string::npos);
}

TEST(RecordingUnits, AFailureLeavesTheTimingComplete) {
  RecordingBench bench;
  bench.add(std::make_unique<FakeKind>("torch", ""));
  bench.executor.exit_code = 3;
  const varve::Run& run = bench.execute();
  EXPECT_TRUE(run.complete);
  ASSERT_EQ(run.findings.size(), 1u);
  EXPECT_EQ(run.findings[0].severity, Severity::warning);
  EXPECT_FALSE(run.units.at(3).recording->cost) << "a unit that failed has no cost";
}

TEST(RecordingUnits, OneThatDoesNotEndIsEnded) {
  EXPECT_DOUBLE_EQ(recording_limit(0, 2), 80) << "long after every unit without a recorder";
  EXPECT_DOUBLE_EQ(recording_limit(30, 2), 60) << "recording costs time";
  EXPECT_DOUBLE_EQ(recording_limit(0, 0), 0);
}

TEST(RecordingUnits, NoneAreMadeWhenNoneAreWanted) {
  RecordingBench bench;
  bench.plan.kernels = KernelsWay::none;
  bench.add(std::make_unique<FakeKind>("torch", ""));
  EXPECT_EQ(bench.execute().units.size(), 3u);
  EXPECT_TRUE(bench.run.variants[0].recorders.empty());
}

}  // namespace
}  // namespace varve
