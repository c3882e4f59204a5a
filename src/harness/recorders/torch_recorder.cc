#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/text.h"
#include "base/units.h"
#include "harness/conditions/machine_time.h"
#include "harness/recorders/kineto_daemon.h"
#include "harness/recorders/kineto_traces.h"
#include "harness/recorders/python_hook.h"
#include "harness/recorders/recorders.h"
#include "kernels/files/trace_files.h"

namespace varve {

namespace {
constexpr double kLongestWindow =
    1.5;  // seconds: some 100 MB of trace where a program launches 100 000 kernels a second
constexpr double kShortestWindow = 0.2;
constexpr double kRest = 4;         // seconds that a long program should have left behind its window
constexpr double kWarmup = 1;       // seconds between Kineto's getting ready and the window; it counts whole ones
constexpr double kHeedless = 2;     // seconds that Kineto may take to look at what it was given
constexpr double kNoTrace = 4;      // seconds after a window's end in which Kineto has begun its trace, or never will
constexpr int kMostWindows = 8;     // of a process
constexpr double kShortMetric = 3;  // seconds of the metric's window that PyTorch's own is too coarse for
constexpr double kLongestHeld = 6;  // seconds for which one window is held open
constexpr double kEarly = 0.3;      // of the time to the metric's window: this unit may be faster by so much
constexpr std::size_t kMostTraces = 256;  // one a process
constexpr std::size_t kMostRemarks = 8;

// The first library that starts with one of these; empty: none was mapped.
std::string mapped_name(const RecordingGround& ground, std::initializer_list<std::string_view> starts) {
  for (const Library& library : ground.libraries) {
    const std::string name = file_name(library.path);
    for (const std::string_view start : starts) {
      if (name.starts_with(start)) return name;
    }
  }
  return "";
}

// PyTorch's own window begins up to two seconds late, so that a short one of the metric may be over by then. Where
// there is a GPU it is asked all the same: ours sees its kernels only where CUDA is in use already when it is opened.
bool is_held(const RecordingGround& ground) {
  const double seconds = static_cast<double>(ground.usual_window->end_ns - ground.usual_window->start_ns) * 1e-9;
  return seconds < kShortMetric && mapped_name(ground, {"libcuda.so"}).empty();
}

// From before the metric's window begins, however much faster this unit gets there. Once more, or where nobody says
// when it measured: from the beginning on.
HookWindow held_window(const RecordingGround& ground, double started_at) {
  if (!ground.usual_window) return {started_at, kLongestHeld, 0.05};
  const MeasuredWindow& usual = *ground.usual_window;
  const double start = static_cast<double>(usual.start_ns) * 1e-9;
  const double length = std::min(static_cast<double>(usual.end_ns - usual.start_ns) * 1e-9, kShortMetric);
  const double margin = std::min(kEarly * start, 0.5 * (kLongestHeld - length));
  return {started_at + (ground.is_second_try ? 0 : start - margin), kLongestHeld, usual.stretches > 1 ? length : 0.05};
}

// In what the metric speaks of, behind its first quarter. Where that is not known, about the middle of what the fastest
// timing unit took: imports, compilers and caches are done with. Not much later: this unit may be faster still, and the
// trace is written before the program ends.
HookWindow window_for(const RecordingGround& ground, double started_at) {
  if (ground.is_second_try || (ground.usual_window && is_held(ground))) return held_window(ground, started_at);
  if (ground.usual_window) {
    const double start = static_cast<double>(ground.usual_window->start_ns) * 1e-9;
    const double length = static_cast<double>(ground.usual_window->end_ns) * 1e-9 - start;
    return {started_at + start + 0.25 * length, std::clamp(0.5 * length, kShortestWindow, kLongestWindow)};
  }
  const double fastest_seconds = ground.fastest_seconds;
  if (fastest_seconds <= 0) return {started_at, 1};
  const double length = std::clamp(0.2 * fastest_seconds, kShortestWindow, kLongestWindow);
  const double start = std::clamp(fastest_seconds - kRest - length, 0.4 * fastest_seconds, 0.6 * fastest_seconds);
  return {started_at + start, length};
}

// Kineto refuses a window for which it has no time left to get ready, and writes nothing then. So one that is near is
// asked for without a time: as soon as it is ready.
std::string configuration_for(const std::string& folder, double delay_seconds, double length_seconds) {
  std::int64_t start_ms = 0;
  if (delay_seconds > kWarmup + kHeedless) {
    const auto start = std::chrono::system_clock::now() + std::chrono::duration<double>(delay_seconds);
    start_ms = std::chrono::duration_cast<std::chrono::milliseconds>(start.time_since_epoch()).count();
  }
  return fmt::format(
      "PROFILE_START_TIME={}\nACTIVITIES_WARMUP_PERIOD_SECS={:.0f}\nACTIVITIES_DURATION_MSECS={:.0f}\n"
      "ACTIVITIES_LOG_FILE={}/kineto_trace.json\nPROFILE_REPORT_INPUT_SHAPES=true\n",
      start_ms, kWarmup, length_seconds * 1000, folder);
}

// What of the traces counts: what the metric speaks of, where the program said when that was; else from the first to
// the last whole step that the program marked, or round in which its operators repeat; else all.
TraceOptions part_of_interest(const UnitOutcome& outcome) {
  TraceOptions options{.cut_to_steps = true};
  options.windows = windows_of(outcome);
  return options;
}

// Of a trace of which only whole steps were counted: which they are.
std::string what_was_counted(const TraceSteps& steps) {
  if (steps.found == TraceSteps::Found::repeated) {
    return fmt::format("counted from the first whole round of what repeats to the last ({})", steps.detail);
  }
  return fmt::format("counted from the first whole \"{}\" to the last, of {}", steps.detail, steps.steps.size());
}

// What a unit's traces say together. Windows and rows are those of all processes, added.
void take_traces(const World& world, std::vector<std::string> paths, const UnitOutcome& outcome, Recording& recording) {
  UnitRecording& about = recording.about;
  if (paths.size() > kMostTraces) {
    about.remarks.push_back(fmt::format("{} traces of more processes are left out", paths.size() - kMostTraces));
    paths.resize(kMostTraces);
  }
  const ReadTraceFiles read =
      read_trace_files(world.files, paths, {.trace = part_of_interest(outcome), .merge_all = true}, nullptr);
  for (const Error& failure : read.failures) about.remarks.push_back("a trace could not be read: " + failure.found);
  if (read.records.empty()) return;
  const KernelsRecord& record = read.records.front();
  about.processes = static_cast<int>(record.sources.size());
  const auto remark = [&](const std::string& text) {  // of several processes once
    const bool is_new = std::find(about.remarks.begin(), about.remarks.end(), text) == about.remarks.end();
    if (is_new) about.remarks.push_back(text);
  };
  for (const TraceSource& source : record.sources) {
    for (const std::string& sentence : source.tally.sentences) remark(sentence);
    if (source.damaged > 0) remark("a trace has parts that could not be read");
    if (source.steps.cut_to) remark(what_was_counted(source.steps));
  }
  recording.seen = record.record;
}

// Hooks of programs with another framework leave a word too.
bool imported_torch(const HookTraces& left) {
  return std::ranges::any_of(left.told, [](const ToldFacts& process) {
    return std::ranges::any_of(process.facts, [](const auto& fact) { return fact.first.starts_with("torch."); });
  });
}

const Profile* main_profile(const Profiles& profiles) {
  const Profile* kernels = profiles.find({WitnessKind::kineto, Quantity::device_time});
  if (kernels != nullptr && !kernels->rows.empty()) return kernels;
  const Profile* operators = profiles.find({WitnessKind::kineto, Quantity::call_time});
  return operators != nullptr && !operators->rows.empty() ? operators : nullptr;
}

// By which of its two ways PyTorch's profiler was opened, and why not by the other.
std::string way_of(bool any_asked_trace, const HookTraces& left) {
  if (left.traces.empty()) return "PyTorch's profiler, asked on demand";
  if (!left.instead.empty()) {
    return "PyTorch's profiler, opened by the start-up hook: asked on demand it left no trace, or one of little but "
           "compiling";
  }
  if (any_asked_trace)
    return "PyTorch's profiler, asked on demand, and opened by the start-up hook in forked processes";
  return "PyTorch's profiler, opened by the start-up hook";
}

class TorchUnit final : public RecordedUnit {
 public:
  TorchUnit(const RecordingGround& ground, std::string folder, KinetoDaemon daemon, HookWindow window)
      : world_(ground.world),
        home_(environment_value(ground.world.environment, "HOME")),
        folder_(std::move(folder)),
        python_path_(hooked_python_path(folder_, ground.environment)),
        has_daemon_(ground.environment.contains("KINETO_USE_DAEMON")),
        has_log_level_(ground.environment.contains("KINETO_LOG_LEVEL")),
        daemon_(std::move(daemon)),
        window_(window) {}

  std::map<std::string, std::string> environment() const override {
    std::map<std::string, std::string> variables = {
        {"KINETO_USE_DAEMON", "1"}, {"KINETO_IPC_SOCKET_DIR", folder_}, {"PYTHONPATH", python_path_}};
    // PyTorch writes lines about a window to stderr, which a parent may read: up to 2.1 of each stage (level 3),
    // by 2.15 of its two ends (5).
    if (!has_log_level_) variables["KINETO_LOG_LEVEL"] = "99";  // above all that there are
    return variables;
  }
  int descriptor() const override { return daemon_.descriptor(); }
  void serve() override {
    daemon_.serve([this](int process) { return answer(process); });
  }

  Recording finish(const UnitOutcome& outcome) override {
    Recording recording;
    HookTraces left = read_hook(folder_, home_);
    recording.framework = main_facts(left.told);
    recording.profiles_itself = left.any_own;
    UnitRecording& about = recording.about;
    put_back_earlier();
    const std::vector<std::string> asked = kineto_traces(folder_), own = existing_traces(left.told);
    if (has_daemon_) about.remarks.push_back("KINETO_USE_DAEMON was set: the machine's daemon did not hear this unit");
    if (left.any_own) about.remarks.push_back("the program opened a profiler itself: it was left alone");
    if (!own.empty()) {
      about.way = "the program's own profiler";
      take_traces(world_, own, outcome, recording);
    } else {
      // A forked child cannot ask: its window is the hook's. Of a process that has both the hook's is the better one.
      std::vector<std::string> traces = without_replaced(asked, left);
      traces.insert(traces.end(), left.traces.begin(), left.traces.end());
      about.way = way_of(traces.size() > left.traces.size(), left);
      take_traces(world_, std::move(traces), outcome, recording);
    }
    describe(outcome, left, recording);
    return recording;
  }

 private:
  // What a process that asks gets: a window, unless it has another profiler open; and another one where hardly anything
  // ran in the last, or nothing came of it (Kineto refused it, or the process has become another program). It asks
  // every few seconds.
  std::string answer(int process) {
    note_to_hook(folder_, "asked", process);
    for (const char* profiler : {"own", "opened", "instead"}) {
      if (has_hook_noted(folder_, profiler, process)) return "";
    }
    if (is_process_ending(folder_, process)) return "";  // nobody would wait for the trace, and PyTorch crashes
    AskedWindows& asked = configured_[process];
    const double now = monotonic_now();
    if (asked.count > 0) {
      const std::string trace = kineto_trace(folder_, process);
      const bool came_to_nothing = now > asked.end_seconds + kNoTrace && !is_trace_begun(trace);
      if (asked.count == kMostWindows) return "";
      if (!came_to_nothing && !is_idle_trace(trace, window_.length_seconds)) return "";
      rename(trace.c_str(), earlier_trace(folder_, process).c_str());
    }
    ++asked.count;
    const double delay = std::max(window_.start_seconds - now, kWarmup);
    asked.end_seconds = now + delay + window_.length_seconds;
    const double ready = std::max(now, now + delay - kWarmup - kHeedless);
    note_to_hook(folder_, "window", process, fmt::format("{:.3f} {:.3f}", asked.end_seconds, ready));
    return configuration_for(folder_, delay, window_.length_seconds);
  }

  // Where a process ended before another window had a trace.
  void put_back_earlier() const {
    for (const auto& [process, asked] : configured_) {
      const std::string trace = kineto_trace(folder_, process);
      std::error_code problem;
      if (!std::filesystem::exists(trace, problem)) {
        rename(earlier_trace(folder_, process).c_str(), trace.c_str());
      }
    }
  }

  void describe(const UnitOutcome& outcome, const HookTraces& left, Recording& recording) const {
    UnitRecording& about = recording.about;
    if (const Profile* profile = main_profile(recording.seen.profiles)) {
      about.window_ns = profile->window_ns;
      about.window = fmt::format("{} of {}", format_seconds(static_cast<double>(profile->window_ns) * 1e-9),
                                 format_seconds(outcome.wall_seconds));
      if (profile->outside_ns() > 0) {
        about.window += fmt::format(", {} outside of it counted apart",
                                    format_seconds(static_cast<double>(profile->outside_ns()) * 1e-9));
      }
      if (about.processes > 1) about.window += fmt::format(", {} processes together", about.processes);
      if (profile->window_ns > 0) {
        about.coverage = static_cast<double>(profile->rows_ns()) / static_cast<double>(profile->window_ns);
      }
    } else {
      about.no_evidence = why_nothing(outcome, left, about.processes);
      about.way.clear();
      recording.has_missed = outcome.end.ok() && !left.any_own && imported_torch(left);
      recording.seen.profiles.add_absent({WitnessKind::kineto, Quantity::call_time}, about.no_evidence);
    }
    if (left.unseen_thread_seconds > 0 && !left.traces.empty()) {
      about.remarks.push_back(
          fmt::format("could not see: what other threads of the program ran in the window ({} of CPU time)",
                      format_seconds(left.unseen_thread_seconds)));
    }
    about.remarks.insert(about.remarks.end(), left.failures.begin(), left.failures.end());
    if (about.remarks.size() > kMostRemarks) about.remarks.resize(kMostRemarks);
  }

  std::string why_nothing(const UnitOutcome& outcome, const HookTraces& left, int traces_read) const {
    if (left.any_own) return "the program opened a profiler itself, and where its trace is could not be seen";
    const std::string end = !outcome.end.ok() ? "it did not end well" : "it had ended before a trace was written";
    const std::string_view other_threads =
        left.shows_every_thread ? "" : ", or on threads beside the main one, which the start-up hook does not see";
    if (traces_read > 0 && !outcome.stretches.empty()) {
      return fmt::format("what the trace shows did not run in what the metric speaks of{}",
                         left.shows_every_thread ? "" : "; other threads than the main one it does not show");
    }
    if (traces_read > 0 && !outcome.end.ok()) {
      return "no trace that was written shows an operator in the window, and it did not end well";
    }
    if (traces_read > 0) {
      return fmt::format(
          "no trace that was written shows an operator in the window: none ran, or in processes that left no whole "
          "trace{}",
          other_threads);
    }
    if (left.any_opened) {
      return fmt::format("the start-up hook opened PyTorch's profiler{}, and {}",
                         !left.instead.empty() ? ", since asked on demand it left no trace" : "", end);
    }
    if (!configured_.empty()) {
      return fmt::format("PyTorch was asked for a window of {}, and {}", format_seconds(window_.length_seconds), end);
    }
    if (imported_torch(left)) return "PyTorch did not ask, and the program had ended before the start-up hook could";
    if (!left.told.empty()) return "no process that the start-up hook heard of imported PyTorch";
    if (!outcome.end.ok())
      return "PyTorch did not ask, and the program did not end well: its start-up hook left no word";
    return "PyTorch did not ask, and the start-up hook left no word: no Python with torch, python -I, -S or -E, "
           "another PYTHONPATH, or a process that did not end by itself";
  }

  const World& world_;
  std::string home_, folder_, python_path_;
  bool has_daemon_;     // the side's own: one of the machine
  bool has_log_level_;  // the side's own
  KinetoDaemon daemon_;
  HookWindow window_;
  // What a process was given: how many windows, and when the last ends on the monotonic clock.
  struct AskedWindows {
    int count = 0;
    double end_seconds = 0;
  };
  std::map<int, AskedWindows> configured_;  // by process
};

// Only what the frameworks were told.
class FrameworkUnit final : public RecordedUnit {
 public:
  FrameworkUnit(const RecordingGround& ground, std::string folder)
      : home_(environment_value(ground.world.environment, "HOME")),
        folder_(std::move(folder)),
        python_path_(hooked_python_path(folder_, ground.environment)) {}
  std::map<std::string, std::string> environment() const override { return {{"PYTHONPATH", python_path_}}; }
  Recording finish(const UnitOutcome&) override {
    Recording recording;
    const HookTraces left = read_hook(folder_, home_);
    recording.framework = main_facts(left.told);
    recording.about.remarks = left.failures;
    if (recording.framework.empty()) {
      recording.about.no_evidence = "the start-up hook left no word: python -I, -S or -E, or a process that was ended";
    } else {
      recording.about.way = "the start-up hook: only what the framework was told";
      recording.about.window = "the end of the unit";
      recording.about.processes = static_cast<int>(left.told.size());
    }
    return recording;
  }

 private:
  std::string home_, folder_, python_path_;
};

std::string torch_library(const RecordingGround& ground) {
  return mapped_name(ground, {"libtorch_cpu.so", "libtorch.so", "libtorch_cuda.so", "libtorch_hip.so"});
}

class TorchRecorder final : public Recorder {
 public:
  std::string_view name() const override { return "torch"; }
  bool needs_cupti() const override { return true; }
  Consideration consider(const RecordingGround& ground) const override {
    const std::string library = torch_library(ground);
    if (library.empty()) return {Fit::not_needed, "no PyTorch was loaded"};
    return {Fit::fits, library + " was loaded"};
  }
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround& ground,
                                                const std::string& folder) const override {
    Result<KinetoDaemon> daemon = KinetoDaemon::open(folder);
    if (!daemon) return daemon.error();
    const HookWindow window = window_for(ground, monotonic_now());
    if (const Status laid = lay_hook(folder, window); !laid) return laid.error();
    return std::unique_ptr<RecordedUnit>(std::make_unique<TorchUnit>(ground, folder, std::move(*daemon), window));
  }
};

class FrameworkRecorder final : public Recorder {
 public:
  std::string_view name() const override { return "frameworks"; }
  Consideration consider(const RecordingGround& ground) const override {
    if (!torch_library(ground).empty()) return {Fit::not_needed, "the recorder \"torch\" asks it"};
    const std::string library = mapped_name(ground, {"libjax_common.so", "xla_extension.so", "libtensorflow_cc.so",
                                                     "libtensorflow_framework.so", "_pywrap_tensorflow"});
    if (library.empty()) return {Fit::not_needed, "neither JAX nor TensorFlow was loaded"};
    return {Fit::fits, library + " was loaded"};
  }
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround& ground,
                                                const std::string& folder) const override {
    if (const Status laid = lay_hook(folder, std::nullopt); !laid) return laid.error();
    return std::unique_ptr<RecordedUnit>(std::make_unique<FrameworkUnit>(ground, folder));
  }
};
}  // namespace

std::unique_ptr<Recorder> torch_recorder() { return std::make_unique<TorchRecorder>(); }
std::unique_ptr<Recorder> framework_recorder() { return std::make_unique<FrameworkRecorder>(); }

}  // namespace varve
