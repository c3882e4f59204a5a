#pragma once
// What the tests of the scheduler share: units that are answered without a process.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "harness/plan.h"
#include "harness/recorders/choose.h"
#include "harness/run_units.h"

namespace varve {

// Answers every request from a function, without a process.
class FakeExecutor : public Executor {
 public:
  explicit FakeExecutor(std::function<UnitOutcome(int)> answer) : answer_(std::move(answer)) {}
  UnitOutcome execute(const UnitRequest& request) override {
    programs.push_back(request.program);
    events.push_back(request.program);
    pads.push_back(request.environment_pad);
    environments.push_back(*request.environment);
    window_metrics.push_back(request.window_metric);
    marks.push_back(request.marks);
    const std::string_view own = request.own_output ? request.own_output(text) : text;
    if (!own.empty() && request.output) request.output(own);
    UnitOutcome outcome = answer_(static_cast<int>(programs.size()) - 1);
    outcome.started_at = 100 + static_cast<double>(programs.size());
    return outcome;
  }
  UnitOutcome execute_aside(const UnitRequest& request) override {
    events.push_back(request.command->back());
    UnitOutcome outcome;
    outcome.end.exit_code = aside_exit;
    return outcome;
  }
  Status start_server(int key, const ServerRequest& request) override {
    events.push_back("start " + variant_name(key) + " " + request.command->front());
    if (server_starts) return Done{};
    return Error{"starting the server", "srv", "it ended before it was ready: exit status 3", ""};
  }
  double seconds_between_samples() const override { return sampling_period; }
  void stop_sampling(const std::string& why) override { events.push_back("no samples: " + why); }
  void stop_server(int key) override { events.push_back("stop " + variant_name(key)); }
  std::vector<std::string> events;  // of what is not measured, and units by their programs
  int aside_exit = 0;
  bool server_starts = true;
  double sampling_period = 0;
  std::vector<std::string> programs;
  std::vector<int> pads;
  std::vector<std::string> window_metrics;
  std::vector<MarksAsked> marks;
  std::vector<std::vector<std::string>> environments;
  std::string text;  // what every unit writes to stdout

 private:
  std::function<UnitOutcome(int)> answer_;
};

class UnitWatcher : public RunObserver {
 public:
  void planned(int total) override { events.push_back("planned " + std::to_string(total)); }
  void forecast(const std::vector<std::string>& lines) override { events.push_back("forecast: " + lines[0]); }
  void unit_started(int index, int total) override {
    events.push_back("start " + std::to_string(index) + "/" + std::to_string(total));
  }
  Status unit_finished(const varve::Run& run) override {
    events.push_back("end " + std::to_string(run.units.back().index));
    if (run.units.size() < keeps) return Done{};
    return Error{"keeping the units", "run.json.journal", "No space left on device", ""};
  }
  void output(std::string_view bytes) override { text += bytes; }
  std::vector<std::string> events;
  std::string text;
  std::size_t keeps = 1000;  // units less one
};

// Draws the orders A B, B A, A B, B A, A B, B A of two sides, and A B C, C B A of three.
inline constexpr std::uint64_t kSeedOfTurns = 854;

struct SchedulerBench {
  RunPlan plan;
  std::vector<PreparedVariant> variants;
  UnitWatcher recorder;
  Run run;

  explicit SchedulerBench(int sides, int units = 4, int warmup = 1) {
    plan.units = units;
    plan.warmup = warmup;
    plan.seed = kSeedOfTurns;
    for (int i = 0; i < sides; ++i) {
      plan.variants.push_back({{"x"}, {}});
      PreparedVariant variant;
      variant.document.name = variant_name(i);
      variant.program = std::string("/") + static_cast<char>('a' + i);
      variant.command = {"x"};
      variant.variables = {{"PLAIN", "1"}};
      variant.environment = {"PLAIN=1"};
      run.variants.push_back(variant.document);
      variants.push_back(variant);
    }
  }
  const Run& execute(FakeExecutor& executor) {
    World world = host_world();
    world.environment = {{"HOME", "/home/me"}};
    execute_units(plan, variants, all_recorders(), world, executor, recorder, run);
    return run;
  }
};

inline UnitOutcome fine(int i) {
  UnitOutcome outcome;
  outcome.wall_seconds = 1.0 + 0.01 * i;
  return outcome;
}

inline UnitOutcome writes(std::vector<Metric> metrics) {
  UnitOutcome outcome;
  outcome.metrics = std::move(metrics);
  return outcome;
}

inline std::string ids(const Run& run) {
  std::string text;
  for (const Finding& finding : run.findings) text += (text.empty() ? "" : " ") + finding.id;
  return text;
}

}  // namespace varve
