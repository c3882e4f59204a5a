#include "stats/log_mean.h"

#include <cmath>

namespace varve {

double log_mean(double x, double y) {
  // Close to each other the quotient loses its digits: the series in (x − y) / (x + y) has them.
  const double ratio = (x - y) / (x + y);
  if (std::abs(ratio) < 1e-3) return (x + y) / 2 * (1 - ratio * ratio / 3 - 4 * std::pow(ratio, 4) / 45);
  return (x - y) / std::log(x / y);
}

ProductChange split_product_change(double count_a, double each_a, double count_b, double each_b) {
  const double whole = count_b * each_b - count_a * each_a;
  const double by_count = log_mean(count_b * each_b, count_a * each_a) * std::log(count_b / count_a);
  return {by_count, whole - by_count};
}

}  // namespace varve
