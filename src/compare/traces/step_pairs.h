#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compare/traces/common_names.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_comparison.h"
#include "model/answers/trace_sequence.h"

namespace varve {

// The kernels of one side that are compared with those of the other at once: a step, or what is in none. Copies and
// collectives are not among them: they are told apart by name alone. As many streams as the other side has.
struct StepItems {
  std::vector<std::vector<const TraceSequence::Item*>> streams;
};

// A device of a rank; -1: not told.
struct DeviceKey {
  std::int32_t rank = -1, device = -1;

  auto operator<=>(const DeviceKey&) const = default;
};
struct DevicePair {
  std::optional<DeviceKey> a, b;  // at least one
};
// Which devices of two sides go together, by rank: as many of both in their order, else those of one number and then
// the others in their order. Each is in one pair.
std::vector<DevicePair> pair_devices(const TraceSequence& a, const TraceSequence& b);

// A step of A with one of B, on one device of each. Of a comparison per step each side is counted in its own pass over
// its steps.
struct StepPair {
  std::size_t a = 0, b = 0;  // into the lists of steps
  bool count_a = true, count_b = true;
  std::size_t device = 0;  // the number of the pair of devices
};

struct PairedSteps {
  std::vector<StepItems> a, b;
  std::vector<StepPair> pairs;
};

// How two sequences are compared.
struct ChosenBasis {
  TraceComparison::Basis basis = TraceComparison::Basis::whole;
  std::string detail;  // why
};
ChosenBasis choose_basis(const TraceSequence& a, const TraceSteps& steps_a, const TraceSequence& b,
                         const TraceSteps& steps_b);

// Whether an item is compared: all are, but per step only those of complete steps.
bool is_compared(const TraceSequence& sequence, const TraceSequence::Item& item, TraceComparison::Basis basis);

// Which streams of the two sides go together (device by device, by the kernels that they share), cut into steps. What
// ran on one device is compared with what ran on its counterpart alone.
PairedSteps pair_steps(const TraceSequence& a, const TraceSequence& b, const CommonNames& names,
                       TraceComparison::Basis basis);

}  // namespace varve
