#include "kernels/formats/trace_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "kernels/analysis/trace_analysis.h"
#include "kernels/analysis/window_sink.h"
#include "kernels/cuda/cuda_spool_trace.h"
#include "kernels/databases/database_formats.h"
#include "kernels/formats/foreign_files.h"
#include "kernels/kineto/kineto.h"
#include "kernels/trace/trace_input.h"

namespace varve {

namespace {
constexpr std::size_t kBeginning = 4096;

// The bytes that were read to tell the format, and then the rest.
class Resumed final : public TraceInput {
 public:
  Resumed(std::span<const std::byte> beginning, TraceInput& rest) : beginning_(beginning), rest_(rest) {}

  Result<std::size_t> read(std::span<std::byte> into) override {
    if (beginning_.empty()) return rest_.read(into);
    const std::size_t size = std::min(into.size(), beginning_.size());
    std::copy_n(beginning_.begin(), size, into.begin());
    beginning_ = beginning_.subspan(size);
    return size;
  }
  const FileReader* file() const override { return rest_.file(); }
  void came_to(std::uint64_t offset) override { rest_.came_to(offset); }
  const std::string& where() const override { return rest_.where(); }

 private:
  std::span<const std::byte> beginning_;
  TraceInput& rest_;
};

// A trace that was inflated into memory, for formats that need the file.
class HeldInput final : public TraceInput {
 public:
  HeldInput(FileReader file, std::string where) : file_(std::move(file)), where_(std::move(where)) {}

  Result<std::size_t> read(std::span<std::byte> into) override {
    const std::size_t size = std::min<std::uint64_t>(into.size(), file_.size() - at_);
    if (!file_.read(at_, into.first(size))) {
      return Error{"reading a trace", where_, "it cannot be read from memory", "Inflate the file first"};
    }
    at_ += size;
    return size;
  }
  const FileReader* file() const override { return &file_; }
  const std::string& where() const override { return where_; }

 private:
  FileReader file_;
  std::string where_;
  std::uint64_t at_ = 0;
};

std::string known_formats() {
  std::vector<std::string> names;
  for (const TraceFormat& format : trace_formats()) names.emplace_back(format.name);
  return join(names, ", ");
}

Error unknown_format(bool is_empty, const std::string& where) {
  return Error{"reading a trace", where, is_empty ? "it is empty" : "its format is none that is known",
               fmt::format("Formats that are read: {}", known_formats())};
}
}  // namespace

const std::vector<TraceFormat>& trace_formats() {
  static const std::vector<TraceFormat> table = {
      kNsightSystems, kNvprof,     kRocpd,       kRpd,        kRocprofDatabase, kXplane,    kPftrace, kProton,
      kRocprofJson,   kRocprofCsv, kOnednnTrace, kMklVerbose, kPerfScript,      kCudaSpool, kKineto};
  return table;
}

const TraceFormat* find_trace_format(std::span<const std::byte> beginning, const FileReader* file) {
  const auto& table = trace_formats();
  const auto found = std::find_if(table.begin(), table.end(), [&](const TraceFormat& format) {
    return format.recognises(beginning) && (format.holds == nullptr || file == nullptr || format.holds(*file));
  });
  return found == table.end() ? nullptr : &*found;
}

Result<ReadTrace> read_trace(TraceInput& input, const TraceOptions& options) {
  std::array<std::byte, kBeginning> bytes;
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto got = input.read(std::span(bytes).subspan(size));
    if (!got) return got.error();
    if (*got == 0) break;
    size += *got;
  }
  const auto beginning = std::span<const std::byte>(bytes).first(size);
  if (const ForeignFile* foreign = find_foreign_file(beginning)) {
    return Error{"reading a trace", input.where(), foreign->what, foreign->what_to_do};
  }
  Resumed whole(beginning, input);
  const TraceFormat* format = find_trace_format(beginning, input.file());
  std::optional<HeldInput> held;
  TraceInput* source = &whole;
  if (format != nullptr && format->holds != nullptr && input.file() == nullptr) {
    const auto file = whole_file(whole);
    if (!file) return file.error();
    source = &held.emplace(*file, input.where());
    format = find_trace_format(beginning, held->file());
  }
  if (format == nullptr) return input.cut() ? input.cut()->why : unknown_format(size == 0, input.where());
  TraceAnalysis analysis(format->witness, options);
  WindowSink window(analysis, options.windows);
  const bool is_cut = !options.windows.stretches.empty();
  TraceSink& sink = is_cut ? static_cast<TraceSink&>(window) : analysis;
  const Status read = format->read(*source, sink, options);
  const TraceCut* cut = input.cut();
  if (!read) return cut != nullptr ? cut->why : read.error();
  if (cut != nullptr) sink.damaged(cut->at, cut->why.found + " (places are counted as inflated)");
  ReadTrace trace{format->name, analysis.take()};
  if (is_cut) window.write_outside(format->witness, trace.reading.record);
  return trace;
}

Result<CapturedKernels> read_capture(TraceInput& input) {
  Result<ReadTrace> trace = read_trace(input, {.keep_captured = true});
  if (!trace) return trace.error();
  CapturedKernels& captured = trace->reading.captured;
  const bool any = std::any_of(captured.all.begin(), captured.all.end(),
                               [](const CapturedKernels::One& one) { return one.operation != CapturedKernels::kNone; });
  if (any) return std::move(captured);
  return Error{"reading a capture", input.where(),
               fmt::format("of its {} kernels and launches none belongs to an operation", captured.all.size()),
               "Trace a run without graphs, with operators and their shapes"};
}

}  // namespace varve
