#include "compare/matching/account_basis.h"

#include <array>

namespace varve {

namespace {
// The kernel samples at a fixed period of CPU time, so the number of samples of a unit is as good as given and only
// their division over kernels is left to chance: a row with k of the unit's n samples has the binomial variance
// k (1 - k/n).
double sampled_variance(const ProfileRow& row, const Counting& counting) {
  const auto k = static_cast<double>(row.samples);
  return counting.samples > 0 ? k * (1 - k / counting.samples) * counting.period_ns * counting.period_ns : 0;
}

// What was not sampled is known to one period more or less: the variance of a uniform distribution.
double sampled_remainder_variance(const Counting& counting) { return counting.period_ns * counting.period_ns / 12; }

double no_variance(const ProfileRow&, const Counting&) { return 0; }
double no_remainder_variance(const Counting&) { return 0; }

constexpr std::array kBases{
    AccountBasis{kCpuSamples, "(not sampled)", sampled_variance, sampled_remainder_variance},
    AccountBasis{kOnednnCalls, "(outside oneDNN)", no_variance, no_remainder_variance},
};
}  // namespace

Counting counting_of(const Profile& profile) {
  const double period = profile.periods_ns.empty() ? 0 : static_cast<double>(*profile.periods_ns.rbegin());
  return {period, static_cast<double>(profile.samples())};
}

std::span<const AccountBasis> account_bases() { return kBases; }

}  // namespace varve
