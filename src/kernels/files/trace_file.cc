#include "kernels/files/trace_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "base/version.h"
#include "kernels/analysis/ledger.h"
#include "kernels/files/kernels_document.h"
#include "kernels/files/trace_files.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"

namespace varve {

namespace {
// Tells how far the bytes below it were read.
class WatchedInput final : public TraceInput {
 public:
  WatchedInput(TraceInput& rest, const std::function<void(std::uint64_t)>& consumed)
      : rest_(rest), consumed_(consumed) {}

  Result<std::size_t> read(std::span<std::byte> into) override {
    auto got = rest_.read(into);
    if (consumed_) consumed_(rest_.consumed());
    return got;
  }
  const TraceCut* cut() const override { return rest_.cut(); }
  const FileReader* file() const override { return rest_.file(); }
  void came_to(std::uint64_t offset) override {
    if (consumed_) consumed_(offset);
  }
  std::uint64_t consumed() const override { return rest_.consumed(); }
  const std::string& where() const override { return rest_.where(); }

 private:
  TraceInput& rest_;
  const std::function<void(std::uint64_t)>& consumed_;
};

// What a trace accounts for: its kernels, or its operations where it has none.
std::int64_t accounted_ns(const Profiles& profiles) {
  std::int64_t kernels = 0, operations = 0;
  for (const auto& [kind, profile] : profiles.by_kind) {
    if (kind.quantity == Quantity::device_time) kernels = std::max(kernels, profile.rows_ns());
    if (kind.quantity == Quantity::call_time) operations = std::max(operations, profile.rows_ns());
  }
  return kernels > 0 ? kernels : operations;
}

// From the beginning of the first whole step to the end of the last: of those that a trace annotates, else of the
// rounds in which its kernels repeat, where these took most of the time. None: it shows no such steps.
TraceWindows whole_steps(const TraceSteps& steps, const Profiles& profiles) {
  Stretch all{INT64_MAX, INT64_MIN};
  std::int64_t kernels = 0;
  for (const TraceStep& step : steps.steps) {
    if (!step.complete) continue;
    all.start_ns = std::min(all.start_ns, step.start_ns);
    all.end_ns = std::max(all.end_ns, step.start_ns + step.length_ns);
    kernels = add_ns(kernels, step.kernel_ns);
  }
  all.end_ns = std::max(all.end_ns, steps.unlisted_end_ns);
  kernels = add_ns(kernels, steps.unlisted_ns);
  if (steps.found == TraceSteps::Found::none || all.end_ns <= all.start_ns) return {};
  const bool are_most = kernels > accounted_ns(profiles) / 2;
  if (steps.found == TraceSteps::Found::repeated && !are_most) return {};
  return {{all}, false};
}
}  // namespace

std::string absolute_path(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

Result<TraceFile> read_one_trace(const Files& files, const std::string& path, const TraceOptions& options,
                                 const std::function<void(std::uint64_t)>& consumed) {
  const Looked<FileReader> file = files.open(absolute_path(path));
  if (!file) return Error{"opening a trace", path, file.detail, "Give the path of a trace"};
  const auto input = open_trace(*file, path);
  if (!input) return input.error();
  WatchedInput watched(**input, consumed);
  if (is_varve_document(*file, path)) {
    Result<KernelsRecord> record = read_kernels_document(watched);
    if (!record) return record.error();
    // A slim file has no names of traces in it; its own is what the reader of the answer knows.
    for (TraceSource& source : record->sources) {
      if (source.file.empty()) source.file = file_name(path);
    }
    return TraceFile{std::move(*record), {}, {}};
  }
  TraceOptions here = options;
  if (here.files == nullptr) here.files = &files;
  Result<ReadTrace> trace = read_trace(watched, here);
  if (!trace) return trace.error();
  if (here.cut_to_steps && here.windows.stretches.empty()) {
    here.windows = whole_steps(trace->reading.steps, trace->reading.record.profiles);
  }
  if (here.windows.stretches.size() > options.windows.stretches.size()) {
    const auto again = open_trace(*file, path);
    if (!again) return again.error();
    // As the whole trace shows them.
    TraceSteps steps = std::move(trace->reading.steps);
    const TraceTally tally = std::move(trace->reading.tally);
    trace = read_trace(**again, here);
    if (!trace) return trace.error();
    trace->reading.steps = std::move(steps);
    trace->reading.steps.cut_to = true;
    trace->reading.tally.capped = tally.capped;
    if (tally.capped) trace->reading.tally.sentences.push_back(capped_sentence(tally));
  }
  TraceReading& reading = trace->reading;
  KernelsRecord record{.tool_version = std::string(tool_version()), .sources = {}, .record = {}};
  TraceSource& source = record.sources.emplace_back();
  source.file = file_name(path);
  source.format = trace->format;
  source.facts = std::move(reading.facts);
  source.damaged = reading.damaged;
  source.damage = std::move(reading.damage);
  source.rank = reading.rank;
  source.ranks = reading.ranks;
  source.absence = reading.absence;
  source.tally = std::move(reading.tally);
  source.steps = std::move(reading.steps);
  source.windows = std::move(reading.windows);
  record.record = std::move(reading.record);
  return TraceFile{std::move(record), std::move(reading.collectives), std::move(reading.sequence)};
}

bool holds_kernels(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(absolute_path(path));
  if (!file) return false;
  return holds_kernels_document(*file, path) ||
         (!is_varve_document(*file, path) && find_trace_format(beginning_of(*file, path)) != nullptr);
}

Result<KernelsRecord> read_trace_file(const Files& files, const std::string& path, const TraceOptions& options) {
  Result<TraceFile> file = read_one_trace(files, path, options, nullptr);
  if (!file) return file.error();
  return std::move(file->record);
}

Result<CapturedKernels> read_capture_file(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(absolute_path(path));
  if (!file) return Error{"opening a capture", path, file.detail, "Give the path of a trace"};
  const auto input = open_trace(*file, path);
  if (!input) return input.error();
  return read_capture(**input);
}

}  // namespace varve
