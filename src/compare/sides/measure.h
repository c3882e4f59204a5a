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
// always `order_confounded`). Where units share a server, the mean of the logarithms of a block is one value. Error
// when the metric has no positive value on both sides.
Result<Measured> measure(const Sides& sides, const std::string& metric, double margin);

// Whether the 95 % interval of B / A excludes "no change": 1 when B is better, -1 when it is worse, 0 when neither.
int direction(const MetricComparison& metric);

// Whether the sides did the same work (in work_equality.cc).

// Why rates and times of the two sides say nothing about which is faster, as sentences; empty: they may be compared.
//   - a count that the user named (protocol.work_metrics) is not the same in all units, within the declared tolerance,
//     or is missing in one;
//   - an output that the user named is not what it was in the first unit;
//   - in a unit rate, time and work do not fit together;
//   - the primary metric is a sum of other numbers of lines in some units.
std::vector<std::string> work_differences(const Sides& sides, const std::string& primary);

}  // namespace varve
