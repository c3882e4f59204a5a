#pragma once
#include <optional>
#include <vector>

#include "model/comparison.h"

namespace varve {

// The t such that a fraction `confidence` of Student's distribution with `degrees` degrees of freedom lies within
// -t to t. "Student" 1908, doi 10.2307/2331554.
double student_t(double confidence, double degrees);

// Chance of a |t| at least this large when there is no effect: the two-sided p-value.
double student_p(double t, double degrees);

// How an estimate and its uncertainty hang together: value ± student_t(confidence, degrees) · error.
struct MeanEstimate {
  double value = 0;
  double error = 0;    // standard error of the value
  double degrees = 0;  // degrees of freedom
};

Interval interval_of(const MeanEstimate& estimate, double confidence);
double p_value(const MeanEstimate& estimate);  // of "the true value is 0"; 1 when value and error are both 0

// The mean of independent values: error = sd / sqrt(n), n - 1 degrees. Nothing below two values.
std::optional<MeanEstimate> estimate_mean(const std::vector<double>& values);

// The difference mean(b) - mean(a) of two independent sets that need not spread alike: Welch 1947,
// doi 10.1093/biomet/34.1-2.28, with the degrees of freedom of Satterthwaite 1946. Nothing below two values a side.
std::optional<MeanEstimate> estimate_difference(const std::vector<double>& a, const std::vector<double>& b);

// Which of many p-values are discoveries when at most the fraction `q` of the discoveries may be false: sort, find the
// largest k with p_(k) <= q k / m, take the k smallest. Benjamini and Hochberg 1995,
// doi 10.1111/j.2517-6161.1995.tb02031.x. One flag a p-value, in the order given.
std::vector<bool> discoveries(const std::vector<double>& p_values, double q);

}  // namespace varve
