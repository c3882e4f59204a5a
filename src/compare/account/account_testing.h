#pragma once
// Accounts of runs that are built in code.
#include <cstdlib>

#include "compare/compare_runs.h"
#include "compare/test_runs.h"

namespace varve::samples {

inline Comparison compared_account(const Run& run) {
  auto comparison = compare_variants(run);
  if (!comparison) std::abort();  // a mistake of the test
  return *comparison;
}

// The account of CPU samples.
inline KernelAccount sampled_account(const Run& run) {
  const Comparison comparison = compared_account(run);
  if (comparison.accounts.size() != 1 || comparison.accounts[0].kind != kCpuSamples) std::abort();
  return comparison.accounts[0];
}

}  // namespace varve::samples
