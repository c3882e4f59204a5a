#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/run_record.h"

namespace varve {

// One number that a program reported somewhere, before several of one metric are made one.
struct Reported {
  Metric metric;                   // name, unit, direction, value, work and source
  std::optional<int> rank;         // which of several processes that work at the same time
  std::optional<Stretch> stretch;  // when it was measured, by CLOCK_MONOTONIC
  std::string stretch_fault;       // what is wrong with what it says of that
  // How several of it become one, where it says so. `none`: they may have come one after the other, so that rates and
  // counts are not to be added up.
  std::optional<Combined> combine;
};

// What the numbers of a metric were measured over.
struct MetricWindow {
  std::vector<Stretch> stretches;  // by rising start, apart from each other; empty: nothing says
  std::string fault;  // "metrics line 2: \"end_ns\" is not after \"start_ns\""; then there are no stretches
};

struct WrittenMetrics {
  std::vector<Metric> metrics;
  std::map<std::string, MetricWindow, std::less<>> windows;  // by metric, of those that tell of one
  // Metrics of which several numbers cannot be made one, and why; and what a reader has to say of a result.
  std::vector<std::string> notes;
  std::string work_fault;  // the first number that does not fit what was counted and timed; empty: all do
};

// Brings the numbers of a unit together.
class ReportedMetrics {
 public:
  // What is wrong with it beside what came before, "" for nothing: another unit, another direction, too many metrics.
  std::string add(Reported reported);
  void note(std::string text) { notes_.push_back(std::move(text)); }
  void work_fault(std::string text);
  bool empty() const { return order_.empty(); }

  // Of each metric one number, in order of first appearance. How several become one: as `wanted` says; else as they say
  // themselves; else by what the metric is (docs/METRICS.md, "Several lines of one metric"). Where nobody can tell, the
  // metric is left out and a note says why.
  WrittenMetrics close(std::optional<Combined> wanted = std::nullopt);

 private:
  struct Group {
    std::vector<Reported> all;
  };
  std::map<std::string, Group, std::less<>> groups_;
  std::vector<std::string> order_;
  std::vector<std::string> notes_;
  std::string work_fault_;
};

// "sum", "mean", "median", "highest", "lowest": what a user may ask for.
const std::vector<std::string>& combining_words();

}  // namespace varve
