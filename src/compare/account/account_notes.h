#pragma once
#include <string>
#include <vector>

#include "compare/account/account_series.h"
#include "compare/matching/account_basis.h"
#include "model/comparison.h"

namespace varve {

// What a reader of an account must know: its scope, what lies outside of it, what was lost and not seen.
std::vector<std::string> account_notes(const Sides& sides, const SeenUnits& seen, const AccountBasis& basis,
                                       const MetricComparison& primary, bool by_operation);

// What oneDNN itself said it ran, in the units that were executed for this evidence only.
void note_onednn(const Sides& sides, std::vector<std::string>& notes);

}  // namespace varve
