#include "stats/power.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace varve {

namespace {
double normal_quantile(double probability) { return boost::math::quantile(boost::math::normal(), probability); }

int pairs_for(double quantiles, double distance, double pair_sd) {
  if (!std::isfinite(distance) || !std::isfinite(pair_sd) || distance == 0) return kPairsCap;
  const double ratio = pair_sd / distance;
  const double pairs = std::ceil(quantiles * quantiles * ratio * ratio + 2);
  return pairs < kPairsCap ? static_cast<int>(pairs) : kPairsCap;
}
}  // namespace

int pairs_for_effect(double effect_log, double pair_sd) {
  static const double quantiles = normal_quantile(0.975) + normal_quantile(0.90);
  return pairs_for(quantiles, std::fabs(effect_log), pair_sd);
}

int pairs_for_same(double margin_log, double pair_sd) {
  static const double quantiles = 2 * normal_quantile(0.95);
  return margin_log > 0 ? pairs_for(quantiles, margin_log, pair_sd) : kPairsCap;
}

}  // namespace varve
