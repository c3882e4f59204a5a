#pragma once
#include <cstdint>
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

// A step of A with one of B. Of a comparison per step each side is counted in its own pass over its steps.
struct StepPair {
  std::size_t a = 0, b = 0;  // into the lists of steps
  bool count_a = true, count_b = true;
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

// Which streams of the two sides go together (device by device, by the kernels that they share), cut into steps.
PairedSteps pair_steps(const TraceSequence& a, const TraceSequence& b, const CommonNames& names,
                       TraceComparison::Basis basis);

}  // namespace varve
