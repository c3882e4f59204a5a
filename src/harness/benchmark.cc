#include "harness/benchmark.h"

#include <fmt/format.h>

#include <cmath>

#include "base/version.h"
#include "capture/capture_stack.h"
#include "harness/continuing.h"
#include "harness/imported_packages.h"
#include "harness/plan.h"
#include "harness/protocol/steady_units.h"
#include "harness/recorders/choose.h"
#include "harness/recording.h"
#include "harness/run_findings.h"
#include "harness/run_units.h"
#include "harness/subject/grounds.h"
#include "harness/subject/work_elsewhere.h"
#include "harness/subject/workload_source.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/kernel_witness.h"
#include "harness/unit/process_executor.h"
#include "harness/unit/unit_marks.h"
#include "harness/variant.h"
#include "loading/binary_cache.h"

namespace varve {

namespace {

constexpr int kMostUnits = 100'000;

// Where one serves a block, the servers of all variants are up together. Empty: they can be.
std::string servers_in_the_way(const std::vector<VariantPlan>& variants) {
  for (std::size_t b = 1; b < variants.size(); ++b) {
    for (std::size_t a = 0; a < b; ++a) {
      const std::optional<ServerPlan>&left = variants[a].server, &right = variants[b].server;
      if (!left || !right || !(left->each_block || right->each_block)) continue;
      const bool one = left->command == right->command && variants[a].environment == variants[b].environment &&
                       variants[a].directory == variants[b].directory;
      const bool port = left->ready.port != 0 && left->ready.port == right->ready.port;
      const bool url = !left->ready.url.empty() && left->ready.url == right->ready.url;
      if (one || (!port && !url)) continue;
      return fmt::format("those of {} and {} are up together, and both are to answer at {}",
                         variant_name(static_cast<int>(a)), variant_name(static_cast<int>(b)),
                         port ? fmt::format("port {}", left->ready.port) : left->ready.url);
    }
  }
  return "";
}

Status check_plan(const RunPlan& plan) {
  const auto bad = [](const char* where, std::string found, const char* hint) {
    return Error{"reading the plan of the run", where, std::move(found), hint};
  };
  if (plan.variants.empty()) return bad("command", "there is none", "put it after --, as in varve run -- ./program");
  if (plan.variants.size() > kMostVariants) {
    return bad("variants", fmt::format("there are {}", plan.variants.size()),
               "they are called by the letters: 26 are the most");
  }
  if (plan.units < 1 || plan.units > kMostUnits) {
    return bad("units", fmt::to_string(plan.units), "give a number from 1 to 100000");
  }
  if (plan.warmup < 0 || plan.warmup > kMostUnits) {
    return bad("warmup", fmt::to_string(plan.warmup), "give a number from 0 to 100000");
  }
  if (!std::isfinite(plan.margin) || plan.margin <= 0) {
    return bad("margin", fmt::to_string(plan.margin), "give a fraction above 0, as 0.01 for 1 %");
  }
  if (!std::isfinite(plan.timeout_seconds) || plan.timeout_seconds < 0) {
    return bad("timeout", fmt::to_string(plan.timeout_seconds), "give seconds, or 0 for none");
  }
  if (!std::isfinite(plan.sampling_hertz) || plan.sampling_hertz < 0) {
    return bad("samples a second", fmt::to_string(plan.sampling_hertz), "give a number, or 0 for none");
  }
  if (std::string where = servers_in_the_way(plan.variants); !where.empty()) {
    return bad("servers once a block", std::move(where),
               "give each a port of its own in an experiment file ([variant.server]), or each unit a fresh server");
  }
  for (const VariantPlan& variant : plan.variants) {
    if (variant.server && to_string(variant.server->ready).empty()) {
      return bad("server", "nothing says when it is ready", "give it a port, an address or a line to wait for");
    }
    for (const auto& [name, value] : variant.environment) {
      if (name.empty() || name.find('=') != std::string::npos) {
        return bad("environment", fmt::format("\"{}\" is no variable name", name), "write NAME=VALUE");
      }
    }
  }
  return Done{};
}

// Commands of the shell are a person's words: secrets are taken out of them.
ProtocolRules shown_rules(ProtocolRules rules, const std::string& home) {
  rules.prepare = redact_line(rules.prepare, home);
  rules.cleanup = redact_line(rules.cleanup, home);
  return rules;
}

Protocol make_protocol(const RunPlan& plan, const std::string& home) {
  Protocol protocol;
  protocol.units = plan.units;
  protocol.warmup = plan.warmup;
  protocol.margin = plan.margin;
  protocol.timeout_seconds = plan.timeout_seconds;
  protocol.order = order_name(static_cast<int>(plan.variants.size()));
  protocol.seed = plan.seed;
  protocol.work_metrics = plan.same_metrics;
  protocol.outputs = plan.same_outputs;
  protocol.output_tolerance = plan.tolerance;
  protocol.cache_state = plan.cache_state;
  protocol.client_path = plan.client_path;
  protocol.rules = shown_rules(plan.rules, home);
  return protocol;
}

// NVML answered a child of ours, so that it may be asked from here.
bool has_gpus(const Stack& stack) {
  const auto count = stack.facts.find("gpu.count");
  if (count == stack.facts.end() || !count->second.is_known()) return false;
  const auto* number = std::get_if<std::int64_t>(&*count->second.value);
  return number != nullptr && *number > 0;
}

Result<std::vector<PreparedVariant>> prepare_all(const RunPlan& plan, const World& world) {
  std::vector<PreparedVariant> variants;
  for (std::size_t side = 0; side < plan.variants.size(); ++side) {
    Result<PreparedVariant> prepared =
        prepare_variant(plan.variants[side], variant_name(static_cast<int>(side)), world);
    if (!prepared) return prepared.error();
    record_grounds({prepared->command, prepared->variables, prepared->directory}, world, prepared->document);
    variants.push_back(std::move(*prepared));
  }
  record_inherited(variants, world);
  return variants;
}

// A run before its first unit.
Result<Run> new_run(const RunPlan& plan, const std::vector<PreparedVariant>& variants, const World& world,
                    const CaptureOptions& how) {
  const std::string home = environment_value(world.environment, "HOME");
  Run run;
  for (const PreparedVariant& variant : variants) run.variants.push_back(variant.document);
  run.name = redact_line(plan.name, home);
  run.created_at = format_time(world.now());
  run.tool_version = tool_version();
  run.protocol = make_protocol(plan, home);
  if (!plan.repository.empty()) run.source = workload_source(plan.repository, home);
  run.inputs = hash_inputs(plan.inputs, home);
  Result<Stack> before = capture_stack(world, how);
  if (!before) return before.error();
  run.stack = std::move(*before);
  return run;
}

// A run that is taken up again: it must be of the same variants.
Result<Run> continued_run(const RunPlan& plan, const std::vector<PreparedVariant>& variants, const World& world) {
  Run run = plan.continues->run;
  if (const std::string other = what_is_another(run, variants); !other.empty()) {
    return Error{"taking up a run again", run.name, other,
                 "Give the command line that the run was made with; for anything else, make a new run"};
  }
  if (const std::string order = order_name(static_cast<int>(variants.size())); run.protocol.order != order) {
    return Error{
        "taking up a run again", run.name,
        fmt::format("its rounds came in the order \"{}\", and further ones would be {}", run.protocol.order, order),
        "Make a new run: this one is of another version"};
  }
  RunContinuation& continuation = run.continuations.emplace_back();
  continuation.created_at = format_time(world.now());
  continuation.how = plan.continues->add_units > 0 ? "pairs added" : "resumed";
  continuation.first_unit = static_cast<int>(run.units.size());
  continuation.units = rounds_to_execute(plan, run);
  if (plan.continues->add_units > 0) run.protocol.units += plan.continues->add_units;
  run.complete = true;
  run.incomplete_reason.clear();
  // What ended it, and what is said of all units again.
  std::erase_if(run.findings, [](const Finding& finding) { return finding.id.starts_with("VRV-RUN-"); });
  return run;
}

}  // namespace

Result<Run> run_benchmark(const RunPlan& plan, const World& world, RunObserver& observer) {
  if (Status checked = check_plan(plan); !checked) return checked.error();
  const Result<std::vector<PreparedVariant>> variants = prepare_all(plan, world);
  if (!variants) return variants.error();
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  if (!directory) return directory.error();

  const InterruptGuard guard;
  // The GPU belongs to the measured program, so it is not touched here.
  const CaptureOptions how{.handshake = false, .cache_folder = user_cache_folder(world.environment)};
  Result<Run> run = plan.continues ? continued_run(plan, *variants, world) : new_run(plan, *variants, world, how);
  if (!run) return run.error();
  for (const NamedFile& input : run->inputs) {
    if (!input.missing.empty()) observer.remark("the input " + input.path + " has no digest: " + input.missing);
  }

  KernelWitness witness(world, plan.kernels == KernelsWay::none ? 0 : plan.sampling_hertz);
  ProcessExecutor executor(world, witness, std::move(*directory), ExitWatch::automatic,
                           watch_gpus(world.is_this_machine && has_gpus(run->stack)));
  execute_units(plan, *variants, all_recorders(), world, executor, observer, *run);
  for (std::size_t side = 0; side < variants->size(); ++side) {
    if (run->variants[side].image) continue;  // what it mapped stands in the image, and is not what this machine has
    run->variants[side].packages =
        imported_packages((*variants)[side], recording_ground(world, (*variants)[side], *run));
  }

  if (Result<Stack> after = capture_stack(world, how); after) run->stack_changes = changed_facts(run->stack, *after);
  mark_slow_clocks(*run);
  find_warmup(*run);
  settle_work_elsewhere(*run);
  add_closing_findings(*run);
  return std::move(*run);
}

}  // namespace varve
