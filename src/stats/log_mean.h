#pragma once

namespace varve {

// The logarithmic mean (x − y) / (ln x − ln y) of two numbers above zero; x where they are equal.
double log_mean(double x, double y);

// How much each factor of a product changed it: their sum is count_b · each_b − count_a · each_a, without a remainder,
// and exchanging the sides changes signs only. The logarithmic mean Divisia index (LMDI-I: Ang, Zhang and Choi 1998,
// doi 10.1016/S0360-5442(98)00016-4). All four are above zero.
struct ProductChange {
  double by_count = 0, by_each = 0;
};
ProductChange split_product_change(double count_a, double each_a, double count_b, double each_b);

}  // namespace varve
