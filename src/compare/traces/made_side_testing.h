#pragma once
// For tests only.
#include <map>
#include <string>

#include "compare/traces/compared_trace.h"

namespace varve::test {

// A trace that was made: its items stand one after the other on streams, with pauses between them.
struct MadeSide {
  KernelsRecord record;
  TraceSequence sequence;
  std::map<std::string, KernelId> ids;

  MadeSide() {
    record.sources.push_back({.file = "made", .format = "made"});
    record.record.profiles.by_kind[{WitnessKind::kineto, Quantity::device_time}].lost = 1;
  }
  KernelId id(const std::string& name, const KernelMeaning& meaning = {}) {
    const auto [at, is_new] = ids.try_emplace(name);
    if (is_new) at->second = record.record.kernels.intern({.key = {name, "", ""}, .meaning = meaning});
    return at->second;
  }
  void add(std::size_t stream, const std::string& name, const std::string& operation, std::int64_t ns,
           std::int32_t step = -1, Part part = Part::kernel) {
    while (sequence.streams.size() <= stream) {
      sequence.streams.push_back({{.rank = 0, .device = 0, .stream = static_cast<int>(sequence.streams.size())}, {}});
    }
    sequence.streams[stream].items.push_back({.kernel = id(name),
                                              .operation = operation.empty() ? kNoKernel : id(operation),
                                              .step = step,
                                              .part = part,
                                              .duration_ns = ns});
    add_part(sequence.whole, part, ns);
    if (step >= 0) add_part(sequence.steps[static_cast<std::size_t>(step)].window, part, ns);
    ProfileRow row{.key = {.activity = Activity::kernel, .kernel = id(name)}};
    row.time.add(ns);
    add_rows(record.record.profiles.by_kind.begin()->second, {row});
  }
  void idle(std::int64_t ns, std::int32_t step = -1) {
    add_part(sequence.whole, Part::idle, ns);
    if (step >= 0) add_part(sequence.steps[static_cast<std::size_t>(step)].window, Part::idle, ns);
  }
  void steps(std::size_t number) {
    sequence.steps.resize(number);
    record.sources.front().steps = {TraceSteps::Found::annotated, "step_N", {}};
  }
  ComparedTrace side() const { return {record, sequence}; }

 private:
  static void add_part(TraceSequence::Window& window, Part part, std::int64_t ns) {
    window.parts[part] += ns;
    window.length_ns += ns;
  }
};

}  // namespace varve::test
