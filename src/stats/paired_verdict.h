#pragma once
#include <optional>
#include <vector>

#include "model/comparison.h"
#include "model/run_record.h"
#include "stats/interval.h"

namespace varve {

// Fewer pairs than this and no speed is called anything (STATS 0: the interval needs them).
inline constexpr int kFewestPairs = 5;

// What log ratios ln(B/A) say about B. Everything is decided on logarithms, with the margin m = ln(1 + margin) on
// either side of 0, so that swapping A and B turns every sign and nothing else.
struct LogVerdict {
  Speed speed = Speed::too_few;
  std::optional<MeanEstimate> log_ratio;  // nothing with fewer than two pairs: there is no spread to judge by
  Interval log_95, log_90;                // infinite without `log_ratio`
  // Pairs in all, not on top, until the verdict is a firmer one at 90 % power if the estimate and its spread hold: from
  // ambiguous or too few to a change or to sameness, whichever is nearer; from "touching margin" to beyond or within
  // it. Nothing when it is firm already, or when there is no spread to compute it from.
  std::optional<int> pairs_needed;
};

// In the direction that `better` calls an improvement:
//   faster  the 95 % interval lies beyond the margin;  slower  the same on the other side;
//   same    the 90 % interval lies within the margin: two one-sided 5 % tests (Schuirmann 1987,
//   doi 10.1007/BF01068419); faster/slower touching margin  the 95 % interval excludes no change but overlaps the
//   margin; else ambiguous.
// Where the direction is not known, every change beyond chance is `direction_unknown`; the others need none.
// One pair is `no_spread`; none, or fewer than five, `too_few`.
LogVerdict judge_pairs(const std::vector<double>& log_ratios, double margin, Better better);

}  // namespace varve
