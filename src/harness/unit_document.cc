#include "harness/unit_document.h"

#include <algorithm>
#include <cmath>

#include "stats/drawn_bits.h"

namespace varve {

namespace {
constexpr std::uint64_t kPadRange = 4096;

std::int64_t nanoseconds(double seconds) { return std::llround(std::clamp(seconds, 0.0, 1e9) * 1e9); }

// The unit's CPU time is known as a whole. A window's part of it is taken to be its part of the samples, which is said
// where much was not sampled: when that was is not known.
void close_cpu_account(const Unit& unit, Profile& profile) {
  constexpr double kMuchUnsampled = 0.05;
  double used = unit.user_seconds + unit.system_seconds;
  if (unit.server) used += unit.server->user_seconds + unit.server->system_seconds;  // it was sampled too
  const auto inside = static_cast<double>(profile.rows_ns());
  const double sampled = inside + static_cast<double>(profile.outside_ns());
  if (!unit.window || sampled <= 0) {
    profile.whole_ns = nanoseconds(used);
    return;
  }
  profile.whole_ns = nanoseconds(used * inside / sampled);
  if (used * 1e9 - sampled > kMuchUnsampled * used * 1e9) {
    profile.unseen.insert("when the CPU time was used that no sample saw: it is divided as the samples are");
  }
}

}  // namespace

int environment_pad(std::uint64_t seed, std::size_t index) {
  return static_cast<int>(drawn_bits(seed, index) % kPadRange);
}

Unit make_unit(const PlannedUnit& planned, int index, int pad, double started_seconds, UnitOutcome& outcome) {
  Unit unit;
  unit.variant = variant_name(planned.side);
  unit.role = planned.role;
  unit.index = index;
  unit.block = planned.block;
  unit.position = planned.position;
  unit.pair = planned.pair;
  unit.started_seconds = std::max(0.0, started_seconds);
  unit.end = outcome.end;
  unit.wall_seconds = outcome.wall_seconds;
  unit.user_seconds = outcome.user_seconds;
  unit.system_seconds = outcome.system_seconds;
  unit.steal_seconds = outcome.steal_seconds;
  unit.peak_memory_bytes = outcome.peak_memory_bytes;
  unit.peak_memory_note = outcome.peak_memory_note;
  unit.involuntary_switches = outcome.involuntary_switches;
  unit.environment_pad = pad;
  if (outcome.metrics) unit.metrics = *outcome.metrics;
  unit.metrics_note = std::move(outcome.metrics_note);
  unit.work_fault = std::move(outcome.work_fault);
  unit.outputs = std::move(outcome.outputs);
  unit.conditions = std::move(outcome.conditions);
  unit.window = outcome.window;
  unit.window_fault = outcome.window_fault;
  unit.threads_at_work = outcome.threads_at_work;
  unit.cpus = outcome.cpus;
  unit.cpus_allowed = outcome.cpus_allowed;
  unit.libraries = std::move(outcome.libraries);
  unit.marks = std::move(outcome.marks);
  unit.server = outcome.server;
  return unit;
}

void take_profiles(const ProfileRecord& seen, Unit& unit, KernelTable& kernels) {
  merge(unit.profiles, seen.profiles, kernels.intern_all(seen.kernels));
  for (auto& [kind, profile] : unit.profiles.by_kind) {
    profile.window_ns = unit.window ? unit.window->length_ns : nanoseconds(unit.wall_seconds);
    profile.whole_ns = profile.window_ns;
    if (kind.quantity == Quantity::cpu_time) close_cpu_account(unit, profile);
  }
}

}  // namespace varve
