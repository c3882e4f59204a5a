#pragma once
// What the tests that execute real programs share.
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/benchmark.h"

namespace varve {

using std::chrono::steady_clock;

// Keeps what the program writes, and runs the test's own code at its events.
class Listener : public RunObserver {
 public:
  void unit_started(int index, int) override {
    if (on_start) on_start(index);
  }
  void output(std::string_view bytes) override {
    count += bytes.size();
    if (text.size() < 100'000) text += bytes;
    if (on_output) on_output(text);
  }
  void remark(const std::string& line) override { remarks.push_back(line); }
  std::function<void(int)> on_start;
  std::function<void(const std::string&)> on_output;
  std::string text;
  std::vector<std::string> remarks;
  std::size_t count = 0;
};

inline RunPlan plan_of(std::vector<std::string> command, int units = 2) {
  RunPlan plan;
  plan.name = "test";
  plan.variants = {{std::move(command), {}}};
  plan.units = units;
  plan.warmup = 0;
  plan.sampling_hertz = 0;
  return plan;
}

inline RunPlan shell(const std::string& script, int units = 1) { return plan_of({"sh", "-c", script}, units); }

inline Run run_of(const RunPlan& plan, Listener& listener) {
  Result<Run> run = run_benchmark(plan, host_world(), listener);
  if (!run) throw std::runtime_error(to_text(run.error()));
  return *run;
}

inline Run run_of(const RunPlan& plan) {
  Listener listener;
  return run_of(plan, listener);
}

inline double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

inline const Finding* find(const Run& run, const std::string& id) {
  for (const Finding& finding : run.findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

}  // namespace varve
