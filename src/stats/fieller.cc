#include "stats/fieller.h"

#include <cassert>
#include <cmath>
#include <limits>

#include "stats/descriptive.h"
#include "stats/interval.h"

namespace varve {

Ratio paired_ratio(const std::vector<double>& x, const std::vector<double>& y, double confidence) {
  assert(x.size() == y.size());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Ratio result;
  result.estimate.interval = {-kInfinity, kInfinity};
  if (x.size() < 2 || mean(x) == 0) return result;
  const double mean_x = mean(x), mean_y = mean(y);
  result.estimate.value = mean_y / mean_x;

  const auto count = static_cast<double>(x.size());
  const double t = student_t(confidence, count - 1);
  const double q = t * t / count;
  // a rho^2 - 2 b rho + c <= 0
  const double a = mean_x * mean_x - q * covariance(x, x);
  const double b = mean_x * mean_y - q * covariance(x, y);
  const double c = mean_y * mean_y - q * covariance(y, y);
  result.set = a > 0 ? RatioSet::bounded : RatioSet::unbounded;
  if (a <= 0) return result;
  // The estimate itself always satisfies the inequality, so with a > 0 there are real roots but for rounding.
  const double root = std::sqrt(std::fmax(0, b * b - a * c));
  result.estimate.interval = {(b - root) / a, (b + root) / a};
  return result;
}

}  // namespace varve
