#include "harness/run_units.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "base/text.h"
#include "base/units.h"
#include "harness/conditions/canaries.h"
#include "harness/continuing.h"
#include "harness/forecast.h"
#include "harness/marks/marks_asked.h"
#include "harness/plan.h"
#include "harness/protocol/failures.h"
#include "harness/protocol/stopping.h"
#include "harness/recorders/choose.h"
#include "harness/recording.h"
#include "harness/run_findings.h"
#include "harness/surroundings.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/temporary_directory.h"
#include "harness/unit_document.h"

namespace varve {

namespace {

constexpr int kMostWarmupRounds = 10'000;  // by time

double end_of(const Unit& unit) { return unit.started_seconds + unit.wall_seconds; }

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
        first_unit_(run.units.size()),
        outputs_(plan.same_outputs, plan.tolerance),
        failures_(plan.rules.keep_going),
        surroundings_(plan, variants, executor, observer, home_),
        canaries_(run, {.machine = [this] { return executor_.canary(); },
                        .gpus = [this](const GpuProductsRequest& request) { return executor_.gpu_products(request); },
                        .say = [this](const std::string& line) { observer_.remark(line); }}) {
    for (const PreparedVariant& variant : variants) canaries_.add_side(variant.variables, variant.server.has_value());
    take_up();
  }

  void execute() {
    const int rounds = rounds_to_execute(plan_, run_);
    const bool warm_up_first = rounds > 0 && plan_.rules.warmup != WarmupRule::found;
    total_ = static_cast<int>(first_unit_) + sides() * (rounds + (warm_up_first ? plan_.warmup : 0));
    observer_.planned(total_);
    const bool is_warm = !warm_up_first || warm_up();
    const TimingMarks marks = marks_of_timing(run_.units, most_telling_);
    timing_marks_ = marks.asked;
    if (!marks.why_not.empty()) observer_.remark(marks.why_not);
    executor_.settle_sampling();
    const bool measured = is_warm && measure(rounds);
    surroundings_.end();
    if (measured && !run_.canaries.empty() && interrupt_count() == 0) canaries_.take(last_end());
    for (int side = 0; measured && side < sides(); ++side) {
      if (interrupt_count() == 0 && kept_) record_side(side);
    }
    failures_.close(run_);
  }

 private:
  int sides() const { return static_cast<int>(variants_.size()); }

  double last_end() const { return run_.units.empty() ? 0 : end_of(run_.units.back()); }

  // What the units that are there already have fixed.
  void take_up() {
    for (const Unit& unit : run_.units) {
      offset_ = std::max(offset_, end_of(unit));
      for (const Metric& metric : unit.metrics) seen_.try_emplace(metric.name, metric);
    }
  }

  bool warm_up() {
    const double start = offset_;
    const bool by_time = plan_.rules.warmup == WarmupRule::time;
    for (int round = 0; round < (by_time ? kMostWarmupRounds : plan_.warmup); ++round) {
      if (by_time && round > 0 && end_of(run_.units.back()) - start >= plan_.rules.warmup_seconds) break;
      if (!execute_all(plan_warmup_round(sides()))) return false;
    }
    return true;
  }

  bool measure(int rounds) {
    if (rounds > 0) observer_.forecast(forecast_lines(plan_, run_.units, run_.protocol.primary_metric));
    const int first = first_new_round(run_);
    for (int round = 0; round < rounds && (round == 0 || !is_enough(plan_.rules, run_)); ++round) {
      if (!execute_all(plan_round(sides(), first + round, plan_.seed))) return false;
      if (round == 0) stop_useless_sampling();
    }
    return true;
  }

  // Into a program that uses less CPU time than lies between two samples none falls, and watching it costs up to a
  // tenth of its time. The first round has told which libraries it loads.
  void stop_useless_sampling() {
    const double period = executor_.seconds_between_samples();
    double most = 0;
    for (auto unit = run_.units.begin() + static_cast<std::ptrdiff_t>(first_unit_); unit != run_.units.end(); ++unit) {
      const Profile* sampled = unit->profiles.find(kCpuSamples);  // also of children that nobody waited for
      if (unit->server || !unit->end.ok() || (sampled != nullptr && sampled->samples() > 0)) return;
      most = std::max(most, unit->user_seconds + unit->system_seconds);
    }
    if (most >= period) return;
    executor_.stop_sampling(fmt::format(
        "units of the first round used at most {:.2g} ms of CPU time, and {:.4g} ms lie between two samples",
        most * 1e3, period * 1e3));
  }

  bool execute_all(const std::vector<PlannedUnit>& planned) {
    return std::all_of(planned.begin(), planned.end(), [&](const PlannedUnit& unit) { return execute_planned(unit); });
  }

  bool stop(std::string reason, Finding finding) {
    run_.complete = false;
    run_.incomplete_reason = std::move(reason);
    run_.findings.push_back(std::move(finding));
    return false;
  }
  bool stop(Finding finding) {
    std::string reason = first_line(finding.evidence);
    return stop(std::move(reason), std::move(finding));
  }

  // `when`: "before unit 3 (A, timing)".
  bool stop_interrupted(const std::string& when) {
    UnitOutcome interrupted;
    interrupted.end.interrupted = true;
    interrupted.interrupted_by = interrupter(interrupt_signal(), world_.environment);
    return stop("interrupted " + when, *unit_finding("the run " + when, interrupted, 0, home_));
  }

  // False when the run ends here.
  bool execute_planned(const PlannedUnit& planned) {
    const std::string what = describe(planned);
    const std::vector<std::string>& environment = variants_[static_cast<std::size_t>(planned.side)].environment;
    const int index = static_cast<int>(run_.units.size());
    if (interrupt_count() > 0) return stop_interrupted("before " + what);
    if (planned.role == UnitRole::timing && planned.position == 0) canaries_.take(last_end());
    UnitRequest request = make_request(planned, environment);
    request.output = [this](std::string_view bytes) { observer_.output(bytes); };
    if (std::optional<Finding> trouble = surroundings_.before(planned, index, environment)) {
      return interrupt_count() > 0 ? stop_interrupted("before " + what) : stop(std::move(*trouble));
    }
    UnitOutcome outcome = executor_.execute(request);
    settle_interrupt(outcome);
    if (outcome.wall_seconds > 0) {
      most_telling_ = std::max(most_telling_, outcome.telling_seconds / outcome.wall_seconds);
    }
    const std::optional<Finding> trouble = surroundings_.after(planned, index, environment, outcome.end.server_failed);
    const std::optional<Finding> failed = unit_finding(what, outcome, plan_.timeout_seconds, home_);
    if (!outcome.not_started.empty()) return stop(*failed);
    const Unit& unit = keep(planned, request, outcome);
    if (!kept_) return stop_not_kept(failed);
    if (failed && outcome.end.interrupted) return stop(*failed);
    if (failed) return failures_.add(*failed, run_) || stop(*failed);
    if (trouble) return interrupt_count() > 0 ? stop_interrupted("after " + what) : stop(*trouble);
    return check_metrics(what, unit);
  }

  bool stop_not_kept(const std::optional<Finding>& failed) {
    if (failed) run_.findings.push_back(*failed);
    return stop(fmt::format("what is measured cannot be kept: {}: {}", kept_.error().where, kept_.error().found),
                not_kept_finding(kept_.error(), home_));
  }

  // A scheduler that ends a job signals its programs too: one that ended by the signal that Varve got as well did not
  // fail.
  void settle_interrupt(UnitOutcome& outcome) const {
    constexpr int kMilliseconds = 100;  // the two signals may come apart
    const int signal = outcome.end.signal;
    const bool may_be = signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
    if (may_be && !outcome.end.timed_out && !outcome.end.interrupted && interrupt_fd() >= 0) {
      pollfd event{interrupt_fd(), POLLIN, 0};
      if (interrupt_count() == 0) poll(&event, 1, kMilliseconds);
      outcome.end.interrupted = interrupt_count() > 0;
    }
    if (outcome.end.interrupted) outcome.interrupted_by = interrupter(interrupt_signal(), world_.environment);
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
    RecordingGround ground = recording_ground(world_, variants_[static_cast<std::size_t>(side)], run_);
    ChosenRecorders chosen = choose_recorders(plan_.kernels, recorders_, ground);
    run_.variants[static_cast<std::size_t>(side)].recorders = std::move(chosen.choices);
    for (const auto& alternatives : chosen.used) {
      for (const Recorder* recorder : alternatives) {
        if (interrupt_count() > 0 || !kept_) break;
        Recorded recorded = record_unit(side, *recorder, ground);
        if (recorded == Recorded::missed && interrupt_count() == 0 && kept_) {
          ground.is_second_try = true;
          recorded = record_unit(side, *recorder, ground);
          ground.is_second_try = false;
        }
        if (recorded == Recorded::seen || recorded == Recorded::left_alone) break;
      }
    }
  }

  // What came of a recorded unit.
  enum class Recorded {
    seen,
    missed,      // it saw what lies beside what the metric speaks of
    left_alone,  // the program profiles itself: nobody else gets a turn
    nothing,
  };

  Recorded record_unit(int side, const Recorder& recorder, const RecordingGround& ground) {
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
    request.timeout_seconds = recording_limit(plan_.timeout_seconds, ground.fastest_seconds);
    request.own_output = [&](std::string_view bytes) { return (*recorded)->output(bytes); };
    request.output_variable = (*recorded)->output_variable();
    request.watched = (*recorded)->descriptor();
    request.readable = [&] { (*recorded)->serve(); };
    const int index = static_cast<int>(run_.units.size());
    if (const auto trouble = surroundings_.before(planned, index, environment)) {
      return say_unused(variant, recorder, first_line(trouble->evidence));
    }
    UnitOutcome outcome = executor_.execute(request);
    settle_interrupt(outcome);
    surroundings_.after(planned, index, environment);
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
    if (recording.about.no_evidence.empty()) return Recorded::seen;
    if (recording.profiles_itself) return Recorded::left_alone;
    return recording.has_missed ? Recorded::missed : Recorded::nothing;
  }

  static std::string why_of(const Variant& variant, const Recorder& recorder) {
    for (const RecorderChoice& choice : variant.recorders) {
      if (choice.recorder == recorder.name()) return choice.why;
    }
    return "";
  }

  static Recorded say_unused(Variant& variant, const Recorder& recorder, const std::string& why) {
    for (RecorderChoice& choice : variant.recorders) {
      if (choice.recorder == recorder.name()) choice = {choice.recorder, false, "no evidence: " + why};
    }
    return Recorded::nothing;
  }

  UnitRequest make_request(const PlannedUnit& planned, const std::vector<std::string>& environment) {
    observer_.unit_started(static_cast<int>(run_.units.size()), total_);
    const PreparedVariant& variant = variants_[static_cast<std::size_t>(planned.side)];
    UnitRequest request;
    request.program = variant.program;
    request.command = &variant.command;
    request.environment = &environment;
    request.directory = variant.directory;
    request.server = surroundings_.server(planned.side);
    request.environment_pad = environment_pad(plan_.seed, run_.units.size());
    request.timeout_seconds = plan_.timeout_seconds;
    request.marks = planned.role == UnitRole::timing ? timing_marks_ : marks_of_others(run_.units);
    request.sources = &plan_.sources;
    if (!plan_.same_outputs.empty()) request.outputs = &outputs_;
    request.window_metric =
        run_.protocol.primary_metric.empty() ? plan_.metric.value_or("") : run_.protocol.primary_metric;
    return request;
  }

  const Unit& keep(const PlannedUnit& planned, const UnitRequest& request, UnitOutcome& outcome,
                   const Recording* recording = nullptr) {
    if (run_.units.size() == first_unit_) run_started_at_ = outcome.started_at - offset_;
    const auto first_now = run_.units.begin() + static_cast<std::ptrdiff_t>(first_unit_);
    const bool first_of_side = std::none_of(
        first_now, run_.units.end(), [&](const Unit& unit) { return unit.variant == variant_name(planned.side); });
    if (first_of_side) {
      outcome.marks.push_back({Mark::first_of_side, "the first unit of its side: caches may have been cold"});
    }
    run_.units.push_back(make_unit(planned, static_cast<int>(run_.units.size()), request.environment_pad,
                                   outcome.started_at - run_started_at_, outcome));
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
  std::size_t first_unit_;  // that is executed now
  OutputWatch outputs_;
  Failures failures_;
  Surroundings surroundings_;
  MarksAsked timing_marks_ = MarksAsked::nothing;
  double most_telling_ = 0;  // of a unit of the warm-up, as a share of it
  Canaries canaries_;
  int total_ = 0;
  double offset_ = 0;          // the end of the units that were there already
  double run_started_at_ = 0;  // on the monotonic clock
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
