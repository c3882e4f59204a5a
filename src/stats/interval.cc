#include "stats/interval.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "stats/descriptive.h"

namespace varve {

namespace {
using StudentT = boost::math::students_t;

double square(double x) { return x * x; }
}  // namespace

double student_t(double confidence, double degrees) {
  return boost::math::quantile(StudentT(degrees), 0.5 + confidence / 2);
}

double student_p(double t, double degrees) {
  return 2 * boost::math::cdf(boost::math::complement(StudentT(degrees), std::fabs(t)));
}

Interval interval_of(const MeanEstimate& estimate, double confidence) {
  if (estimate.error == 0) return {estimate.value, estimate.value};
  const double half = student_t(confidence, estimate.degrees) * estimate.error;
  return {estimate.value - half, estimate.value + half};
}

double p_value(const MeanEstimate& estimate) {
  if (estimate.error == 0) return estimate.value == 0 ? 1 : 0;
  return student_p(estimate.value / estimate.error, estimate.degrees);
}

std::optional<MeanEstimate> estimate_mean(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const auto count = static_cast<double>(values.size());
  return MeanEstimate{mean(values), standard_deviation(values) / std::sqrt(count), count - 1};
}

std::optional<MeanEstimate> estimate_difference(const std::vector<double>& a, const std::vector<double>& b) {
  const auto side_a = estimate_mean(a), side_b = estimate_mean(b);
  if (!side_a || !side_b) return std::nullopt;
  const double variance_a = square(side_a->error), variance_b = square(side_b->error);
  const double variance = variance_a + variance_b;
  const double parts = square(variance_a) / side_a->degrees + square(variance_b) / side_b->degrees;
  const double degrees = parts > 0 ? square(variance) / parts : side_a->degrees + side_b->degrees;
  return MeanEstimate{side_b->value - side_a->value, std::sqrt(variance), degrees};
}

std::vector<bool> discoveries(const std::vector<double>& p_values, double q) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto left, auto right) { return p_values[left] < p_values[right]; });
  std::size_t count = 0;
  for (std::size_t rank = 1; rank <= order.size(); ++rank) {
    const double limit = q * static_cast<double>(rank) / static_cast<double>(order.size());
    if (p_values[order[rank - 1]] <= limit) count = rank;
  }
  std::vector<bool> found(p_values.size(), false);
  for (std::size_t rank = 0; rank < count; ++rank) found[order[rank]] = true;
  return found;
}

}  // namespace varve
