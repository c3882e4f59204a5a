#include "kernels/files/trace_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.h"
#include "base/version.h"
#include "kernels/files/trace_files.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"
#include "model/json/documents.h"

namespace varve {

namespace {
constexpr std::size_t kBeginning = 4096;
constexpr std::size_t kPiece = std::size_t{1} << 16;
constexpr std::size_t kLargestDocument = std::size_t{1} << 30;

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
}  // namespace

std::string absolute_path(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

Result<TraceFile> read_one_trace(const Files& files, const std::string& path, const TraceOptions& options,
                                 const std::function<void(std::uint64_t)>& consumed) {
  const Looked<FileReader> file = files.open(absolute_path(path));
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

bool holds_kernels(const Files& files, const std::string& path) {
  const Looked<FileReader> file = files.open(absolute_path(path));
  if (!file) return false;
  return holds_kernels_document(*file, path) ||
         (!is_document(*file, path) && find_trace_format(beginning_of(*file, path)) != nullptr);
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
