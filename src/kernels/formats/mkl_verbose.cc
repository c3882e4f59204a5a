#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/formats/verbose_text.h"
#include "kernels/trace/decimal_time.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// What a program printed while MKL told of itself (MKL_VERBOSE=1; oneMKL Developer Guide, "Using Verbose Mode"), among
// whatever else it printed. A header once, then a line when a function returns:
//
//   MKL_VERBOSE oneMKL 2024.0 Update 2 Product build 20240605 for Intel(R) 64 architecture Intel(R) Advanced Vector
//   Extensions 512 (Intel(R) AVX-512) enabled processors, Lnx 2.45GHz lp64 gnu_thread
//   MKL_VERBOSE SGEMM(N,N,32,64,96,0x7ffc95625650,0x563eaf6b4080,32,…) 68.00ms CNR:OFF Dyn:0 FastMM:1 TID:0  NThr:2
//
// A function is a kernel of the CPU. The arguments without addresses are the sizes. Which code ran is not told, and
// neither is when.
namespace {

constexpr std::string_view kMklMarker = "MKL_VERBOSE ";

struct MklCall {
  std::string_view function;
  std::string arguments;  // "N,N,32,64,96,32"
  std::int64_t duration_ns = 0;
  std::uint64_t thread = 0;
};

// "68.00ms"
std::optional<std::int64_t> mkl_time(std::string_view text) {
  static constexpr std::pair<std::string_view, int> kUnits[] = {{"ns", 0}, {"us", 3}, {"ms", 6}, {"s", 9}};
  for (const auto& [unit, exponent] : kUnits) {
    if (text.ends_with(unit)) return ns_from_decimal(text.substr(0, text.size() - unit.size()), exponent);
  }
  return std::nullopt;
}

// What stands behind the marker; nothing when it is no whole call.
std::optional<MklCall> mkl_call_from(std::string_view text) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || open == 0 || text.find(' ') < open) return std::nullopt;
  const std::size_t close = text.find(") ", open);
  if (close == std::string_view::npos) return std::nullopt;
  MklCall call{.function = text.substr(0, open)};
  for (const std::string_view argument : split(text.substr(open + 1, close - open - 1), ',')) {
    const std::string_view value = trim(argument);
    if (value.starts_with("0x")) continue;
    if (!call.arguments.empty()) call.arguments += ',';
    call.arguments += value;
  }
  const auto words = split_words(text.substr(close + 2));
  const auto duration = words.empty() ? std::nullopt : mkl_time(words[0]);
  if (!duration) return std::nullopt;
  call.duration_ns = *duration;
  for (const std::string_view word : words) {
    if (!word.starts_with("TID:")) continue;
    call.thread = static_cast<std::uint64_t>(parse_integer(word.substr(4)).value_or(0));
  }
  return call;
}

class MklReader {
 public:
  explicit MklReader(TraceSink& sink) : sink_(sink), names_(sink), tracks_(sink) {}

  Status read(TraceInput& input) {
    const Status read = for_each_line(input, [&](const TraceLines::Line& line) {
      const VerboseLibrary library = verbose_library(line.text);
      if (library == VerboseLibrary::mkl) take_line(line);
      if (library == VerboseLibrary::onednn && line.text.find(",exec,") != std::string_view::npos) ++of_onednn_;
    });
    if (!read) return read;
    if (calls_ > 0) sink_.unseen("when functions ran: MKL does not tell");
    if (of_onednn_ > 0) {
      sink_.unseen(fmt::format("{} lines of oneDNN's verbose mode: give them in a file of their own", of_onednn_));
    }
    if (calls_ > 0 || saw_header_) return Done{};
    return Error{"reading lines of MKL_VERBOSE", input.where(), "no line is a call",
                 "Set MKL_VERBOSE=1 and keep what the program prints"};
  }

 private:
  void take_line(const TraceLines::Line& line) {
    if (line.too_long) return sink_.damaged(line.at, "a line of more than 64 KiB");
    const std::string_view text = line.text.substr(kMklMarker.size());
    const std::size_t architecture = text.find(" architecture ");
    if (architecture != std::string_view::npos && text.find("MKL ") != std::string_view::npos) return take_header(text);
    const auto call = mkl_call_from(text);
    if (!call) return sink_.damaged(line.at, "a line of MKL that is cut or mixed with another");
    ++calls_;
    Extra extra;
    extra.operation = names_.id(fmt::format("{}({})", call->function, call->arguments));
    Durations duration;
    duration.add(call->duration_ns);
    sink_.total(
        {.name = names_.id(call->function, "MKL"), .track = tracks_.thread(call->thread), .activity = Activity::kernel},
        &extra, duration, 0);
  }

  void take_header(std::string_view text) {
    saw_header_ = true;
    const auto tell = [&](std::string_view fact, std::string_view value) {
      value = trim(value);
      if (!value.empty()) sink_.fact(fact, known_fact(clean_utf8(value, 200), "the header of MKL_VERBOSE"));
    };
    constexpr std::string_view kBuild = " build ", kFor = " for ", kOf = " architecture ", kProcessors = " processors";
    const std::size_t target = text.find(kFor), isa = text.find(kOf);
    std::string_view version = text.substr(0, target);
    version = version.substr(version.find("MKL ") + 4);
    tell("trace.mkl_version", version.substr(0, version.find(" Product")));
    if (const std::size_t build = version.find(kBuild); build != std::string_view::npos) {
      tell("trace.mkl_build", version.substr(build + kBuild.size()));
    }
    const std::string_view rest = text.substr(isa + kOf.size());
    const std::size_t processors = rest.find(kProcessors);
    tell("trace.mkl_isa", rest.substr(0, processors));
    const auto words = split_words(processors == std::string_view::npos ? "" : rest.substr(processors));
    if (words.size() >= 2) tell("trace.mkl_interface", words[words.size() - 2]);
    if (words.size() >= 2) tell("trace.mkl_threading", words.back());
  }

  TraceSink& sink_;
  TraceNames names_;
  TraceTracks tracks_;
  std::uint64_t calls_ = 0, of_onednn_ = 0;
  bool saw_header_ = false;
};

bool is_mkl_text(std::span<const std::byte> beginning) {
  return first_verbose_library(beginning) == VerboseLibrary::mkl;
}

Status read_mkl_text(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  sink.traced(Activity::kernel);
  if (options.device_only) return Done{};
  return MklReader(sink).read(input);
}

}  // namespace

const TraceFormat kMklVerbose = {"MKL_VERBOSE", WitnessKind::mkl_verbose, is_mkl_text, read_mkl_text};

}  // namespace varve
