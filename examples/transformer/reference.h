#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "transformer/block.h"

namespace varve {

// The same block in plain loops and double precision, without a BLAS: what forward_block must agree with.
std::vector<double> reference_block(const BlockShape& shape, const BlockWeights& weights,
                                    const std::vector<float>& input);

// The largest distance between the two results, relative to the reference's largest magnitude; and how large it may be.
// The bound is 8 n u with n the longest sum in the block and u = 2^-24 the rounding unit of single precision: the
// worst case of one matrix product is n u (Higham 2002, section 3.5), and the block chains a handful of them.
struct Agreement {
  double error = 0;
  double bound = 0;

  bool holds() const { return error <= bound; }  // a NaN does not hold
};
Agreement compare_results(const BlockShape& shape, const std::vector<float>& result,
                          const std::vector<double>& reference);

// Runs both on weights and input made from the seed and compares them.
Agreement check_block(const BlockShape& shape, std::uint64_t seed);

}  // namespace varve
