#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/stacks/caller_tree.h"

namespace varve {

// On whose behalf a sample was taken, as far as anybody can tell.
struct SampleOperation {
  static constexpr std::uint32_t kNobody = UINT32_MAX;
  std::uint32_t operation = kNobody;  // in SampleOperations::operations
  bool joined = false;                // its own stack does not tell: a thread that ran the same task at that time does
};

// A sample with its callers: times in nanoseconds of one clock.
struct CalledSample {
  std::uint32_t process = 0;
  std::uint64_t time_ns = 0;
  std::uint32_t callers = CallerTree::kNone;
};

struct Operation {
  std::string name;
  std::string library;  // of a function of the program: its file. Empty: an operator that data/operators.json knows
  auto operator<=>(const Operation&) const = default;
};

struct SampleOperations {
  std::vector<Operation> operations;
  std::vector<SampleOperation> of_samples;  // one a sample, in their order
};

// Finds the operator or caller of every sample. From its own stack: the innermost operator of a framework, or a whole
// around it (data/operators.json), else the innermost of a library, else the innermost function of the program itself
// that called what ran (of one that calls itself: that called it first), else the outermost routine that many libraries
// have under one name (dgemm). A sample of a team's thread, whose stack holds none of these, gets what the nearest
// sample in time of the same process got from its own stack while it ran the same task: at most a second away; else the
// nearest one in any task of a team, at most `near_ns` away. Samples need not be sorted. Error: of the table.
Result<SampleOperations> find_operations(const CallerTree& tree, const std::vector<CalledSample>& samples,
                                         std::uint64_t near_ns);

}  // namespace varve
