#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "cmd/document_files.h"
#include "cmd/flags.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"
#include "model/answers/kernels_record.h"
#include "report/text/text_kernels.h"
#include "world/world.h"

namespace varve {

namespace {
struct KernelsFlags {
  std::vector<std::string> files;
  std::string by = "name";
  int top = 30;
  OutputOptions output;
};

Result<ReadTrace> read_trace_file(const std::string& path) {
  const Looked<FileReader> file = host_world().files.open(std::filesystem::absolute(path).lexically_normal().string());
  if (!file) return Error{"opening a trace", path, file.detail, "Give the path of a trace"};
  const auto input = open_trace(*file, path);
  if (!input) return input.error();
  return read_trace(**input);
}

// What ran in all the traces together.
Result<KernelsRecord> read_traces(const std::vector<std::string>& files) {
  KernelsRecord kernels{.tool_version = std::string(tool_version())};
  for (const std::string& path : files) {
    Result<ReadTrace> trace = read_trace_file(path);
    if (!trace) return trace.error();
    TraceReading& reading = trace->reading;
    merge(kernels.record, reading.record);
    kernels.sources.push_back(
        {file_name(path), trace->format, std::move(reading.facts), reading.damaged, std::move(reading.damage)});
  }
  return kernels;
}

ExitStatus show(const KernelsFlags& options) {
  const Result<KernelsRecord> kernels = read_traces(options.files);
  if (!kernels) return complain(kernels.error());
  const KernelView view{options.by == "family" ? KernelGrouping::family : KernelGrouping::name,
                        static_cast<std::size_t>(options.top)};
  return write_answer(
      options.output, [&] { return pretty_json(to_json(*kernels)); },
      [&] { return text_kernels(*kernels, view, output_style()); });
}
}  // namespace

Command declare_kernels() {
  auto options = std::make_shared<KernelsFlags>();
  const std::vector<Flag> own = {
      {.names = "FILE", .target = &options->files, .help = "traces; several are added up", .required = true},
      {"--by", "WHAT", &options->by, "a row for each kernel, or for what kernels are for", one_of({"name", "family"})},
      {"--top", "N", &options->top, "rows of a table; 0 shows all", between(0, 1'000'000)},
  };
  return {.name = "kernels",
          .summary = "which kernels a trace saw",
          .flags = join_flags({own, output_flags(options->output)}),
          .act = [options] { return show(*options); }};
}

}  // namespace varve
