#include "harness/benchmark.h"

#include <fmt/format.h>

#include <cmath>

#include "base/version.h"
#include "capture/capture_stack.h"
#include "harness/imported_packages.h"
#include "harness/plan.h"
#include "harness/recorders/choose.h"
#include "harness/recording.h"
#include "harness/run_findings.h"
#include "harness/run_units.h"
#include "harness/unit/interrupt.h"
#include "harness/unit/kernel_witness.h"
#include "harness/unit/process_executor.h"
#include "harness/unit/unit_marks.h"
#include "harness/variant.h"
#include "loading/binary_cache.h"

namespace varve {

namespace {

constexpr int kMostUnits = 100'000;

Status check_plan(const RunPlan& plan) {
  const auto bad = [](const char* where, std::string found, const char* hint) {
    return Error{"reading the plan of the run", where, std::move(found), hint};
  };
  if (plan.variants.empty()) return bad("command", "there is none", "put it after --, as in varve run -- ./program");
  if (plan.variants.size() > 2) {
    return bad("variants", fmt::format("there are {}", plan.variants.size()), "compare two sides at a time");
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
  for (const VariantPlan& variant : plan.variants) {
    for (const auto& [name, value] : variant.environment) {
      if (name.empty() || name.find('=') != std::string::npos) {
        return bad("environment", fmt::format("\"{}\" is no variable name", name), "write NAME=VALUE");
      }
    }
  }
  return Done{};
}

Protocol make_protocol(const RunPlan& plan) {
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
  return protocol;
}

// NVML answered a child of ours, so that it may be asked from here.
bool has_gpus(const Stack& stack) {
  const auto count = stack.facts.find("gpu.count");
  if (count == stack.facts.end() || !count->second.is_known()) return false;
  const auto* number = std::get_if<std::int64_t>(&*count->second.value);
  return number != nullptr && *number > 0;
}

}  // namespace

Result<Run> run_benchmark(const RunPlan& plan, const World& world, RunObserver& observer) {
  if (Status checked = check_plan(plan); !checked) return checked.error();
  const std::string home = environment_value(world.environment, "HOME");
  Run run;
  std::vector<PreparedVariant> variants;
  for (std::size_t side = 0; side < plan.variants.size(); ++side) {
    Result<PreparedVariant> prepared =
        prepare_variant(plan.variants[side], variant_name(static_cast<int>(side)), world);
    if (!prepared) return prepared.error();
    variants.push_back(std::move(*prepared));
    run.variants.push_back(variants.back().document);
  }
  Result<TemporaryDirectory> directory = TemporaryDirectory::make();
  if (!directory) return directory.error();

  const InterruptGuard guard;
  run.name = redact_line(plan.name, home);
  run.created_at = format_time(world.now());
  run.tool_version = tool_version();
  run.protocol = make_protocol(plan);
  // The GPU belongs to the measured program, so it is not touched here.
  const CaptureOptions how{.handshake = false, .cache_folder = user_cache_folder(world.environment)};
  Result<Stack> before = capture_stack(world, how);
  if (!before) return before.error();
  run.stack = std::move(*before);

  KernelWitness witness(world, plan.kernels == KernelsWay::none ? 0 : plan.sampling_hertz);
  ProcessExecutor executor(world, witness, std::move(*directory), ExitWatch::automatic,
                           watch_gpus(world.is_this_machine && has_gpus(run.stack)));
  execute_units(plan, variants, all_recorders(), world, executor, observer, run);
  for (std::size_t side = 0; side < variants.size(); ++side) {
    run.variants[side].packages = imported_packages(variants[side], recording_ground(world, variants[side], run));
  }

  if (Result<Stack> after = capture_stack(world, how); after) run.stack_changes = changed_facts(run.stack, *after);
  mark_slow_clocks(run);
  add_closing_findings(run);
  return run;
}

}  // namespace varve
