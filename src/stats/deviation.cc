#include "stats/deviation.h"

#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <limits>

namespace varve {

Interval deviation_interval(double deviation, double degrees, double confidence) {
  if (!(degrees > 0)) return {0, std::numeric_limits<double>::infinity()};
  const boost::math::chi_squared distribution(degrees);
  const double tail = (1 - confidence) / 2;
  return {deviation * std::sqrt(degrees / boost::math::quantile(distribution, 1 - tail)),
          deviation * std::sqrt(degrees / boost::math::quantile(distribution, tail))};
}

}  // namespace varve
