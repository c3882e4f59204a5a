#pragma once
#include <string>

#include "base/result.h"
#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

struct Measured {
  MetricComparison comparison;
  SideSummary a, b;
  int left_out = 0;  // units (pairs in one document) without a positive value of this metric
};

// One metric on both sides: paired t on log ratios in one document, Welch on logarithms for two (then the speed is
// always `order_confounded`). Error when the metric has no positive value on both sides.
Result<Measured> measure(const Sides& sides, const std::string& metric, double margin);

// Whether the 95 % interval of B / A excludes "no change": 1 when B is better, -1 when it is worse, 0 when neither.
int direction(const MetricComparison& metric);

}  // namespace varve
