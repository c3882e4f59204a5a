#include "kernels/files/trace_files.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/at_once.h"
#include "kernels/files/job_records.h"
#include "kernels/files/trace_file.h"

namespace varve {

namespace {
constexpr std::size_t kAhead = 2;  // files a thread may be read before the next one in order is
constexpr auto kLook = std::chrono::milliseconds(100);

// Threads that read files in their order, each at most a few files ahead of what was taken.
class Reading {
 public:
  Reading(const Files& files, const std::vector<std::string>& paths, const TraceFilesOptions& options)
      : files_(files), paths_(paths), trace_options_(options.trace), read_(paths.size()) {
    const std::size_t wanted = options.threads > 0 ? options.threads : usable_processors();
    const std::size_t threads = std::min(wanted, paths.size());
    if (threads > 0) trace_options_.threads = wanted / threads;
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
      auto file = read_one_trace(files_, paths_[*index], trace_options_, [&](std::uint64_t consumed) {
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
  TraceOptions trace_options_;
  std::size_t ahead_ = 1;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable_any room_;
  std::size_t next_ = 0, taken_ = 0;
  std::vector<std::optional<Result<TraceFile>>> read_;
  std::atomic<std::uint64_t> consumed_ = 0;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

std::uint64_t bytes_of_all(const Files& files, const std::vector<std::string>& paths) {
  std::uint64_t sum = 0;
  for (const std::string& path : paths) sum += files.size(absolute_path(path)).value.value_or(0);
  return sum;
}

}  // namespace

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
