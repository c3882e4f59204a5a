#pragma once
#include <string>
#include <vector>

#include "compare/account/account_series.h"
#include "model/comparison.h"

namespace varve {

// Why parts of the account's total would be parts of noise, or parts of something else than the metric. Empty: they are
// sound. The account must be whole but for its shares; `paired`: the sides were measured in turns; `more_threads`:
// side_with_more_threads.
std::string reason_to_withhold(const KernelAccount& account, const MetricComparison& primary, bool paired,
                               int more_threads);

// Gives every row and part its share of the total, where that says something, and the rows that were exchanged theirs
// together. `rows` and `parts` have what the account was computed from, in its order.
void add_shares(KernelAccount& account, const RowSeries& total, const std::vector<RowSeries>& rows,
                const std::vector<std::vector<RowSeries>>& parts);

}  // namespace varve
