#include "kernels/files/trace_files.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "base/version.h"
#include "kernels/analysis/ranks.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"
#include "model/json/documents.h"

namespace varve {

namespace {
constexpr std::size_t kBeginning = 4096;
constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kLargestDocument = std::size_t{1} << 30;
constexpr std::size_t kMostCollectives = 5'000;  // of a rank, 240 kB: a thousand ranks are 240 MB
constexpr std::size_t kAhead = 2;                // files a thread may be read before the next one in order is
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

// The first bytes of a file, inflated; fewer where there are not so many, none where it cannot be read.
std::vector<std::byte> beginning_of(const FileReader& file, const std::string& where) {
  std::vector<std::byte> bytes(kBeginning);
  const auto stream = open_trace(file, where);
  std::size_t size = 0;
  while (stream && size < bytes.size()) {
    const auto got = (*stream)->read(std::span(bytes).subspan(size));
    if (!got || *got == 0) break;
    size += *got;
  }
  bytes.resize(size);
  return bytes;
}

// Whether a file is a Varve document. Its keys are sorted, so that what it is stands far behind; what makes a trace one
// (a list of events) never stands before that.
bool is_document(const FileReader& file, const std::string& where) {
  constexpr std::string_view kOurs[] = {"\"schema\": \"varve/", "\"schema\":\"varve/"};
  constexpr std::string_view kForeign[] = {"\"traceEvents\"", "\"ph\"", "\"rocprofiler-sdk-tool\"", "\"frame\""};
  const auto stream = open_trace(file, where);
  if (!stream) return false;
  std::string text;
  bool first = true;
  while (true) {
    const std::size_t kept = std::min<std::size_t>(text.size(), 32);  // a word may be cut
    text.erase(0, text.size() - kept);
    text.resize(kept + kPiece);
    const auto got = (*stream)->read(std::as_writable_bytes(std::span(text)).subspan(kept));
    text.resize(kept + (got ? *got : 0));
    if (!got || *got == 0) return false;
    const std::string_view start = trim(text);
    if (std::exchange(first, false) && !start.starts_with('{') && !start.starts_with('[')) return false;
    const auto find_first = [&](const auto& words) {
      std::size_t at = std::string::npos;
      for (const std::string_view word : words) at = std::min(at, text.find(word));
      return at;
    };
    const std::size_t ours = find_first(kOurs), foreign = find_first(kForeign);
    if (ours != foreign) return ours < foreign;
  }
}

// Documents of kernels alone begin with a list of them.
bool holds_kernels_document(const FileReader& file, const std::string& where) {
  const std::vector<std::byte> bytes = beginning_of(file, where);
  std::string dense;
  for (const std::string_view word : split_words({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
    dense += word;
  }
  return dense.starts_with("{\"kernels\":[") && is_document(file, where);
}

Result<KernelsRecord> read_document(TraceInput& input) {
  std::string text;
  std::size_t size = 0;
  while (true) {
    text.resize(std::max(std::size_t{1} << 16, size * 2));
    const auto got = input.read(std::as_writable_bytes(std::span(text)).subspan(size));
    if (!got) return got.error();
    if (*got == 0) break;
    size += *got;
    if (size > kLargestDocument) return Error{"reading the document", input.where(), "it is larger than 1 GiB", ""};
  }
  text.resize(size);
  Result<Document> document = document_from_json(text, input.where());
  if (!document) return document.error();
  if (auto* record = std::get_if<KernelsRecord>(&*document)) return std::move(*record);
  return Error{"reading a trace", input.where(), "this document is not about kernels", "varve report shows it"};
}

// What was read of one file.
struct TraceFile {
  KernelsRecord record;
  std::vector<RankCollectives> collectives;  // none of a document
  TraceSequence sequence;                    // where it was to be kept
};

// `consumed` is told how many bytes of the file were used up so far.
Result<TraceFile> read_file(const Files& files, const std::string& path, const TraceOptions& options,
                            const std::function<void(std::uint64_t)>& consumed);

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

// What ranks waited inside of collectives, with nothing beside it, is no communication.
void book_waiting(RankReport&& report, KernelsRecord& record) {
  std::int64_t waiting_ns = 0;
  for (const RankWaiting& rank : report.ranks) waiting_ns = add_ns(waiting_ns, rank.exposed_waiting_ns);
  for (auto& [kind, profile] : record.record.profiles.by_kind) {
    const auto collective = profile.parts.find(Part::collective);
    if (kind.quantity != Quantity::device_time || collective == profile.parts.end()) continue;
    const std::int64_t moved = std::min(waiting_ns, collective->second);
    if (moved == 0) continue;
    collective->second -= moved;
    profile.parts[Part::waiting] = add_ns(profile.parts[Part::waiting], moved);
    waiting_ns -= moved;
  }
  record.ranks = std::move(report);
}

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
  if (is_document(*file, path)) {
    Result<KernelsRecord> record = read_document(watched);
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
         (!is_document(*file, path) && find_trace_format(beginning_of(*file, path)) != nullptr);
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
