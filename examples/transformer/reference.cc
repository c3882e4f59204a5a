#include "transformer/reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace varve {
namespace {

using Matrix = std::vector<double>;

Matrix norm_rows(int rows, int width, const LayerNormWeights& weights, const Matrix& in) {
  Matrix out(in.size());
  for (int row = 0; row < rows; ++row) {
    const double* from = in.data() + static_cast<std::ptrdiff_t>(row) * width;
    double* to = out.data() + static_cast<std::ptrdiff_t>(row) * width;
    double mean = 0, variance = 0;
    for (int i = 0; i < width; ++i) mean += from[i] / width;
    for (int i = 0; i < width; ++i) variance += (from[i] - mean) * (from[i] - mean) / width;
    for (int i = 0; i < width; ++i) {
      to[i] = (from[i] - mean) / std::sqrt(variance + 1e-5) * double{weights.gain[i]} + double{weights.bias[i]};
    }
  }
  return out;
}

Matrix apply_linear(int rows, const LinearWeights& weights, const Matrix& in) {
  Matrix out;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < weights.outputs; ++column) {
      double sum = double{weights.bias[column]};
      for (int i = 0; i < weights.inputs; ++i) {
        std::size_t from = static_cast<std::size_t>(row) * weights.inputs + i;
        std::size_t weight = static_cast<std::size_t>(i) * weights.outputs + column;
        sum += in[from] * double{weights.matrix[weight]};
      }
      out.push_back(sum);
    }
  }
  return out;
}

Matrix mix_values(const BlockShape& shape, const Matrix& query, const Matrix& key, const Matrix& value) {
  int depth = shape.width / shape.heads;
  Matrix out(query.size(), 0.0);
  Matrix weights(static_cast<std::size_t>(shape.tokens));
  auto at = [&](int token, int head, int i) {
    return static_cast<std::size_t>(token) * shape.width + static_cast<std::size_t>(head) * depth + i;
  };
  for (int head = 0; head < shape.heads; ++head) {
    for (int token = 0; token < shape.tokens; ++token) {
      double sum = 0;
      for (int other = 0; other < shape.tokens; ++other) {
        double product = 0;
        for (int i = 0; i < depth; ++i) product += query[at(token, head, i)] * key[at(other, head, i)];
        weights[other] = std::exp(product / std::sqrt(static_cast<double>(depth)));
        sum += weights[other];
      }
      for (int other = 0; other < shape.tokens; ++other) {
        for (int i = 0; i < depth; ++i) out[at(token, head, i)] += weights[other] / sum * value[at(other, head, i)];
      }
    }
  }
  return out;
}

void add(const Matrix& from, Matrix& to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

}  // namespace

std::vector<double> reference_block(const BlockShape& shape, const BlockWeights& weights,
                                    const std::vector<float>& input) {
  int tokens = shape.tokens;
  Matrix activations(input.begin(), input.end());

  Matrix normed = norm_rows(tokens, shape.width, weights.attention_norm, activations);
  Matrix mixed = mix_values(shape, apply_linear(tokens, weights.query, normed),
                            apply_linear(tokens, weights.key, normed), apply_linear(tokens, weights.value, normed));
  add(apply_linear(tokens, weights.output, mixed), activations);

  normed = norm_rows(tokens, shape.width, weights.mlp_norm, activations);
  Matrix hidden = apply_linear(tokens, weights.up, normed);
  for (double& value : hidden) value = 0.5 * value * (1.0 + std::erf(value / std::sqrt(2.0)));
  add(apply_linear(tokens, weights.down, hidden), activations);
  return activations;
}

Agreement compare_results(const BlockShape& shape, const std::vector<float>& result,
                          const std::vector<double>& reference) {
  Agreement agreement;
  agreement.bound = 8.0 * std::max(shape.tokens, kHiddenFactor * shape.width) * 0x1p-24;
  double largest = 0, distance = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    double difference = std::abs(double{result[i]} - reference[i]);
    // std::max drops a NaN in its second place.
    if (!std::isfinite(difference)) difference = std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(reference[i]));
    distance = std::max(distance, difference);
  }
  agreement.error = distance / largest;
  return agreement;
}

Agreement check_block(const BlockShape& shape, std::uint64_t seed) {
  BlockWeights weights = make_weights(shape, seed);
  BlockScratch scratch = make_scratch(shape);
  std::vector<float> activations = make_input(shape, seed);
  std::vector<double> reference = reference_block(shape, weights, activations);
  forward_block(shape, weights, scratch, activations);
  return compare_results(shape, activations, reference);
}

}  // namespace varve
