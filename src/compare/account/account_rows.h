#pragma once
#include <vector>

#include "compare/account/account_series.h"
#include "compare/matching/account_basis.h"
#include "model/comparison.h"

namespace varve {

// The rows of an account with the series that they were computed from, in the same order. Rows sum to the whole, the
// remainder is last; the parts of a row sum to it.
struct AccountRows {
  bool by_operation = false;  // rows are operations, and their parts kernels; else rows are kernels
  std::vector<KernelChange> rows;
  std::vector<RowSeries> series;
  std::vector<std::vector<RowSeries>> parts;  // of each row
};

// Matches what ran on both sides, operation by operation where both sides tell on whose behalf it ran. What one side
// alone showed is "vanished" or "appeared" only where its change stands out among all rows (Benjamini and Hochberg);
// the rest of it is one row that says so. Shares are not given here.
AccountRows account_rows(const Sides& sides, const SeenUnits& seen, const AccountBasis& basis);

}  // namespace varve
