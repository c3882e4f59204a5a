#include "harness/experiment/experiment_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/embedded.h"
#include "base/text.h"
#include "harness/experiment/scan.h"
#include "harness/experiment/toml_table.h"
#include "harness/experiment/warmup_text.h"
#include "model/words/names.h"
#include "world/world.h"

namespace varve {

namespace {
// What a file says of all variants, and one of itself.
struct VariantText {
  std::vector<std::string> command, runner, arguments, library_path;
  std::map<std::string, std::string> environment;
  std::string directory, venv, label;
  std::optional<ServerPlan> server;
};

class ExperimentReader {
 public:
  ExperimentReader(std::string folder, const std::map<std::string, std::string>& environment)
      : folder_(std::move(folder)), environment_(environment) {}

  RunPlan read(const TomlTable& root) {
    RunPlan plan;
    plan.name = root.text("name");
    if (root.has("metric")) plan.metric = root.text("metric");
    plan.margin = root.number("margin", 1, 0.001, 100) / 100;
    read_workload(root, plan);
    if (const auto protocol = root.table("protocol")) read_protocol(*protocol, plan);
    if (const auto metrics = root.table("metrics")) read_metric_sources(*metrics, plan);
    shared_.server = read_server(root);
    std::vector<VariantPlan> variants;
    for (const TomlTable& table : root.tables("variant")) variants.push_back(variant_of(read_variant(table)));
    if (variants.empty()) variants.push_back(variant_of(shared_));
    const Scans scans = root.list_table("scan");
    root.finish();  // first: where there is no [workload] there may be one that is spelt in another way
    if (!root.has("workload")) root.reject("workload", "there is no [workload]", "Write [workload] and its command");
    Result<std::vector<VariantPlan>> expanded = expand_scans(variants, scans);
    if (!expanded) root.reject("scan", expanded.error().found, expanded.error().hint);
    if (expanded) plan.variants = std::move(*expanded);
    if (plan.name.empty() && !shared_.command.empty()) plan.name = shared_.command.front();
    return plan;
  }

 private:
  std::string placed(const std::string& path) const {
    if (path.empty() || path.starts_with('/')) return path;
    if (path.starts_with("~/")) return environment_value(environment_, "HOME") + path.substr(1);
    return (std::filesystem::path(folder_) / path).lexically_normal().string();
  }
  std::vector<std::string> all_placed(std::vector<std::string> paths) const {
    for (std::string& path : paths) path = placed(path);
    return paths;
  }

  void read_workload(const TomlTable& root, RunPlan& plan) {
    shared_.directory = folder_;
    const auto workload = root.table("workload");
    if (!workload) return;
    shared_.command = workload->texts("command");
    shared_.runner = workload->texts("runner");
    if (workload->has("directory")) shared_.directory = placed(workload->text("directory"));
    shared_.environment = workload->text_table("environment");
    plan.inputs = all_placed(workload->texts("inputs"));
    plan.repository = workload->has("repository") ? placed(workload->text("repository")) : shared_.directory;
    workload->finish();
  }

  // Files are named as the program sees them: relative to the folder that it starts in.
  static void read_metric_sources(const TomlTable& metrics, RunPlan& plan) {
    const auto refuse = [&](const char* key, const Error& error) { metrics.reject(key, error.found, error.hint); };
    for (const std::string& expression : metrics.texts("from")) {
      Result<OutputPattern> pattern = OutputPattern::make(expression);
      if (pattern)
        plan.sources.patterns.push_back(std::move(*pattern));
      else
        refuse("from", pattern.error());
    }
    for (const std::string& text : metrics.texts("json")) {
      Result<JsonNumber> number = json_number_from(text);
      if (number)
        plan.sources.numbers.push_back(std::move(*number));
      else
        refuse("json", number.error());
    }
    plan.sources.results = metrics.texts("results");
    if (const std::string several = metrics.text("several"); !several.empty()) {
      const std::vector<std::string>& words = combining_words();
      if (std::find(words.begin(), words.end(), several) == words.end()) {
        metrics.reject("several", "metrics.several is " + several, "It is one of " + join(words, ", "));
      } else {
        plan.sources.several = combined_from(several);
      }
    }
    plan.same_metrics = metrics.texts("same");
    plan.same_outputs = metrics.texts("same_outputs");
    plan.tolerance = metrics.number("tolerance", 0, 0, 1);
    plan.cache_state = metrics.text("cache");
    plan.client_path = metrics.text("client");
    metrics.finish();
  }

  static void read_protocol(const TomlTable& protocol, RunPlan& plan) {
    ProtocolRules& rules = plan.rules;
    plan.units = protocol.integer("units", plan.units, 1, 100'000);
    const std::string text = protocol.word("warmup");
    if (const Status set = text.empty() ? Status(Done{}) : set_warmup(text, plan); !set) {
      protocol.reject("warmup", "protocol.warmup: " + set.error().found, set.error().hint);
    }
    plan.timeout_seconds = protocol.number("timeout", 0, 0, 1e9);
    rules.stop_seconds = protocol.number("stop_after", 0, 0, 1e9);
    rules.stop_width = protocol.number("stop_width", 0, 0, 100) / 100;
    rules.prepare = protocol.text("prepare");
    rules.cleanup = protocol.text("cleanup");
    rules.keep_going = protocol.integer("keep_going", 0, 0, 100'000);
    plan.sampling_hertz = protocol.number("sampling", plan.sampling_hertz, 0, 10'000);
    if (const std::string seed = protocol.word("seed"); !seed.empty()) {  // as a document has it: up to 64 bits
      const std::optional<std::int64_t> number = parse_integer(seed);
      if (!number || *number < 0) protocol.reject("seed", "protocol.seed is " + seed, "Give a whole number, or 0");
      plan.seed = static_cast<std::uint64_t>(number.value_or(0));
    }
    const std::string kernels = protocol.text("kernels", "auto");
    if (const auto way = kernels_way_from(kernels)) {
      plan.kernels = *way;
    } else {
      protocol.reject("kernels", "protocol.kernels is " + kernels, "It is one of " + join(kernels_way_words(), ", "));
    }
    protocol.finish();
  }

  std::optional<ServerPlan> read_server(const TomlTable& table) const {
    const auto server = table.table("server");
    if (!server) return shared_.server;
    ServerPlan plan;
    plan.command = server->texts("command");
    const std::string lives = server->text("start", "unit");
    plan.each_block = lives == "block";
    if (lives != "unit" && lives != "block") server->reject("start", "server.start is " + lives, "It is unit or block");
    if (const auto ready = server->table("ready")) {
      plan.ready.port = ready->integer("port", 0, 1, 65535);
      plan.ready.url = ready->text("url");
      plan.ready.line = ready->text("line");
      plan.ready.timeout_seconds = ready->number("timeout", plan.ready.timeout_seconds, 0.001, 1e6);
      ready->finish();
    }
    if (plan.command.empty()) server->reject("command", "the server has no command", "Write command = [\"…\"]");
    if (to_string(plan.ready).empty()) {
      server->reject("ready", "nothing says when the server is ready",
                     "Write ready = { port = 8000 }, or url, or line");
    }
    server->finish();
    return plan;
  }

  VariantText read_variant(const TomlTable& table) const {
    VariantText text = shared_;
    text.label = table.text("label");
    if (table.has("command")) text.command = table.texts("command");
    if (table.has("runner")) text.runner = table.texts("runner");
    text.arguments = table.texts("arguments");
    if (table.has("directory")) text.directory = placed(table.text("directory"));
    text.venv = placed(table.text("venv"));
    text.library_path = all_placed(table.texts("library_path"));
    for (auto& [name, value] : table.text_table("environment")) text.environment[name] = value;
    text.server = read_server(table);
    if (!text.venv.empty() && !std::filesystem::exists(text.venv + "/bin/python")) {
      table.reject("venv", "there is no bin/python in " + text.venv, "Name the folder of a virtual environment");
    }
    if (text.command.empty())
      table.reject("command", "this variant has no command", "Write it here or below [workload]");
    table.finish();
    return text;
  }

  VariantPlan variant_of(const VariantText& text) const {
    VariantPlan plan;
    plan.command = text.runner;
    plan.command.insert(plan.command.end(), text.command.begin(), text.command.end());
    plan.command.insert(plan.command.end(), text.arguments.begin(), text.arguments.end());
    plan.directory = text.directory;
    plan.label = text.label;
    plan.server = text.server;
    const auto before = [&](const char* name, const std::string& first) {
      const std::string old = environment_value(environment_, name);
      plan.environment[name] = old.empty() ? first : first + ":" + old;
    };
    if (!text.venv.empty()) {
      plan.environment["VIRTUAL_ENV"] = text.venv;
      before("PATH", text.venv + "/bin");
    }
    if (!text.library_path.empty()) before("LD_LIBRARY_PATH", join(text.library_path, ":"));
    for (const auto& [name, value] : text.environment) plan.environment[name] = value;
    return plan;
  }

  std::string folder_;
  const std::map<std::string, std::string>& environment_;
  VariantText shared_;
};
}  // namespace

Result<RunPlan> read_experiment(std::string_view text, const std::string& path, const std::string& folder,
                                const std::map<std::string, std::string>& environment) {
  Result<TomlFile> file = TomlFile::parse(text, path);
  if (!file) return file.error();
  RunPlan plan = ExperimentReader(folder, environment).read(file->root());
  if (file->problem()) return *file->problem();
  if (plan.variants.front().command.empty()) {
    return Error{"reading the experiment file", path, "there is no command",
                 "Write command = [\"…\"] below [workload]"};
  }
  return plan;
}

Result<RunPlan> load_experiment(const std::string& path, const std::map<std::string, std::string>& environment) {
  constexpr std::size_t kLargestExperiment = std::size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error{"reading the experiment file", path, "it cannot be opened",
                 "varve run --init writes one to begin with"};
  }
  std::string text(kLargestExperiment + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestExperiment) {
    return Error{"reading the experiment file", path, "it is larger than 1 MiB", "Is it an experiment file?"};
  }
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(path, error).lexically_normal().parent_path();
  return read_experiment(text, path, folder.string(), environment);
}

std::string_view experiment_template() { return embedded_file("src/harness/experiment/template.toml"); }

}  // namespace varve
