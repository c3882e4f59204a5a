#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "base/units.h"
#include "cmd/document_files.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "harness/benchmark.h"
#include "model/json/documents.h"

namespace varve {

namespace {
struct RunFlags {
  RunPlan plan;
  double margin_percent = 1;
  std::vector<std::string> against_environment;
  MeasuredCommands commands;
  std::string kernels = "auto";
  bool quiet = false;
  std::optional<std::uint64_t> seed;
  OutputOptions output;
};

// Shows a run on the terminal as it happens.
class Narrator : public RunObserver {
 public:
  explicit Narrator(bool quiet) : quiet_(quiet) {}

  void forecast(const std::vector<std::string>& lines) override {
    bar_.hide();
    for (const std::string& line : lines) tell("varve: " + line);
  }
  void unit_started(int index, int total_units) override {
    total_ = total_units;
    bar_.show(index, total_units, "unit " + std::to_string(index + 1));
  }
  void unit_finished(const Unit& unit) override {
    bar_.show(unit.index + 1, total_, fmt::format("{} {}", unit.variant, format_seconds(unit.wall_seconds)));
  }
  void output(std::string_view bytes) override {
    if (!quiet_) bar_.pass_through(bytes);
  }
  void finish() { bar_.hide(); }

 private:
  ProgressBar bar_;
  bool quiet_;
  int total_ = 0;
};

// The variants that the command line asks for, or why it cannot be read.
Result<std::vector<VariantPlan>> variants_of(const RunFlags& options) {
  const Error usage{"reading the command line", "", "", "See varve run --help"};
  const auto wrong = [&](const std::string& found) {
    Error error = usage;
    error.found = found;
    return error;
  };
  if (options.commands.first.empty()) return wrong("there is no command to measure behind --");
  std::vector<VariantPlan> variants{{options.commands.first, {}}};
  if (!options.commands.second.empty() && !options.against_environment.empty()) {
    return wrong("--against and --against-env are both given: vary one thing at a time");
  }
  if (!options.commands.second.empty()) variants.push_back({options.commands.second, {}});
  if (options.against_environment.empty()) return variants;
  VariantPlan second{options.commands.first, {}};
  for (const std::string& setting : options.against_environment) {
    const std::size_t equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) return wrong("--against-env " + setting + " is not NAME=VALUE");
    second.environment[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  variants.push_back(second);
  return variants;
}

ExitStatus run(RunFlags& options) {
  Result<std::vector<VariantPlan>> variants = variants_of(options);
  if (!variants) return complain(variants.error(), ExitStatus::usage);
  if (!options.output.file.empty()) {
    if (const Status writable = check_writable(options.output.file); !writable) return complain(writable.error());
  }
  options.plan.variants = std::move(*variants);
  options.plan.kernels = kernels_way_from(options.kernels).value_or(KernelsWay::automatic);
  options.plan.margin = options.margin_percent / 100;
  options.plan.seed = options.seed ? *options.seed : std::random_device{}();
  if (options.plan.name.empty()) options.plan.name = options.commands.first.front();

  const World world = host_world();
  Narrator narrator(options.quiet);
  const Result<Run> measured = run_benchmark(options.plan, world, narrator);
  narrator.finish();
  if (!measured) return complain(measured.error());
  if (!measured->complete) tell("varve: the run is not complete: " + measured->incomplete_reason);
  if (options.output.file.empty() && !options.output.json) tell("varve: nothing is saved; -o FILE keeps the document");
  return write_answer(
      options.output, [&] { return pretty_json(to_json(*measured)); },
      [&] { return text_run(*measured, output_style()); },
      measured->complete ? ExitStatus::ok : ExitStatus::tool_or_input);
}

constexpr const char* kFooter =
    "varve run [OPTIONS] -- CMD…\nvarve run [OPTIONS] --against-env NAME=VALUE… -- CMD…\n"
    "varve run [OPTIONS] -- CMD… --against -- CMD…\n\n"
    "The command writes its numbers as JSON lines to the file named in $VARVE_METRICS:\n"
    "{\"metric\": \"tokens/s\", \"value\": 812.5, \"unit\": \"1/s\", \"better\": \"higher\"}";

std::vector<Flag> flags_of(RunFlags& options) {
  RunPlan& plan = options.plan;
  const std::vector<Flag> own = {
      {"--units", "N", &plan.units, "measured executions a side, each in a fresh process", between(1, 100000)},
      {"--warmup", "N", &plan.warmup, "executions a side before them; they tell how much the machine wanders",
       between(0, 1000)},
      {"--name", "S", &plan.name, "of the benchmark; the command's by default"},
      {"--metric", "NAME", &plan.metric, "the metric of the verdict; the first that the program writes by default"},
      {"--margin", "P", &options.margin_percent, "what will count as the same, in percent", between(0.001, 100)},
      {"--timeout", "S", &plan.timeout_seconds, "end a unit after this many seconds", between(0.001, 1e9)},
      {.names = "--against-env",
       .value = "NAME=VALUE",
       .target = &options.against_environment,
       .help = "measure a second variant with these set, interleaved A B B A",
       .list = ListValues::all_words},
      {"--kernels", "WAY", &options.kernels,
       "how to see which kernels ran, on units of their own: by PyTorch's profiler, by CUPTI, by CPU samples alone, or "
       "the best that works here",
       one_of(kernels_way_words())},
      {"--sampling", "HZ", &plan.sampling_hertz, "CPU samples a second; 0 is none", between(0, 10000)},
      {"--seed", "N", &options.seed, "of the random padding of each unit's environment"},
      {"--quiet", "", &options.quiet, "keep the program's output to itself"},
  };
  return join_flags({own, output_flags(options.output)});
}
}  // namespace

Command declare_run(const MeasuredCommands& commands) {
  auto options = std::make_shared<RunFlags>();
  options->commands = commands;
  return {.name = "run",
          .summary = "benchmark a command: units, metrics, kernels, one document",
          .flags = flags_of(*options),
          .footer = kFooter,
          .act = [options] { return run(*options); }};
}

}  // namespace varve
