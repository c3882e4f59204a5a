#pragma once
#include <string>
#include <vector>

#include "model/comparison.h"

namespace varve {

// Why parts of the account's total would be parts of noise, or parts of something else than the metric. Empty: they are
// sound. The account must be whole but for its shares; `paired`: the sides were measured in turns.
std::string reason_to_withhold(const KernelAccount& account, const MetricComparison& primary, bool paired);

// Gives every row its share of the total, where that says something, and the rows that were exchanged theirs together.
// `total` has the change of each pair, `parts` that of each pair for each row of the account, in its order.
void add_shares(KernelAccount& account, const std::vector<double>& total,
                const std::vector<std::vector<double>>& parts);

}  // namespace varve
