#include <fmt/format.h>
#include <sys/stat.h>

#include <cctype>
#include <cmath>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "base/units.h"
#include "cmd/document_files.h"
#include "cmd/run_journal.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "compare/compare_runs.h"
#include "compare/verdict.h"
#include "harness/benchmark.h"
#include "harness/noise_check.h"
#include "model/json/documents.h"
#include "model/words/names.h"
#include "report/card/card.h"

namespace varve {

namespace {
// The flags of varve run that say where numbers are read and what must be equal before they are compared.
struct MetricFlags {
  std::vector<std::string> from_output, from_json, results;
  std::optional<std::string> several;
  std::vector<std::string> same_metrics, same_outputs;
  double tolerance = 0;
  std::string cache_state, client_path;
};

struct RunFlags {
  RunPlan plan;
  double margin_percent = 1;
  std::vector<std::string> against_environment;
  MeasuredCommands commands;
  MetricFlags metrics;
  std::string kernels = "auto";
  bool quiet = false, full = false, check_noise = false;
  std::optional<std::uint64_t> seed;
  OutputOptions output;
};

// Shows a run on the terminal as it happens, and keeps what it measured.
class Narrator : public RunObserver {
 public:
  Narrator(bool quiet, RunJournal* journal) : quiet_(quiet), journal_(journal) {}

  void forecast(const std::vector<std::string>& lines) override {
    bar_.hide();
    for (const std::string& line : lines) tell("varve: " + line);
  }
  void recording(const std::string& line) override {
    bar_.hide();
    tell("varve: " + line);
  }
  void unit_started(int index, int total_units) override {
    total_ = total_units;
    bar_.show(index, total_units, "unit " + std::to_string(index + 1));
  }
  Status unit_finished(const Run& run) override {
    const Unit& unit = run.units.back();
    bar_.show(unit.index + 1, total_, fmt::format("{} {}", unit.variant, format_seconds(unit.wall_seconds)));
    return journal_ != nullptr ? journal_->keep(run) : Status(Done{});
  }
  void output(std::string_view bytes) override {
    if (!quiet_) bar_.pass_through(bytes);
  }
  void finish() { bar_.hide(); }

 private:
  ProgressBar bar_;
  bool quiet_;
  RunJournal* journal_;  // lent; nullptr: nothing is kept
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

// Where the document goes: what -o says; else a new file in the working folder, unless --json asks for it on stdout or
// that folder is not to be written to. Empty: nowhere.
Result<std::string> file_for(const RunFlags& options, const World& world) {
  const std::string& named = options.output.file;
  if (!named.empty()) {
    if (const Status writable = check_writable(named); !writable) return writable.error();
    return named;
  }
  if (options.output.json) return std::string();
  const std::string file = default_run_file(options.plan.name, format_time(world.now()));
  if (const Status writable = check_writable(file); !writable) {
    tell("varve: nothing will be saved: " + to_text(writable.error()) + "; -o FILE names another place");
    return std::string();
  }
  return file;
}

// A file that a journal can stand beside: no device, no pipe, not standard output.
bool is_plain_file(const std::string& file) {
  struct stat status {};
  return !file.empty() && file != "-" && (stat(file.c_str(), &status) != 0 || S_ISREG(status.st_mode));
}

// Writes the document; where that fails, the journal stays and it is said where it is.
ExitStatus save(const Run& run, const std::string& file, bool named, RunJournal& journal) {
  const Status written = write_file(file, pretty_json(to_json(run)));
  if (written) {
    journal.discard();
    if (!named) tell("varve: saved as " + file);
    return run.complete ? ExitStatus::ok : ExitStatus::tool_or_input;
  }
  const ExitStatus status = complain(written.error());
  if (const std::string where = journal.whereabouts(); !where.empty()) tell("varve: " + where);
  return status;
}

// The limit on a file's size comes as a signal that ends a program. Handled, it is an error of write(2), and the
// measured command, which inherits no handlers, meets it as ever.
void take_size_limit_as_error() {
  std::signal(SIGXFSZ, [](int) {});
}

void set_plan(RunFlags& options, std::vector<VariantPlan> variants) {
  options.plan.variants = std::move(variants);
  options.plan.kernels = kernels_way_from(options.kernels).value_or(KernelsWay::automatic);
  options.plan.margin = options.margin_percent / 100;
  options.plan.seed = options.seed ? *options.seed : std::random_device{}();
  if (options.plan.name.empty()) options.plan.name = options.commands.first.front();
}

// The comparison of the two sides; nothing where there is one, or too little was measured.
std::optional<Comparison> compared(const Run& run) {
  if (run.variants.size() != 2) return std::nullopt;
  Result<Comparison> comparison = compare_variants(run, {.created_at = run.created_at});
  if (!comparison) return std::nullopt;
  return std::move(*comparison);
}

RunAnswer run_answer(const Run& run, const std::optional<Comparison>& comparison, const std::string& file) {
  RunAnswer answer;
  const bool kept = is_plain_file(file);
  if (comparison) {
    answer.how_much = speed_sentence(*comparison);
    answer.control = control_phrase(*comparison);
    answer.control[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(answer.control[0])));
    answer.without_marked = comparison->without_marked;
    answer.speed = comparison->primary.speed;
    answer.more = kept ? fmt::format("More: varve compare {} --explain", file) : "More: --full";
    return answer;
  }
  for (const Variant& variant : run.variants) {
    answer.how_much += (answer.how_much.empty() ? "" : "; ") +
                       (run.variants.size() > 1 ? variant.name + ", " : std::string()) +
                       interval_of_units(run, variant);
  }
  answer.control = run.variants.size() == 1
                       ? "Compared with nothing: --against-env or --against measures a second variant in turns"
                       : "Too little was measured to compare the two";
  answer.more = kept ? fmt::format("More: varve report {} --format text", file) : "More: --full";
  return answer;
}

// Where numbers are read and what must be equal, as the flags say; an Error where one cannot be read.
Status set_metrics(const MetricFlags& flags, RunPlan& plan) {
  for (const std::string& expression : flags.from_output) {
    Result<OutputPattern> pattern = OutputPattern::make(expression);
    if (!pattern) return pattern.error();
    plan.sources.patterns.push_back(std::move(*pattern));
  }
  for (const std::string& text : flags.from_json) {
    Result<JsonNumber> number = json_number_from(text);
    if (!number) return number.error();
    plan.sources.numbers.push_back(std::move(*number));
  }
  plan.sources.results = flags.results;
  if (flags.several) plan.sources.several = combined_from(*flags.several);
  plan.same_metrics = flags.same_metrics;
  plan.same_outputs = flags.same_outputs;
  plan.tolerance = flags.tolerance;
  plan.cache_state = flags.cache_state;
  plan.client_path = flags.client_path;
  return Done{};
}

// How noisy the machine is, instead of a run.
ExitStatus say_how_noisy() {
  constexpr double kSeconds = 5;
  ProgressBar bar;
  const Result<NoiseReport> report = check_noise(host_world(), kSeconds, [&](double done) {
    bar.show(static_cast<int>(100 * done), 100, "the same work again and again");
  });
  bar.hide();
  if (!report) return complain(report.error());
  return print_answer(text_noise(*report, output_style()));
}

ExitStatus run(RunFlags& options) {
  if (options.check_noise) return say_how_noisy();
  Result<std::vector<VariantPlan>> variants = variants_of(options);
  if (!variants) return complain(variants.error(), ExitStatus::usage);
  set_plan(options, std::move(*variants));
  if (const Status set = set_metrics(options.metrics, options.plan); !set)
    return complain(set.error(), ExitStatus::usage);
  const World world = host_world();
  const Result<std::string> file = file_for(options, world);
  if (!file) return complain(file.error());

  take_size_limit_as_error();
  RunJournal journal(*file);
  const bool keeps = is_plain_file(*file);
  Narrator narrator(options.quiet, keeps ? &journal : nullptr);
  Result<Run> measured = run_benchmark(options.plan, world, narrator);
  narrator.finish();
  if (!measured) return complain(measured.error());
  if (!measured->complete) tell("varve: the run is not complete: " + measured->incomplete_reason);
  const std::optional<Comparison> comparison = compared(*measured);
  measured->card = make_card(*measured, comparison ? &*comparison : nullptr);
  const auto document = [&] { return pretty_json(to_json(*measured)); };
  const auto text = [&] {
    return options.full ? text_run(*measured, output_style())
                        : text_answer(*measured, run_answer(*measured, comparison, *file), output_style());
  };
  ExitStatus status = measured->complete ? ExitStatus::ok : ExitStatus::tool_or_input;
  if (!keeps) return write_answer(options.output, document, text, status);
  status = save(*measured, *file, !options.output.file.empty(), journal);
  return write_answer({options.output.json, ""}, document, text, status);
}

constexpr const char* kFooter =
    "varve run [OPTIONS] -- CMD…\nvarve run [OPTIONS] --against-env NAME=VALUE… -- CMD…\n"
    "varve run [OPTIONS] -- CMD… --against -- CMD…\n\n"
    "The command writes its numbers as JSON lines to the file named in $VARVE_METRICS:\n"
    "{\"metric\": \"tokens/s\", \"value\": 812.5, \"unit\": \"1/s\", \"better\": \"higher\"}";

std::vector<Flag> metric_flags(MetricFlags& flags) {
  return {
      {"--metric-from", "REGEX", &flags.from_output,
       "a number in what the program prints, taken by the one group: 'GFLOP/s: ([0-9.]+)'"},
      {"--metric-json", "FILE#/PTR", &flags.from_json, "a number in a JSON file that the program writes"},
      {"--results", "FILE", &flags.results,
       "a result of Google Benchmark, hyperfine, pytest-benchmark, vLLM, sglang, llama-bench, redis-benchmark, NVBench "
       "or MLPerf, told by its content; - is what the program prints"},
      {"--several", "WAY", &flags.several, "how several values of one metric in a unit become one",
       one_of(combining_words())},
      {"--same", "METRIC", &flags.same_metrics,
       "a count (tokens, samples, steps) that must be the same on both sides before rates are compared"},
      {"--same-output", "FILE", &flags.same_outputs,
       "a file that must have the same content on both sides; - is what the program prints"},
      {"--tolerance", "R", &flags.tolerance, "how much numbers in them may differ, relative", between(0, 1)},
      {"--cache", "STATE", &flags.cache_state,
       "what the units find in caches, for the protocol: warm, flushed, rotated …"},
      {"--client", "PATH", &flags.client_path, "how clients reach what is measured, for the protocol: loopback HTTP …"},
  };
}

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
      {"--check-noise", "", &options.check_noise,
       "measure no command, but how noisy this machine is, and say what to mend"},
      {"--full", "", &options.full, "end with all that was seen, not with the verdict in four lines"},
  };
  return join_flags({own, metric_flags(options.metrics), output_flags(options.output)});
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
