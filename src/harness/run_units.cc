#include "harness/run_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/forecast.h"
#include "harness/plan.h"
#include "harness/recorders/choose.h"
#include "harness/recording.h"
#include "harness/run_findings.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/temporary_directory.h"

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
  unit.metrics_note = std::move(outcome.metrics_note);
  unit.work_fault = std::move(outcome.work_fault);
  unit.outputs = std::move(outcome.outputs);
  unit.conditions = std::move(outcome.conditions);
  unit.window = outcome.window;
  unit.window_fault = outcome.window_fault;
  unit.threads_at_work = outcome.threads_at_work;
  unit.cpus = outcome.cpus;
  unit.cpus_allowed = outcome.cpus_allowed;
  unit.libraries = std::move(outcome.libraries);
  unit.marks = std::move(outcome.marks);
  return unit;
}

std::int64_t nanoseconds(double seconds) { return std::llround(std::clamp(seconds, 0.0, 1e9) * 1e9); }

// The unit's CPU time is known as a whole. A window's part of it is taken to be its part of the samples, which is said
// where much was not sampled: when that was is not known.
void close_cpu_account(const Unit& unit, Profile& profile) {
  constexpr double kMuchUnsampled = 0.05;
  const double used = unit.user_seconds + unit.system_seconds;
  const auto inside = static_cast<double>(profile.rows_ns());
  const double sampled = inside + static_cast<double>(profile.outside_ns());
  if (!unit.window || sampled <= 0) {
    profile.whole_ns = nanoseconds(used);
    return;
  }
  profile.whole_ns = nanoseconds(used * inside / sampled);
  if (used * 1e9 - sampled > kMuchUnsampled * used * 1e9) {
    profile.unseen.insert("when the CPU time was used that no sample saw: it is divided as the samples are");
  }
}

// Adds what was seen of a unit while it ran, and closes each account by what the unit used of its quantity.
void take_profiles(const ProfileRecord& seen, Unit& unit, KernelTable& kernels) {
  merge(unit.profiles, seen.profiles, kernels.intern_all(seen.kernels));
  for (auto& [kind, profile] : unit.profiles.by_kind) {
    profile.window_ns = unit.window ? unit.window->length_ns : nanoseconds(unit.wall_seconds);
    profile.whole_ns = profile.window_ns;
    if (kind.quantity == Quantity::cpu_time) close_cpu_account(unit, profile);
  }
}

class Scheduler {
 public:
  Scheduler(const RunPlan& plan, const std::vector<PreparedVariant>& variants,
            const std::vector<std::unique_ptr<Recorder>>& recorders, const World& world, Executor& executor,
            RunObserver& observer, Run& run)
      : plan_(plan),
        variants_(variants),
        recorders_(recorders),
        world_(world),
        executor_(executor),
        observer_(observer),
        home_(environment_value(world.environment, "HOME")),
        run_(run),
        pads_(plan.seed),
        outputs_(plan.same_outputs, plan.tolerance) {}

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
      if (interrupt_count() == 0 && kept_) record_side(static_cast<int>(side));
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
    take_canary_before(planned);
    UnitRequest request = make_request(planned, variants_[static_cast<std::size_t>(planned.side)].environment);
    request.output = [this](std::string_view bytes) { observer_.output(bytes); };
    UnitOutcome outcome = executor_.execute(request);
    const std::optional<Finding> failed = unit_finding(what, outcome, plan_.timeout_seconds, home_);
    if (!outcome.not_started.empty()) return stop(first_line(failed->evidence), *failed);
    const Unit& unit = keep(planned, request, outcome);
    if (failed) return stop(first_line(failed->evidence), *failed);
    if (!kept_)
      return stop(fmt::format("what is measured cannot be kept: {}: {}", kept_.error().where, kept_.error().found),
                  not_kept_finding(kept_.error(), home_));
    return check_metrics(what, unit);
  }

  // At the beginning of blocks, and seldom enough to cost a fiftieth of the time at most.
  void take_canary_before(const PlannedUnit& planned) {
    constexpr double kInterval = 1;
    if (planned.role != UnitRole::timing || planned.position != 0) return;
    const double now = run_.units.empty() ? 0 : run_.units.back().started_seconds + run_.units.back().wall_seconds;
    if (!run_.canaries.empty() && now - run_.canaries.back().started_seconds < kInterval) return;
    std::optional<Canary> canary = executor_.canary();
    if (!canary) return;
    canary->before_unit = static_cast<int>(run_.units.size());
    canary->started_seconds = now;
    run_.canaries.push_back(*canary);
  }

  bool check_metrics(const std::string& what, const Unit& unit) {
    std::string& primary = run_.protocol.primary_metric;
    if (primary.empty()) {
      primary = plan_.metric ? *plan_.metric : unit.metrics.empty() ? "wall time" : unit.metrics[0].name;
      if (!plan_.metric && unit.metrics.empty()) run_.protocol.metric_note = unit.metrics_note;
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

  // One unit for each recorder of the side; where one sees nothing, the next of its alternatives gets its turn.
  void record_side(int side) {
    const RecordingGround ground = recording_ground(world_, variants_[static_cast<std::size_t>(side)], run_);
    ChosenRecorders chosen = choose_recorders(plan_.kernels, recorders_, ground);
    run_.variants[static_cast<std::size_t>(side)].recorders = std::move(chosen.choices);
    for (const auto& alternatives : chosen.used) {
      for (const Recorder* recorder : alternatives) {
        if (interrupt_count() > 0 || !kept_ || record_unit(side, *recorder, ground)) break;
      }
    }
  }

  // Whether something was seen.
  bool record_unit(int side, const Recorder& recorder, const RecordingGround& ground) {
    Variant& variant = run_.variants[static_cast<std::size_t>(side)];
    Result<TemporaryDirectory> folder = TemporaryDirectory::make();
    if (!folder) return say_unused(variant, recorder, to_text(folder.error()));
    Result<std::unique_ptr<RecordedUnit>> recorded = recorder.prepare(ground, folder->path());
    if (!recorded) return say_unused(variant, recorder, to_text(recorded.error()));

    observer_.recording(
        fmt::format("recording {} by \"{}\" ({})", variant.name, recorder.name(), why_of(variant, recorder)));
    ++total_;
    const PlannedUnit planned{side, UnitRole::evidence, -1, 0, -1};
    std::map<std::string, std::string> variables = ground.environment;
    for (const auto& [name, value] : (*recorded)->environment()) variables[name] = value;
    const std::vector<std::string> environment = settings_list(variables);
    UnitRequest request = make_request(planned, environment);
    request.timeout_seconds *= 2;  // recording costs time
    request.output = [&](std::string_view bytes) { (*recorded)->output(bytes); };
    request.watched = (*recorded)->descriptor();
    request.readable = [&] { (*recorded)->serve(); };
    UnitOutcome outcome = executor_.execute(request);
    if (!outcome.not_started.empty()) return say_unused(variant, recorder, outcome.not_started);
    std::optional<Finding> failed = unit_finding(describe(planned), outcome, request.timeout_seconds, home_);
    Recording recording = (*recorded)->finish(outcome);
    recording.about.recorder = recorder.name();
    keep(planned, request, outcome, &recording);
    for (auto& [id, fact] : recording.framework) variant.framework.insert_or_assign(id, std::move(fact));
    if (failed) {
      failed->severity = Severity::warning;
      failed->consequence =
          fmt::format("what the recorder \"{}\" saw of this side is not whole; the timing units are not touched by it",
                      recorder.name());
      run_.findings.push_back(std::move(*failed));
    }
    return recording.about.no_evidence.empty();
  }

  static std::string why_of(const Variant& variant, const Recorder& recorder) {
    for (const RecorderChoice& choice : variant.recorders) {
      if (choice.recorder == recorder.name()) return choice.why;
    }
    return "";
  }

  static bool say_unused(Variant& variant, const Recorder& recorder, const std::string& why) {
    for (RecorderChoice& choice : variant.recorders) {
      if (choice.recorder == recorder.name()) choice = {choice.recorder, false, "no evidence: " + why};
    }
    return false;
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
    request.sources = &plan_.sources;
    if (!plan_.same_outputs.empty()) request.outputs = &outputs_;
    request.window_metric =
        run_.protocol.primary_metric.empty() ? plan_.metric.value_or("") : run_.protocol.primary_metric;
    return request;
  }

  const Unit& keep(const PlannedUnit& planned, const UnitRequest& request, UnitOutcome& outcome,
                   const Recording* recording = nullptr) {
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
    if (recording != nullptr) take_recording(*recording, run_.units.back());
    kept_ = observer_.unit_finished(run_);
    return run_.units.back();
  }

  void take_recording(const Recording& recording, Unit& unit) {
    merge(unit.profiles, recording.seen.profiles, run_.kernels.intern_all(recording.seen.kernels));
    unit.recording = recording.about;
    if (unit.end.ok()) note_recording_cost(run_, unit, *unit.recording);
  }

  std::string describe(const PlannedUnit& planned) const {
    return fmt::format("unit {} ({}, {})", run_.units.size(), variant_name(planned.side), to_string(planned.role));
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find_first_of(";\n")); }

  const RunPlan& plan_;
  const std::vector<PreparedVariant>& variants_;
  const std::vector<std::unique_ptr<Recorder>>& recorders_;
  const World& world_;
  Executor& executor_;
  RunObserver& observer_;
  std::string home_;
  Run& run_;
  PadSource pads_;
  OutputWatch outputs_;
  int total_ = 0;
  bool forecast_made_ = false;
  double run_started_at_ = 0;
  std::map<std::string, Metric> seen_;
  Status kept_ = Done{};
};

}  // namespace

void execute_units(const RunPlan& plan, const std::vector<PreparedVariant>& variants,
                   const std::vector<std::unique_ptr<Recorder>>& recorders, const World& world, Executor& executor,
                   RunObserver& observer, Run& run) {
  Scheduler(plan, variants, recorders, world, executor, observer, run).execute();
  if (run.protocol.primary_metric.empty()) run.protocol.primary_metric = plan.metric.value_or("wall time");
}

}  // namespace varve
