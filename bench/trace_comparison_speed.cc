// How fast two traces are compared, medians of rounds in which each is measured right after the other.
//   trace_comparison_speed TRACES [LAUNCHES [ROUNDS]]     TRACES holds the folder kineto/ of real traces
// Two traces of attention in graphs, from file to answer, against ISA-L's bare inflate of both; and made sequences of a
// million launches a side (or LAUNCHES), with and without steps, against one hash over the same items.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "compare/traces/compare_traces.h"
#include "gzip_loops.h"
#include "kernels/files/trace_sides.h"
#include "world/world.h"

namespace {
using namespace varve;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TraceSide read(const std::string& path) {
  Result<TraceSide> sequence = read_trace_side(host_world().files, {path});
  if (!sequence) fail(to_text(sequence.error()));
  return std::move(*sequence);
}

TraceComparison compared(const TraceSide& a, const TraceSide& b) {
  Result<TraceComparison> comparison = compare_traces({a.record, a.sequence}, {b.record, b.sequence}, "");
  if (!comparison) fail(to_text(comparison.error()));
  return std::move(*comparison);
}

// Layers of 20 kernels of 60 names, 50 layers a step; of B every third layer has another attention in it, of 1 or 5
// kernels.
TraceSide made(std::size_t launches, bool is_b, bool in_steps) {
  constexpr std::size_t kLayer = 20, kStep = 1000;
  TraceSide read;
  KernelsRecord& record = read.record;
  record.sources.push_back({.file = is_b ? "b" : "a", .format = "made"});
  std::vector<KernelId> names;
  for (int i = 0; i < 66; ++i)
    names.push_back(record.record.kernels.intern({.key = {"kernel_" + std::to_string(i), "", ""}}));
  ProfileRow row{.key = {.activity = Activity::kernel, .kernel = names[0]}};
  row.time.add(1);
  add_rows(record.record.profiles.by_kind[{WitnessKind::kineto, Quantity::device_time}], {row});
  if (in_steps) record.sources.front().steps = {TraceSteps::Found::annotated, "step_N", {}};
  TraceSequence::Stream& stream = read.sequence.streams.emplace_back();
  std::int64_t ns = 0;
  const auto add = [&](std::size_t name, std::int32_t step) {
    stream.items.push_back({.kernel = names[name], .step = step, .duration_ns = 1000});
    ns += 1000;
  };
  for (std::size_t i = 0; i < launches; ++i) {
    const std::int32_t step = in_steps ? static_cast<std::int32_t>(i / kStep) : -1;
    const std::size_t layer = i / kLayer;
    if (i % kLayer == 7) {
      for (std::size_t k = 0; k < (is_b && layer % 3 == 0 ? 5u : 1u); ++k) add(is_b ? 61 + k : 60, step);
    } else {
      add((i % kLayer + 20 * (layer % 3)) % 60, step);
    }
  }
  if (in_steps) read.sequence.steps.resize((launches + kStep - 1) / kStep);
  read.sequence.whole = {ns, {{Part::kernel, ns}}};
  return read;
}

std::uint64_t hash_of(const TraceSide& read) {
  std::uint64_t hash = 1;
  for (const TraceSequence::Item& item : read.sequence.streams.front().items) {
    hash = (hash ^ static_cast<std::uint64_t>(item.kernel)) * 0x9E3779B97F4A7C15u;
  }
  return hash;
}

void measure(const char* what, const char* limit, int rounds, const std::function<void()>& work,
             const std::function<void()>& least) {
  std::vector<double> took, ratios;
  for (int round = 0; round < rounds; ++round) {
    took.push_back(seconds_of(work));
    ratios.push_back(took.back() / seconds_of(least));
  }
  std::printf("%-44s %7.3f s  %6.1f times %s\n", what, median(took), median(ratios), limit);
}
}  // namespace

int main(int count, char** arguments) {
  if (count < 2) fail("usage: trace_comparison_speed TRACES [LAUNCHES [ROUNDS]]");
  const std::string folder = std::string(arguments[1]) + "/kineto/";
  const std::size_t launches = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1'000'000;
  const int rounds = count > 3 ? std::atoi(arguments[3]) : 9;
  const std::string a = folder + "flux-mi300x-fmha.json.gz", b = folder + "flux-mi300x-sage.json.gz";
  measure(
      "two traces of attention in graphs", "the bare inflate of both", rounds, [&] { compared(read(a), read(b)); },
      [&] { inflate_gzip_to_nowhere(a), inflate_gzip_to_nowhere(b); });
  for (const bool in_steps : {true, false}) {
    const TraceSide made_a = made(launches, false, in_steps), made_b = made(launches, true, in_steps);
    std::uint64_t hash = 0;
    measure(
        in_steps ? "made launches, in steps" : "made launches, without steps", "one hash over both", rounds,
        [&] { compared(made_a, made_b); }, [&] { hash ^= hash_of(made_a) ^ hash_of(made_b); });
    if (hash == 1) std::puts("");
  }
}
