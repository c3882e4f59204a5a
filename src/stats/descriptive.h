#pragma once
#include <vector>

namespace varve {

// All of them give the same answer for the same numbers in the same order; NaN for too few numbers.

double mean(const std::vector<double>& values);                // of none: NaN
double standard_deviation(const std::vector<double>& values);  // divisor n - 1 (unbiased variance); below two: NaN
double covariance(const std::vector<double>& x, const std::vector<double>& y);  // divisor n - 1, equal lengths
double median(std::vector<double> values);

// The value below which the fraction `probability` (0 to 1) lies, linear between the order statistics: definition 7 of
// Hyndman and Fan 1996, doi 10.2307/2684934.
double quantile(std::vector<double> values, double probability);

}  // namespace varve
