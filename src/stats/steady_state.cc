#include "stats/steady_state.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr std::size_t kFewestValues = 6;
constexpr std::size_t kMostBins = 60;
// For one more segment: 5 ln(n) (1 + 4 / n) for n bins, since of few bins the noise is poorly known. Simulated in
// steady_state_test.cc.
constexpr double kPenalty = 5.0, kPenaltyOfFew = 4.0;
constexpr double kFurthest = 5.0;     // noises from the median that a bin may count for
constexpr std::size_t kShortest = 2;  // bins of a segment, but the first: one slow beginning is a beginning

std::vector<double> binned_logs(const std::vector<double>& values, std::size_t size) {
  std::vector<double> bins;
  for (std::size_t at = 0; at < values.size(); at += size) {
    const std::size_t end = std::min(values.size(), at + size);
    bins.push_back(std::log(
        median({values.begin() + static_cast<std::ptrdiff_t>(at), values.begin() + static_cast<std::ptrdiff_t>(end)})));
  }
  return bins;
}

// The standard deviation of the noise between neighbours: a step moves one difference only.
double noise_of(const std::vector<double>& bins) {
  constexpr double kNormal = 0.6744897502;  // the upper quartile of the normal distribution
  std::vector<double> differences;
  for (std::size_t i = 1; i < bins.size(); ++i) differences.push_back(std::fabs(bins[i] - bins[i - 1]));
  return median(differences) / (kNormal * std::sqrt(2.0));
}

// In units of noise, from the median on, none too far.
std::vector<double> scaled(std::vector<double> bins) {
  const double middle = median(bins);
  const double noise = std::max(noise_of(bins), 1e-12);
  for (double& bin : bins) bin = std::clamp((bin - middle) / noise, -kFurthest, kFurthest);
  return bins;
}

// Where the last segment begins.
std::size_t last_segment(const std::vector<double>& x) {
  const std::size_t n = x.size();
  std::vector<double> sum(n + 1), squares(n + 1);
  for (std::size_t i = 0; i < n; ++i) {
    sum[i + 1] = sum[i] + x[i];
    squares[i + 1] = squares[i] + x[i] * x[i];
  }
  const auto cost = [&](std::size_t from, std::size_t to) {
    const double total = sum[to] - sum[from];
    return squares[to] - squares[from] - total * total / static_cast<double>(to - from);
  };
  const auto count = static_cast<double>(n);
  const double penalty = kPenalty * std::log(count) * (1 + kPenaltyOfFew / count);
  std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
  std::vector<std::size_t> begins(n + 1, 0);
  best[0] = -penalty;
  for (std::size_t to = 1; to <= n; ++to) {
    for (std::size_t from = 0; from < to; ++from) {
      if (from > 0 && to - from < kShortest) continue;
      const double with = best[from] + penalty + cost(from, to);
      if (with >= best[to]) continue;
      best[to] = with;
      begins[to] = from;
    }
  }
  return begins[n];
}
}  // namespace

SteadyPart steady_part(const std::vector<double>& values) {
  const bool usable = std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
  if (values.size() < kFewestValues || !usable) return {};
  const std::size_t size = (values.size() + kMostBins - 1) / kMostBins;
  SteadyPart part;
  part.first = size * last_segment(scaled(binned_logs(values, size)));
  part.steady = 2 * (values.size() - part.first) >= values.size();
  return part;
}

}  // namespace varve
