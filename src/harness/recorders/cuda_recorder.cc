#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/redact.h"
#include "base/text.h"
#include "base/units.h"
#include "harness/marks/marked_steps.h"
#include "harness/recorders/recorders.h"
#include "kernels/files/trace_files.h"

namespace varve {

namespace {
constexpr const char* kLibrary = "libvarve-cuda.so";
constexpr const char* kInjection = "CUDA_INJECTION64_PATH";
constexpr const char* kSpool = "VARVE_CUDA_SPOOL";
constexpr std::size_t kMostSpools = 4096;  // one a process that initialised CUDA
constexpr std::size_t kMostCudaRemarks = 8;
constexpr ProfileKind kKernels{WitnessKind::cupti, Quantity::device_time};

std::vector<std::string> spools_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code problem;
  for (auto each = std::filesystem::directory_iterator(folder, problem);
       !problem && each != std::filesystem::directory_iterator(); each.increment(problem)) {
    if (each->path().extension() == ".spool") paths.push_back(each->path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class CudaUnit final : public RecordedUnit {
 public:
  CudaUnit(const World& world, std::string library, std::string folder)
      : world_(world),
        home_(environment_value(world.environment, "HOME")),
        library_(std::move(library)),
        folder_(std::move(folder)) {}

  std::map<std::string, std::string> environment() const override {
    return {{kInjection, library_}, {kSpool, folder_}};
  }

  Recording finish(const UnitOutcome& outcome) override {
    Recording recording;
    std::vector<std::string> spools = spools_in(folder_);
    if (spools.empty()) {
      return without_evidence(std::move(recording),
                              "no process initialised CUDA, or none could load the recorder or write its spool");
    }
    UnitRecording& about = recording.about;
    if (spools.size() > kMostSpools) {
      about.remarks.push_back(fmt::format("{} spools of more processes are left out", spools.size() - kMostSpools));
      spools.resize(kMostSpools);
    }
    const TraceOptions part{.windows = windows_of(outcome)};
    const ReadTraceFiles read = read_trace_files(world_.files, spools, {.trace = part, .merge_all = true}, nullptr);
    for (const Error& failure : read.failures) about.remarks.push_back("a spool could not be read: " + failure.found);
    if (read.records.empty()) return without_evidence(std::move(recording), "none of the spools could be read");
    describe(read.records.front(), outcome, recording);
    return recording;
  }

 private:
  static Recording without_evidence(Recording recording, std::string why) {
    recording.seen.profiles.add_absent(kKernels, why);
    recording.about.no_evidence = std::move(why);
    return recording;
  }

  void describe(const KernelsRecord& record, const UnitOutcome& outcome, Recording& recording) const {
    UnitRecording& about = recording.about;
    recording.seen = with_kernels(record.record, [&](Kernel kernel) {
      kernel.key.library = shorten_home(kernel.key.library, home_);
      return kernel;
    });
    about.processes = static_cast<int>(record.sources.size());
    for (const TraceSource& source : record.sources) take_remarks(source, about);
    if (about.remarks.size() > kMostCudaRemarks) about.remarks.resize(kMostCudaRemarks);
    const Profile* kernels = recording.seen.profiles.find(kKernels);
    if (kernels == nullptr || kernels->rows.empty()) {
      const std::vector<std::string> reasons = recording.seen.profiles.reasons_absent(kKernels);
      about.no_evidence = !reasons.empty() ? reasons.front()
                          : kernels != nullptr && kernels->outside_ns() > 0
                              ? "no kernel ran in what the metric speaks of"
                              : "CUDA was initialised, and nothing was launched";
      if (reasons.empty()) recording.seen.profiles.add_absent(kKernels, about.no_evidence);
      return;
    }
    about.way = "CUPTI, by the recorder in the program";
    about.window_ns = kernels->window_ns;
    about.window = fmt::format("from the first kernel to the last, {} of {}",
                               format_seconds(static_cast<double>(kernels->window_ns) * 1e-9),
                               format_seconds(outcome.wall_seconds));
    if (kernels->outside_ns() > 0) {
      about.window += fmt::format(" in what the metric speaks of, {} of kernels outside of it counted apart",
                                  format_seconds(static_cast<double>(kernels->outside_ns()) * 1e-9));
    }
    if (about.processes > 1) about.window += fmt::format(", {} processes together", about.processes);
    if (kernels->window_ns > 0) {
      about.coverage = static_cast<double>(kernels->rows_ns()) / static_cast<double>(kernels->window_ns);
    }
  }

  // How graphs were recorded, what it cost and what is missing: each sentence once.
  static void take_remarks(const TraceSource& source, UnitRecording& about) {
    const auto remark = [&](std::string text) {
      if (std::find(about.remarks.begin(), about.remarks.end(), text) == about.remarks.end()) {
        about.remarks.push_back(std::move(text));
      }
    };
    const auto tell = [&](const char* fact, const char* title) {
      const auto found = source.facts.find(fact);
      if (found != source.facts.end()) remark(std::string(title) + fact_text(found->second));
    };
    tell("trace.cuda_graphs", "graphs were recorded ");
    tell("trace.ptx_jit", "");
    tell("trace.recorder_cost", "the recorder: ");
    if (source.damaged > 0) remark("a spool has parts that could not be read");
  }

  const World& world_;
  std::string home_, library_, folder_;
};

class CudaRecorder final : public Recorder {
 public:
  std::string_view name() const override { return "cuda"; }
  bool needs_cupti() const override { return true; }

  Consideration consider(const RecordingGround& ground) const override {
    if (std::string why = obstacle(ground); !why.empty()) return {Fit::impossible, std::move(why)};
    for (const Library& library : ground.libraries) {
      if (file_name(library.path).starts_with("libcuda.so")) {
        return {Fit::fits, std::string("libcuda.so was loaded; ") + graph_level(ground)};
      }
    }
    return {Fit::not_needed, "no libcuda was loaded"};
  }

  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround& ground,
                                                const std::string& folder) const override {
    if (std::string why = obstacle(ground); !why.empty()) {
      return Error{"recording through CUPTI", kLibrary, std::move(why), "use --kernels=torch or cpu"};
    }
    return std::unique_ptr<RecordedUnit>(std::make_unique<CudaUnit>(ground.world, injected_library(kLibrary), folder));
  }

 private:
  // What is recorded of graphs, and what that costs.
  static const char* graph_level(const RecordingGround& ground) {
    const auto asked = ground.environment.find("VARVE_CUDA_RECORD");
    const bool nodes = asked != ground.environment.end() && asked->second.find("graph-nodes") != std::string::npos;
    return nodes
               ? "the kernels of graphs are recorded one by one: a record for each node of each launch, the level that "
                 "costs most"
               : "graphs are recorded as wholes: a record for each launch, the level that costs least";
  }
  // What is in its way; empty: nothing.
  static std::string obstacle(const RecordingGround& ground) {
    if (injected_library(kLibrary).empty()) return fmt::format("{} is not there", kLibrary);
    const auto set = ground.environment.find(kInjection);
    if (set != ground.environment.end() && !set->second.empty()) {
      return fmt::format("the program's environment has {} already: {} is left alone", kInjection,
                         file_name(set->second));
    }
    return "";
  }
};
}  // namespace

std::unique_ptr<Recorder> cuda_recorder() { return std::make_unique<CudaRecorder>(); }

}  // namespace varve
