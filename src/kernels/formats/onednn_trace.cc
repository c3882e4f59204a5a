#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/formats/verbose_text.h"
#include "kernels/onednn_verbose.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_names.h"

namespace varve {

// What a program printed while oneDNN told of itself (ONEDNN_VERBOSE=1; the lines are described in
// kernels/onednn_verbose.h), among whatever else it printed. Executed primitives are kernels of the CPU, with their
// sizes as the operation. Lines with a timestamp say when each began.
namespace {

class OnednnReader {
 public:
  explicit OnednnReader(TraceSink& sink) : sink_(sink), names_(sink), tracks_(sink) {}

  Status read(TraceInput& input) {
    const Status read = for_each_line(input, [&](const TraceLines::Line& line) {
      const VerboseLibrary library = verbose_library(line.text);
      if (library == VerboseLibrary::onednn) take_line(line);
      if (library == VerboseLibrary::mkl) ++of_mkl_;
    });
    if (!read) return read;
    if (executions_ > timed_) {
      sink_.unseen("when primitives ran: the lines are without a timestamp (ONEDNN_VERBOSE_TIMESTAMP=1)");
    }
    if (graphs_ > 0) {
      sink_.unseen(fmt::format("{} executions of graphs: what they spent outside of their primitives", graphs_));
    }
    if (of_mkl_ > 0) sink_.unseen(fmt::format("{} lines of MKL_VERBOSE: give them in a file of their own", of_mkl_));
    if (executions_ > 0 || saw_header_) return Done{};
    return Error{"reading verbose lines of oneDNN", input.where(), "no line is an execution",
                 "Set ONEDNN_VERBOSE=1 and keep what the program prints"};
  }

 private:
  void take_line(const TraceLines::Line& line) {
    if (line.too_long) return sink_.damaged(line.at, "a line of more than 64 KiB");
    if (const auto fields = parse_onednn_template(line.text)) fields_ = *fields;
    const std::size_t info = line.text.find(",info,");
    if (info != std::string_view::npos) return take_header(line.text.substr(info + 6));
    if (line.text.find(",exec,") == std::string_view::npos) return;  // created, dispatched, found in the cache
    if (line.text.find(",graph,exec,") != std::string_view::npos) {
      ++graphs_;
      return;
    }
    const auto execution = parse_onednn_line(line.text, fields_);
    if (!execution) return sink_.damaged(line.at, "a line of oneDNN that is cut or mixed with another");
    write(*execution);
  }

  // "oneDNN v3.13.3 (commit …)", "cpu,runtime:OpenMP,nthr:2", "cpu,isa:Intel AVX2"
  void take_header(std::string_view text) {
    saw_header_ = true;
    const auto tell = [&](std::string_view fact, std::string_view value) {
      sink_.fact(fact, known_fact(clean_utf8(trim(value), 200), "oneDNN's verbose header"));
    };
    const std::size_t version = text.find(" v");
    if (text.find("DNN") != std::string_view::npos && version != std::string_view::npos) {
      const std::string_view behind = text.substr(version + 2);
      return tell("trace.onednn_version", behind.substr(0, behind.find(' ')));
    }
    if (text.starts_with("cpu,isa:")) return tell("trace.onednn_isa", text.substr(8));
    if (!text.starts_with("cpu,runtime:")) return;
    for (const std::string_view part : split(text, ',')) {
      if (part.starts_with("runtime:")) tell("trace.onednn_runtime", part.substr(8));
      if (part.starts_with("nthr:")) tell("trace.onednn_threads", part.substr(5));
    }
  }

  void write(const OnednnExecution& execution) {
    const std::string name = onednn_kernel_name(execution);
    const std::string library = execution.engine == "cpu" ? "oneDNN" : fmt::format("oneDNN ({})", execution.engine);
    Extra extra;
    if (!execution.problem.empty()) extra.operation = names_.id(execution.primitive + " " + execution.problem);
    ++executions_;
    if (execution.start_ns) ++timed_;
    TraceEvent event{.name = names_.id(name, library), .track = tracks_.thread(0), .activity = Activity::kernel};
    if (execution.start_ns) {
      event.start_ns = *execution.start_ns;
      event.duration_ns = execution.duration_ns;
      return sink_.event(event, &extra);
    }
    Durations duration;
    duration.add(execution.duration_ns);
    sink_.total(event, &extra, duration, 0);
  }

  TraceSink& sink_;
  TraceNames names_;
  TraceTracks tracks_;
  OnednnTemplate fields_;
  std::uint64_t executions_ = 0, timed_ = 0, graphs_ = 0, of_mkl_ = 0;
  bool saw_header_ = false;
};

bool is_onednn_text(std::span<const std::byte> beginning) {
  return first_verbose_library(beginning) == VerboseLibrary::onednn;
}

Status read_onednn_text(TraceInput& input, TraceSink& sink, const TraceOptions& options) {
  sink.traced(Activity::kernel);
  if (options.device_only) return Done{};
  return OnednnReader(sink).read(input);
}

}  // namespace

const TraceFormat kOnednnTrace = {"oneDNN verbose", WitnessKind::onednn_verbose, is_onednn_text, read_onednn_text};

}  // namespace varve
