#include "kernels/files/trace_files.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "kernels/analysis/ranks.h"
#include "kernels/files/trace_file.h"

namespace varve {

namespace {
constexpr std::size_t kMostCollectives = 5'000;  // of a rank, 240 kB: a thousand ranks are 240 MB
constexpr std::size_t kAhead = 2;                // files a thread may be read before the next one in order is
constexpr auto kLook = std::chrono::milliseconds(100);

// Rows that one profile may have; beyond, less is told apart.
constexpr std::size_t kMostRows = 1'000'000;

void fold_rows(Profile& profile) {
  const auto fold = [&](const char* what, void (*forget)(RowKey&)) {
    if (profile.rows.size() <= kMostRows) return;
    std::vector<ProfileRow> rows = std::move(profile.rows);
    profile.rows.clear();
    for (ProfileRow& row : rows) forget(row.key);
    add_rows(profile, std::move(rows));
    profile.unseen.insert(std::string(what) + " one by one: there are more than a million different rows");
  };
  fold("streams and launch shapes", [](RowKey& key) {
    key.place.stream = -1;
    key.launch = {};
  });
  fold("operations of kernels", [](RowKey& key) { key.operation = kNoKernel; });
  fold("ranks and devices", [](RowKey& key) { key.place = {}; });
}

// Records of one job, in their order. Those of as many files are merged with each other, as a binary counter carries,
// so that a thousand of them are copied ten times and not a thousand. Merging is associative: the result is that of
// one after the other.
class Pile {
 public:
  void add(KernelsRecord&& record) {
    piled_.push_back({1, std::move(record)});
    while (piled_.size() > 1 && piled_[piled_.size() - 2].files == piled_.back().files) merge_last();
  }
  KernelsRecord take() {
    while (piled_.size() > 1) merge_last();
    return std::move(piled_.front().record);
  }

 private:
  struct Piled {
    std::size_t files = 0;
    KernelsRecord record;
  };
  void merge_last() {
    Piled last = std::move(piled_.back());
    piled_.pop_back();
    piled_.back().files += last.files;
    merge(piled_.back().record, std::move(last.record));
    for (auto& [kind, profile] : piled_.back().record.record.profiles.by_kind) fold_rows(profile);
  }

  std::vector<Piled> piled_;
};

// Which record a file's kernels belong to.
class Sorting {
 public:
  explicit Sorting(bool merge_all) : merge_all_(merge_all) {}

  void take(TraceFile&& file) {
    const std::size_t at = place_of(file.record);
    if (at == piles_.size()) {
      piles_.emplace_back();
      collectives_.emplace_back();
    }
    piles_[at].add(std::move(file.record));
    for (RankCollectives& list : file.collectives) {
      if (list.all.size() > kMostCollectives) {
        list.left_out += list.all.size() - kMostCollectives;
        list.all.resize(kMostCollectives);
        list.all.shrink_to_fit();
      }
      collectives_[at].push_back(std::move(list));
    }
  }
  std::vector<KernelsRecord> records() {
    std::vector<KernelsRecord> records;
    for (std::size_t i = 0; i < piles_.size(); ++i) {
      records.push_back(piles_[i].take());
      if (collectives_[i].size() > 1) book_waiting(rank_report(collectives_[i]), records.back());
    }
    return records;
  }

 private:
  using Job = std::tuple<std::string, std::int32_t, std::uint64_t>;  // format, ranks, how many times they came

  std::size_t place_of(const KernelsRecord& record) {
    if (merge_all_) return 0;
    if (record.sources.size() != 1 || record.sources.front().rank < 0) return piles_.size();
    const TraceSource& source = record.sources.front();
    const std::uint64_t time = times_[{source.format, source.ranks, source.rank}]++;
    return jobs_.try_emplace(Job{source.format, source.ranks, time}, piles_.size()).first->second;
  }

  bool merge_all_;
  std::vector<Pile> piles_;
  std::vector<std::vector<RankCollectives>> collectives_;  // of each pile
  std::map<std::tuple<std::string, std::int32_t, std::int32_t>, std::uint64_t> times_;
  std::map<Job, std::size_t> jobs_;
};

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
      auto file = read_one_trace(files_, paths_[*index], options_.trace, [&](std::uint64_t consumed) {
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
  Sorting sorting(options.merge_all);
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
      sorting.take(std::move(**taken));
    } else {
      result.failures.push_back(taken->error());
    }
  }
  result.records = sorting.records();
  return result;
}

}  // namespace varve
