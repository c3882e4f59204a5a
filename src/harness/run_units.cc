#include "harness/run_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/forecast.h"
#include "harness/plan.h"
#include "harness/run_findings.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/kernel_witness.h"
#include "kernels/onednn_verbose.h"

namespace varve {

namespace {

constexpr int kPadRange = 4096;

// SplitMix64 (Steele, Lea and Flood 2014, doi 10.1145/2714064.2660195): the same pads for a seed on every machine.
class PadSource {
 public:
  explicit PadSource(std::uint64_t seed) : state_(seed) {}
  int next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<int>((z ^ (z >> 31)) % kPadRange);
  }

 private:
  std::uint64_t state_;
};

Unit make_unit(const PlannedUnit& planned, int index, int pad, double run_started_at, UnitOutcome& outcome) {
  Unit unit;
  unit.variant = variant_name(planned.side);
  unit.role = planned.role;
  unit.index = index;
  unit.block = planned.block;
  unit.position = planned.position;
  unit.pair = planned.pair;
  unit.started_seconds = std::max(0.0, outcome.started_at - run_started_at);
  unit.end = outcome.end;
  unit.wall_seconds = outcome.wall_seconds;
  unit.user_seconds = outcome.user_seconds;
  unit.system_seconds = outcome.system_seconds;
  unit.steal_seconds = outcome.steal_seconds;
  unit.peak_memory_bytes = outcome.peak_memory_bytes;
  unit.peak_memory_note = outcome.peak_memory_note;
  unit.involuntary_switches = outcome.involuntary_switches;
  unit.environment_pad = pad;
  if (outcome.metrics) unit.metrics = *outcome.metrics;
  unit.libraries = std::move(outcome.libraries);
  unit.marks = std::move(outcome.marks);
  return unit;
}

std::int64_t nanoseconds(double seconds) { return std::llround(std::clamp(seconds, 0.0, 1e9) * 1e9); }

// Adds what was seen of a unit to it, and closes each account by what the unit used of its quantity.
void take_profiles(const ProfileRecord& seen, Unit& unit, KernelTable& kernels) {
  merge(unit.profiles, seen.profiles, kernels.intern_all(seen.kernels));
  for (auto& [kind, profile] : unit.profiles.by_kind) {
    profile.window_ns = nanoseconds(unit.wall_seconds);
    profile.whole_ns =
        kind.quantity == Quantity::cpu_time ? nanoseconds(unit.user_seconds + unit.system_seconds) : profile.window_ns;
  }
}

class Scheduler {
 public:
  Scheduler(const RunPlan& plan, const std::vector<PreparedVariant>& variants, Executor& executor,
            RunObserver& observer, const std::string& home, Run& run)
      : plan_(plan),
        variants_(variants),
        executor_(executor),
        observer_(observer),
        home_(home),
        run_(run),
        pads_(plan.seed) {}

  void execute() {
    const std::vector<PlannedUnit> planned = plan_units(static_cast<int>(variants_.size()), plan_.units, plan_.warmup);
    total_ = static_cast<int>(planned.size());
    observer_.planned(total_);
    for (const PlannedUnit& unit : planned) {
      if (unit.role == UnitRole::timing && !forecast_made_) {
        forecast_made_ = true;
        observer_.forecast(forecast_lines(plan_, run_.units, run_.protocol.primary_metric));
      }
      if (!execute_planned(unit)) return;
    }
    for (std::size_t side = 0; side < variants_.size(); ++side) {
      if (interrupt_count() == 0 && loaded_onednn(variant_name(static_cast<int>(side)))) {
        execute_evidence(static_cast<int>(side));
      }
    }
  }

 private:
  bool stop(std::string reason, Finding finding) {
    run_.complete = false;
    run_.incomplete_reason = std::move(reason);
    run_.findings.push_back(std::move(finding));
    return false;
  }

  // False when the run ends here.
  bool execute_planned(const PlannedUnit& planned) {
    const std::string what = describe(planned);
    if (interrupt_count() > 0) {
      UnitOutcome interrupted;
      interrupted.end.interrupted = true;
      return stop("interrupted before " + what, *unit_finding("the run before " + what, interrupted, 0, home_));
    }
    UnitRequest request = make_request(planned, variants_[static_cast<std::size_t>(planned.side)].environment);
    request.output = [this](std::string_view bytes) { observer_.output(bytes); };
    UnitOutcome outcome = executor_.execute(request);
    const std::optional<Finding> failed = unit_finding(what, outcome, plan_.timeout_seconds, home_);
    if (!outcome.not_started.empty()) return stop(first_line(failed->evidence), *failed);
    const Unit& unit = keep(planned, request, outcome);
    if (failed) return stop(first_line(failed->evidence), *failed);
    return check_metrics(what, unit);
  }

  bool check_metrics(const std::string& what, const Unit& unit) {
    std::string& primary = run_.protocol.primary_metric;
    if (primary.empty()) {
      primary = plan_.metric ? *plan_.metric : unit.metrics.empty() ? "wall time" : unit.metrics[0].name;
    }
    if (!find_metric(unit, primary)) {
      return stop(fmt::format("{} did not write the metric \"{}\"", what, primary),
                  metric_missing_finding(what, primary, unit));
    }
    for (const Metric& metric : unit.metrics) {
      const Metric& before = seen_.try_emplace(metric.name, metric).first->second;
      if (before.unit != metric.unit || before.better != metric.better) {
        return stop(fmt::format("{} wrote the metric \"{}\" with another unit or direction", what, metric.name),
                    metric_changed_finding(what, before, metric));
      }
    }
    return true;
  }

  void execute_evidence(int side) {
    ++total_;
    const PlannedUnit planned{side, UnitRole::evidence, -1, 0, -1};
    UnitRequest request = make_request(planned, variants_[static_cast<std::size_t>(side)].evidence_environment);
    request.timeout_seconds *= 2;  // the verbose lines cost time
    OnednnVerboseScanner scanner;
    request.output = [&scanner](std::string_view bytes) { scanner.feed(bytes); };
    UnitOutcome outcome = executor_.execute(request);
    std::optional<Finding> failed = unit_finding(describe(planned), outcome, request.timeout_seconds, home_);
    const ProfileRecord onednn = scanner.take();
    merge(outcome.seen, onednn);
    if (onednn.profiles.find(kOnednnCalls) == nullptr) {
      outcome.seen.profiles.add_absent(
          kOnednnCalls, "oneDNN wrote no verbose lines: it was loaded and not used, or built without them");
    }
    if (outcome.not_started.empty()) keep(planned, request, outcome);
    if (!failed) return;
    failed->severity = Severity::warning;
    failed->consequence = "there is no evidence from oneDNN for this side; the timing units are not touched by it";
    run_.findings.push_back(std::move(*failed));
  }

  UnitRequest make_request(const PlannedUnit& planned, const std::vector<std::string>& environment) {
    observer_.unit_started(static_cast<int>(run_.units.size()), total_);
    const PreparedVariant& variant = variants_[static_cast<std::size_t>(planned.side)];
    UnitRequest request;
    request.program = variant.program;
    request.command = &variant.command;
    request.environment = &environment;
    request.environment_pad = pads_.next();
    request.timeout_seconds = plan_.timeout_seconds;
    return request;
  }

  const Unit& keep(const PlannedUnit& planned, const UnitRequest& request, UnitOutcome& outcome) {
    if (run_.units.empty()) run_started_at_ = outcome.started_at;
    const bool first_of_side = std::none_of(run_.units.begin(), run_.units.end(), [&](const Unit& unit) {
      return unit.variant == variant_name(planned.side);
    });
    if (first_of_side) {
      outcome.marks.push_back({Mark::first_of_side, "the first unit of its side: caches may have been cold"});
    }
    run_.units.push_back(
        make_unit(planned, static_cast<int>(run_.units.size()), request.environment_pad, run_started_at_, outcome));
    take_profiles(outcome.seen, run_.units.back(), run_.kernels);
    observer_.unit_finished(run_.units.back());
    return run_.units.back();
  }

  bool loaded_onednn(const std::string& variant) const {
    return std::any_of(run_.units.begin(), run_.units.end(), [&](const Unit& unit) {
      return unit.role == UnitRole::timing && unit.variant == variant &&
             std::any_of(unit.libraries.begin(), unit.libraries.end(),
                         [](const Library& library) { return may_contain_onednn(library.path); });
    });
  }

  std::string describe(const PlannedUnit& planned) const {
    return fmt::format("unit {} ({}, {})", run_.units.size(), variant_name(planned.side), to_string(planned.role));
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find_first_of(";\n")); }

  const RunPlan& plan_;
  const std::vector<PreparedVariant>& variants_;
  Executor& executor_;
  RunObserver& observer_;
  const std::string& home_;
  Run& run_;
  PadSource pads_;
  int total_ = 0;
  bool forecast_made_ = false;
  double run_started_at_ = 0;
  std::map<std::string, Metric> seen_;
};

}  // namespace

void execute_units(const RunPlan& plan, const std::vector<PreparedVariant>& variants, Executor& executor,
                   RunObserver& observer, const std::string& home, Run& run) {
  Scheduler(plan, variants, executor, observer, home, run).execute();
  if (run.protocol.primary_metric.empty()) run.protocol.primary_metric = plan.metric.value_or("wall time");
}

}  // namespace varve
