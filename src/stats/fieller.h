#pragma once
#include <vector>

#include "model/comparison.h"

namespace varve {

// Which numbers are compatible with being the ratio of two means.
enum class RatioSet {
  bounded,    // an interval
  unbounded,  // the mean of x cannot be told from 0: the set reaches infinity on at least one side; no interval
  none,       // fewer than two pairs, or the mean of x is exactly 0: there is no ratio
};

struct Ratio {
  RatioSet set = RatioSet::none;
  Estimate estimate;  // mean(y) / mean(x); the interval is infinite unless `bounded`, all of it meaningless with `none`
};

// mean(y) / mean(x) of n pairs (x_i, y_i), and the set of all rho that the pairs do not rule out:
//   (mean(y) - rho mean(x))^2 <= t^2 (s_yy - 2 rho s_xy + rho^2 s_xx) / n,   t = student_t(confidence, n - 1).
// In words: for a trial value rho the differences y - rho x must have a mean that is compatible with 0. The bounds are
// the roots of a quadratic in rho; the set is bounded exactly when the interval of mean(x) itself excludes 0.
// Fieller 1954, doi 10.1111/j.2517-6161.1954.tb00159.x.
Ratio paired_ratio(const std::vector<double>& x, const std::vector<double>& y, double confidence = 0.95);

}  // namespace varve
