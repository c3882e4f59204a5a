#pragma once

namespace varve {

// What the two functions below answer when more than a million pairs, or no number of pairs, would do.
inline constexpr int kPairsCap = 1'000'000;

// Pairs to run so that a true change of `effect_log` (difference of logarithms, either sign) is told apart from no
// change in 90 % of experiments, at a two-sided 5 %, when the log ratios of the pairs have the standard deviation
// `pair_sd`:  n = (z.975 + z.90)^2 (sd / effect)^2 + 2, rounded up.
// The normal approximation of the paired t test (Lachin 1981, doi 10.1016/0197-2456(81)90001-5) with two pairs more for
// the estimated standard deviation (Guenther 1981, doi 10.2307/2683047). At most kPairsCap; at least 2.
int pairs_for_effect(double effect_log, double pair_sd);

// Pairs to run so that two equal sides are shown to be the same within `margin_log` in 90 % of experiments by two
// one-sided 5 % tests:  n = (z.95 + z.95)^2 (sd / margin)^2 + 2, rounded up. Each test may fail in half of the 10 %
// (Schuirmann 1987, doi 10.1007/BF01068419). At most kPairsCap; at least 2.
int pairs_for_same(double margin_log, double pair_sd);

}  // namespace varve
