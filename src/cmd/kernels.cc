#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "cmd/document_files.h"
#include "cmd/flags.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "kernels/files/slim.h"
#include "kernels/files/trace_files.h"
#include "model/json/documents.h"
#include "report/text/text_kernels.h"
#include "world/world.h"

namespace varve {

namespace {
struct KernelsFlags {
  std::vector<std::string> files;
  std::string by = "name", slim, capture;
  int top = 10;
  bool merge = false, csv = false, device_only = false;
  OutputOptions output;
};

struct GroupingWord {
  const char* word;
  KernelGrouping grouping;
};
constexpr GroupingWord kGroupings[] = {
    {"name", KernelGrouping::name},       {"family", KernelGrouping::family}, {"operation", KernelGrouping::operation},
    {"library", KernelGrouping::library}, {"rank", KernelGrouping::rank},     {"step", KernelGrouping::step},
};

std::vector<std::string> grouping_words() {
  std::vector<std::string> words;
  for (const GroupingWord& one : kGroupings) words.emplace_back(one.word);
  return words;
}

KernelGrouping grouping_of(const std::string& word) {
  return std::find_if(std::begin(kGroupings), std::end(kGroupings), [&](const auto& one) { return one.word == word; })
      ->grouping;
}

// A bar for what takes longer than a second.
class ReadingBar {
 public:
  void show(const TraceProgress& reached) {
    if (std::chrono::steady_clock::now() - began_ < std::chrono::seconds(1)) return;
    constexpr int kMebibyte = 20;  // bits
    std::string what = "MiB, " + reached.file;
    if (reached.files > 1) {
      what = "MiB, file " + std::to_string(reached.files_done + 1) + " of " + std::to_string(reached.files) + ": " +
             reached.file;
    }
    bar_.show(static_cast<int>(reached.bytes_done >> kMebibyte), static_cast<int>(reached.bytes >> kMebibyte), what);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  ProgressBar bar_;
};

ReadTraceFiles read_files(const KernelsFlags& options, const CapturedKernels* capture) {
  ReadingBar bar;
  return read_trace_files(
      host_world().files, options.files,
      {.trace = {.device_only = options.device_only, .capture = capture}, .merge_all = options.merge},
      [&](const TraceProgress& reached) { bar.show(reached); });
}

std::string json_of(const std::vector<KernelsRecord>& records) {
  if (records.size() == 1) return pretty_json(to_json(records.front()));
  Json list = Json::array();
  for (const KernelsRecord& record : records) list.push_back(to_json(record));
  return pretty_json(list);
}

std::string text_of(const ReadTraceFiles& read, const KernelsFlags& options) {
  const KernelView view{grouping_of(options.by), static_cast<std::size_t>(options.top)};
  std::string text;
  for (const KernelsRecord& record : read.records) {
    text += (text.empty() ? "" : "\n") + text_kernels(record, view, output_style());
  }
  return text;
}

// A table of steps has no room for why there are none.
void tell_missing_steps(const std::vector<KernelsRecord>& records) {
  for (const KernelsRecord& record : records) {
    for (const TraceSource& source : record.sources) {
      if (!source.steps.steps.empty()) continue;
      tell(source.file + ": no steps: " + (source.steps.detail.empty() ? "none are marked" : source.steps.detail));
    }
  }
}

Status write_slim(const std::vector<KernelsRecord>& records, const std::string& file) {
  if (records.size() != 1) {
    return Error{"writing the slim file", file, "these are several traces that were not merged",
                 "Add --merge, or give one of them"};
  }
  return write_file(file, slim_bytes(slimmed(records.front()), file));
}

ExitStatus show(const KernelsFlags& options) {
  if (options.csv && options.output.json) {
    return complain({"reading the command line", "", "--csv and --json cannot stand together", "Choose one of them"},
                    ExitStatus::usage);
  }
  if (options.device_only && !options.capture.empty()) {
    return complain({"reading the command line", "", "--capture needs the order of events, which --device-only drops",
                     "Choose one of them"},
                    ExitStatus::usage);
  }
  if (!options.slim.empty()) {
    if (const Status writable = check_writable(options.slim); !writable) return complain(writable.error());
  }
  std::optional<CapturedKernels> capture;
  if (!options.capture.empty()) {
    Result<CapturedKernels> captured = read_capture_file(host_world().files, options.capture);
    if (!captured) return complain(captured.error());
    capture = std::move(*captured);
  }
  const ReadTraceFiles read = read_files(options, capture ? &*capture : nullptr);
  ExitStatus status = ExitStatus::ok;
  for (const Error& failure : read.failures) status = complain(failure);
  if (read.records.empty()) return status;
  if (!options.slim.empty()) {
    if (const Status written = write_slim(read.records, options.slim); !written) status = complain(written.error());
  }
  if (options.csv && grouping_of(options.by) == KernelGrouping::step) tell_missing_steps(read.records);
  const bool seen = std::any_of(read.records.begin(), read.records.end(), has_evidence);
  if (status == ExitStatus::ok && !seen) status = ExitStatus::inconclusive;
  return write_answer(
      options.output, [&] { return json_of(read.records); },
      [&] { return options.csv ? csv_kernels(read.records, grouping_of(options.by)) : text_of(read, options); },
      status);
}
}  // namespace

Command declare_kernels() {
  auto options = std::make_shared<KernelsFlags>();
  const std::vector<Flag> own = {
      {.names = "FILE",
       .target = &options->files,
       .help = "traces, or what --json, -o or --slim wrote; files of different ranks of one job are added up",
       .required = true},
      {"--merge", "", &options->merge, "add up all files, whatever they are of"},
      {"--by", "WHAT", &options->by, "what makes a row of the tables and of --csv; --json holds all rows",
       one_of(grouping_words())},
      {"--top", "N", &options->top, "rows of a table; 0 shows all", between(0, 1'000'000)},
      {"--csv", "", &options->csv, "print every row with all that is known of it, for a spreadsheet"},
      {"--slim", "FILE", &options->slim,
       "write a small file that holds what a comparison needs and no secret; .gz compresses it"},
      {"--capture", "FILE", &options->capture,
       "a trace of the program before its graphs were captured, or while: gives the kernels in graphs their "
       "operations"},
      {"--device-only", "", &options->device_only, "read only what ran on devices: fastest, in the least memory"},
  };
  return {.name = "kernels",
          .summary = "which kernels a trace saw",
          .flags = join_flags({own, output_flags(options->output)}),
          .act = [options] { return show(*options); }};
}

}  // namespace varve
