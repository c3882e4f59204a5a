#pragma once
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// The change of a quantity a unit, split over groups of kernels so that the rows sum to the total: one account a basis
// (account_basis.h) that the timing units of both sides have profiles of. The whole is the profile's; what its rows
// leave of it is the last row. Over the pairs of one document; over the units of either side of two (then without
// shares). `primary` decides whether the shares say anything about the metric. The first is always that of CPU samples,
// with the reason when there is none.
// An account that says nothing about the metric is not available and says why, but still has its rows: they tell what
// ran, for those who ask that.
std::vector<KernelAccount> account_kernels(const Sides& sides, const MetricComparison& primary);

// Takes the rows of accounts that are not available, once nobody asks what ran any more.
void withdraw_unavailable(std::vector<KernelAccount>& accounts);

}  // namespace varve
