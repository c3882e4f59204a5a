#include "kernels/files/trace_files.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/text.h"
#include "base/version.h"
#include "kernels/files/job_records.h"
#include "kernels/files/kernels_document.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"

namespace varve {

namespace {
constexpr std::size_t kAhead = 2;  // files a thread may be read before the next one in order is
constexpr auto kLook = std::chrono::milliseconds(100);

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
  const FileReader* file() const override { return rest_.file(); }
  std::uint64_t consumed() const override { return rest_.consumed(); }
  const std::string& where() const override { return rest_.where(); }

 private:
  TraceInput& rest_;
  const std::function<void(std::uint64_t)>& consumed_;
};

// `consumed` is told how many bytes of the file were used up so far.
Result<TraceFile> read_file(const Files& files, const std::string& path, const TraceOptions& options,
                            const std::function<void(std::uint64_t)>& consumed);

// Threads that read files in their order, each at most a few files ahead of what was taken.
class Reading {
 public:
  Reading(const Files& files, const std::vector<std::string>& paths, const TraceFilesOptions& options)
      : files_(files), paths_(paths), options_(options), read_(paths.size()) {
    const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
    const std::size_t threads = std::min<std::size_t>(options.threads > 0 ? options.threads : processors, paths.size());
    ahead_ = threads * kAhead;
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }

  // What was read of a file; nothing before it is. Waits a moment for it.
  std::optional<Result<TraceFile>> take(std::size_t index) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, kLook, [&] { return read_[index].has_value(); });
    if (!read_[index]) return std::nullopt;
    auto taken = std::exchange(read_[index], std::nullopt);
    taken_ = index + 1;
    room_.notify_all();
    return taken;
  }
  std::uint64_t consumed() const { return consumed_; }

 private:
  void work(const std::stop_token& stop) {
    while (const std::optional<std::size_t> index = next(stop)) {
      std::uint64_t before = 0;
      auto file = read_file(files_, paths_[*index], options_.trace, [&](std::uint64_t consumed) {
        consumed_ += consumed - std::min(before, consumed);
        before = std::max(before, consumed);
      });
      const std::lock_guard lock(mutex_);
      read_[*index] = std::move(file);
      ready_.notify_all();
    }
  }
  std::optional<std::size_t> next(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const bool go = room_.wait(lock, stop, [&] { return next_ >= paths_.size() || next_ < taken_ + ahead_; });
    if (!go || next_ >= paths_.size()) return std::nullopt;
    return next_++;
  }

  const Files& files_;
  const std::vector<std::string>& paths_;
  const TraceFilesOptions& options_;
  std::size_t ahead_ = 1;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable_any room_;
  std::size_t next_ = 0, taken_ = 0;
  std::vector<std::optional<Result<TraceFile>>> read_;
  std::atomic<std::uint64_t> consumed_ = 0;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

// From the beginning of the first whole step that a trace annotates to the end of the last; none: it annotates none.
TraceWindows whole_steps(const TraceSteps& steps) {
  Stretch all{INT64_MAX, INT64_MIN};
  for (const TraceStep& step : steps.steps) {
    if (!step.complete) continue;
    all.start_ns = std::min(all.start_ns, step.start_ns);
    all.end_ns = std::max(all.end_ns, step.start_ns + step.length_ns);
  }
  if (steps.found != TraceSteps::Found::annotated || all.end_ns <= all.start_ns) return {};
  return {{all}, false};
}

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

std::uint64_t bytes_of_all(const Files& files, const std::vector<std::string>& paths) {
  std::uint64_t sum = 0;
  for (const std::string& path : paths) sum += files.size(absolute(path)).value.value_or(0);
  return sum;
}

Result<TraceFile> read_file(const Files& files, const std::string& path, const TraceOptions& options,
                            const std::function<void(std::uint64_t)>& consumed) {
  const Looked<FileReader> file = files.open(absolute(path));
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
  if (here.cut_to_steps && here.windows.stretches.empty()) here.windows = whole_steps(trace->reading.steps);
  if (here.windows.stretches.size() > options.windows.stretches.size()) {
    const auto again = open_trace(*file, path);
    if (!again) return again.error();
    trace = read_trace(**again, here);
    if (!trace) return trace.error();
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
  record.record = std::move(reading.record);
  return TraceFile{std::move(record), std::move(reading.collectives), std::move(reading.sequence)};
}
}  // namespace

bool holds_kernels(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(absolute(path));
  if (!file) return false;
  return holds_kernels_document(*file, path) ||
         (!is_varve_document(*file, path) && find_trace_format(beginning_of(*file, path)) != nullptr);
}

Result<KernelsRecord> read_trace_file(const Files& files, const std::string& path, const TraceOptions& options) {
  Result<TraceFile> file = read_file(files, path, options, nullptr);
  if (!file) return file.error();
  return std::move(file->record);
}

Result<ReadSequence> read_trace_sequence(const Files& files, const std::string& path) {
  Result<TraceFile> file = read_file(files, path, {.keep_sequence = true}, nullptr);
  return file ? Result(ReadSequence{std::move(file->record), std::move(file->sequence)}) : file.error();
}

Result<CapturedKernels> read_capture_file(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(absolute(path));
  if (!file) return Error{"opening a capture", path, file.detail, "Give the path of a trace"};
  const auto input = open_trace(*file, path);
  if (!input) return input.error();
  return read_capture(**input);
}

ReadTraceFiles read_trace_files(const Files& files, const std::vector<std::string>& paths,
                                const TraceFilesOptions& options,
                                const std::function<void(const TraceProgress&)>& progress) {
  ReadTraceFiles result;
  JobRecords jobs(options.merge_all);
  TraceProgress reached{.files = paths.size(), .bytes = bytes_of_all(files, paths), .file = {}};
  Reading reading(files, paths, options);
  while (reached.files_done < paths.size()) {
    auto taken = reading.take(reached.files_done);
    reached.bytes_done = std::min(reading.consumed(), reached.bytes);
    reached.file = paths[reached.files_done];
    if (progress) progress(reached);
    if (!taken) continue;
    ++reached.files_done;
    if (*taken) {
      jobs.take(std::move(**taken));
    } else {
      result.failures.push_back(taken->error());
    }
  }
  result.records = jobs.records();
  return result;
}

}  // namespace varve
