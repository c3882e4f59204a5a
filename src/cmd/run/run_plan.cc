#include "cmd/run/run_plan.h"

#include <fmt/format.h>

#include <random>
#include <set>

#include "base/text.h"
#include "harness/experiment/experiment_file.h"
#include "harness/experiment/scan.h"
#include "harness/experiment/warmup_text.h"
#include "tables/settings.h"

namespace varve {

namespace {
constexpr int kMostUnitsByRule = 100;  // where --until or --for may stop earlier and nobody says how many

Error wrong_line(const std::string& found) { return {"reading the command line", "", found, "See varve run --help"}; }

Status set_variable(const std::string& setting, std::map<std::string, std::string>& environment) {
  const std::size_t equals = setting.find('=');
  if (equals == 0 || equals == std::string::npos) return wrong_line("--against-env " + setting + " is not NAME=VALUE");
  environment[setting.substr(0, equals)] = setting.substr(equals + 1);
  return Done{};
}

// Each --against-env is a variant of `first` with what it sets.
Status add_environments(const std::vector<std::string>& words, const VariantPlan& first,
                        std::vector<VariantPlan>& variants) {
  bool empty = false;
  for (const std::string& word : words) {
    if (empty && word == kNextAgainst) break;
    empty = word == kNextAgainst;
    if (empty) {
      variants.push_back(first);
      continue;
    }
    if (variants.empty()) variants.push_back(first);
    if (Status set = set_variable(word, variants.back().environment); !set) return set;
  }
  return empty ? Status(wrong_line("--against-env sets nothing: NAME=VALUE is missing")) : Status(Done{});
}

// The variants beside the first. Those of a file stay.
Status add_variants(const RunFlags& options, RunPlan& plan) {
  std::vector<VariantPlan> others;
  const VariantPlan first = plan.variants.front();
  if (Status added = add_environments(options.against_environment, first, others); !added) return added;
  for (const AgainstCommand& other : options.commands.others) {
    VariantPlan variant = first;
    variant.command = other.command;
    if (other.command.empty()) return wrong_line("there is no command behind --against --");
    for (const std::string& setting : other.settings) {
      if (Status set = set_variable(setting, variant.environment); !set) return set;
    }
    others.push_back(std::move(variant));
  }
  plan.variants.insert(plan.variants.end(), others.begin(), others.end());
  Scans scans;
  for (const std::string& scan : options.scans) {
    if (Status added = add_scan(scan, scans); !added) return added;
  }
  Result<std::vector<VariantPlan>> expanded = expand_scans(plan.variants, scans);
  if (!expanded) return expanded.error();
  plan.variants = std::move(*expanded);
  return Done{};
}

Status set_server(const RunFlags& options, RunPlan& plan) {
  const bool asked = options.ready_port || !options.ready_url.empty() || !options.ready_line.empty();
  if (options.server.empty()) {
    return asked ? Status(wrong_line("there is no --server that could be ready")) : Status(Done{});
  }
  if (!asked) return wrong_line("--server needs to know when it is ready: --ready-port, --ready-url or --ready-line");
  ServerPlan server;
  server.command = {"sh", "-c", options.server};
  server.each_block = options.server_start == "block";
  server.ready.port = options.ready_port.value_or(0);
  server.ready.url = options.ready_url;
  server.ready.line = options.ready_line;
  server.ready.timeout_seconds = options.ready_within.value_or(server.ready.timeout_seconds);
  for (VariantPlan& variant : plan.variants) variant.server = server;
  return Done{};
}

template <class Value>
void set_given(const std::optional<Value>& given, Value& target) {
  if (given) target = *given;
}

void set_given(const std::string& given, std::string& target) {
  if (!given.empty()) target = given;
}

Status set_protocol(const RunFlags& options, RunPlan& plan) {
  ProtocolRules& rules = plan.rules;
  if (!options.warmup.empty()) {
    if (Status set = set_warmup(options.warmup, plan); !set) return set;
  }
  set_given(options.timeout, plan.timeout_seconds);
  set_given(options.sampling, plan.sampling_hertz);
  set_given(options.stop_after, rules.stop_seconds);
  if (options.stop_width) rules.stop_width = *options.stop_width / 100;
  if (!options.units && options.file.empty() && (options.stop_width || options.stop_after))
    plan.units = kMostUnitsByRule;
  set_given(options.units, plan.units);
  set_given(options.keep_going, rules.keep_going);
  set_given(options.prepare, rules.prepare);
  set_given(options.cleanup, rules.cleanup);
  if (options.margin_percent) plan.margin = *options.margin_percent / 100;
  if (options.metric) plan.metric = options.metric;
  if (!options.kernels.empty()) plan.kernels = kernels_way_from(options.kernels).value_or(KernelsWay::automatic);
  if (options.seed) plan.seed = *options.seed;
  if (plan.seed == 0 && !options.seed) plan.seed = std::random_device{}();
  return Done{};
}

Result<RunPlan> first_plan(const RunFlags& options, const World& world) {
  const std::vector<std::string>& command = options.commands.first;
  if (options.file.empty()) {
    if (command.empty()) return wrong_line("there is no command to measure behind --");
    RunPlan plan;
    plan.variants = {{command, {}}};
    plan.name = command.front();
    return plan;
  }
  if (!command.empty()) return wrong_line("-f names an experiment, and there is a command behind -- too");
  return load_experiment(options.file, world.environment);
}
}  // namespace

Result<RunPlan> plan_of(const RunFlags& options, const World& world) {
  Result<RunPlan> plan = first_plan(options, world);
  if (!plan) return plan;
  set_given(options.name, plan->name);
  if (const Status done = set_metrics(options.metrics, *plan); !done) return done.error();
  for (const auto& set : {add_variants, set_server, set_protocol}) {
    if (const Status done = set(options, *plan); !done) return done.error();
  }
  return plan;
}

std::vector<std::string> doubtful_variables(const RunPlan& plan, const World& world) {
  std::set<std::string> names;
  for (const auto& [name, value] : world.environment) names.insert(name);
  for (const VariantPlan& variant : plan.variants) {
    for (const auto& [name, value] : variant.environment) names.insert(name);
  }
  std::vector<std::string> questions;
  for (const std::string& name : names) {
    if (const auto meant = misspelt_setting(name)) {
      questions.push_back(
          fmt::format("{} is no variable that a library is known to read. Did you mean {}?", name, *meant));
    }
  }
  return questions;
}

std::vector<Flag> run_flags(RunFlags& options) {
  const std::vector<Flag> what = {
      {"-f,--file", "FILE", &options.file, "an experiment file (TOML): workload, variants, protocol; see docs/RUN.md"},
      {"--init", "", &options.init, "write a commented experiment file, to -f FILE or bench.toml, and end"},
      {.names = "--against-env",
       .value = "NAME=VALUE",
       .target = &options.against_environment,
       .help = "one more variant, with these set; may be given again",
       .list = ListValues::all_words},
      {"--scan", "NAME=V,V", &options.scans,
       "a variant for each value, which takes the place of {NAME}; 1..8 and 1..64*2 are ranges; may be given again"},
      {"--name", "S", &options.name, "of the benchmark; the command's by default"},
  };
  const std::vector<Flag> verdict = {
      {"--metric", "NAME", &options.metric, "the metric of the verdict; the first that the program writes by default"},
      {"--margin", "P", &options.margin_percent, "what will count as the same, in percent (1)", between(0.001, 100)},
  };
  const std::vector<Flag> protocol = {
      {"--units", "N", &options.units, "measured executions a side, each in a fresh process (10)", between(1, 100000)},
      {"--warmup", "W", &options.warmup,
       "before them: executions a side (2), a time as 30s, or found: the slow beginning is found afterwards"},
      {"--for", "S", &options.stop_after, "begin no further round after so many seconds", between(0.001, 1e9)},
      {"--until", "P", &options.stop_width,
       "stop once the 95 % interval is within so many percent; --units is the most (100)", between(0.001, 100)},
      {"--timeout", "S", &options.timeout, "end a unit after this many seconds", between(0.001, 1e9)},
      {"--keep-going", "N", &options.keep_going, "go on after up to N failed units, which enter no ratio",
       between(0, 100000)},
      {"--prepare", "LINE", &options.prepare, "a shell's line before every unit, not measured"},
      {"--cleanup", "LINE", &options.cleanup, "a shell's line after every unit, not measured"},
      {"--seed", "N", &options.seed,
       "of what is drawn: the order of each round, the padding of each unit's environment"},
      {"--resume", "FILE", &options.resume,
       "go on with the run in this journal or document, by the same command line; without one, make a document of it"},
      {"--add-pairs", "N", &options.add_pairs, "measure N more pairs for the finished run of --resume",
       between(1, 100000)},
  };
  const std::vector<Flag> server = {
      {"--server", "LINE", &options.server, "a shell's line that starts the server whose client the command is"},
      {"--server-each", "WHAT", &options.server_start, "a fresh server for each of these (unit)",
       one_of({"unit", "block"})},
      {"--ready-port", "PORT", &options.ready_port, "the server is ready when this takes a connection",
       between(1, 65535)},
      {"--ready-url", "URL", &options.ready_url, "the server is ready when this answers"},
      {"--ready-line", "TEXT", &options.ready_line, "the server is ready when it has written this"},
      {"--ready-within", "S", &options.ready_within, "or it is an error (60)", between(0.001, 1e6)},
  };
  const std::vector<Flag> seen = {
      {"--kernels", "WAY", &options.kernels,
       "how to see which kernels ran, on units of their own: by PyTorch's profiler, by CUPTI, by CPU samples alone, or "
       "the best that works here (auto)",
       one_of(kernels_way_words())},
      {"--sampling", "HZ", &options.sampling, "CPU samples a second (99); 0 is none", between(0, 10000)},
      {"--quiet", "", &options.quiet, "keep the program's output to itself"},
      {"--full", "", &options.full, "end with all that was seen, not with the answer in four lines"},
      {"--check-noise", "", &options.check_noise,
       "measure no command, but how noisy this machine is, and say what to mend"},
  };
  return join_flags({under("What is compared", what),
                     under("Numbers", join_flags({verdict, metric_flags(options.metrics)})),
                     under("Protocol", protocol), under("Server", server), under("Evidence and answer", seen),
                     output_flags(options.output)});
}

}  // namespace varve
