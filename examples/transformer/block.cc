#include "transformer/block.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>

// A sampling profiler sees functions by name only when the compiler has left them standing, not inlined or cloned.
#ifdef __clang__
#define VARVE_VISIBLE __attribute__((noinline))
#else
#define VARVE_VISIBLE __attribute__((noipa))
#endif

namespace varve {
namespace {

// SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // Uniform in [-limit, limit), from the upper 24 bits, so that every step is exact in single precision.
  float uniform(float limit) {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    return (static_cast<float>(bits >> 40) * 0x1p-23f - 1.0f) * limit;
  }

 private:
  std::uint64_t state_;
};

std::size_t area(int rows, int columns) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }

std::vector<float> random_values(std::size_t count, float limit, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) value = random.uniform(limit);
  return values;
}

// Limits that keep the variance of a layer's output near that of its input (Glorot and Bengio 2010).
LinearWeights random_linear(int inputs, int outputs, Random& random) {
  float limit = std::sqrt(3.0f / static_cast<float>(inputs));
  LinearWeights linear{inputs, outputs, {}, {}};
  linear.matrix = random_values(area(inputs, outputs), limit, random);
  linear.bias = random_values(static_cast<std::size_t>(outputs), 0.1f, random);
  return linear;
}

LayerNormWeights random_norm(int width, Random& random) {
  LayerNormWeights norm;
  norm.gain = random_values(static_cast<std::size_t>(width), 0.1f, random);
  for (float& gain : norm.gain) gain += 1.0f;
  norm.bias = random_values(static_cast<std::size_t>(width), 0.1f, random);
  return norm;
}

// Each row to mean 0 and variance 1, then scaled and shifted (Ba, Kiros and Hinton 2016, arXiv:1607.06450).
VARVE_VISIBLE void layer_norm(int rows, int width, const LayerNormWeights& weights, const float* in, float* out) {
  for (int row = 0; row < rows; ++row, in += width, out += width) {
    float sum = 0;
    for (int i = 0; i < width; ++i) sum += in[i];
    float mean = sum / static_cast<float>(width);
    float squares = 0;
    for (int i = 0; i < width; ++i) squares += (in[i] - mean) * (in[i] - mean);
    float scale = 1.0f / std::sqrt(squares / static_cast<float>(width) + 1e-5f);
    for (int i = 0; i < width; ++i) out[i] = (in[i] - mean) * scale * weights.gain[i] + weights.bias[i];
  }
}

// Each row to probabilities; the largest value is taken off first, so that exp cannot overflow.
VARVE_VISIBLE void softmax(int rows, int width, float* values) {
  for (int row = 0; row < rows; ++row, values += width) {
    float largest = *std::max_element(values, values + width);
    float sum = 0;
    for (int i = 0; i < width; ++i) {
      values[i] = std::exp(values[i] - largest);
      sum += values[i];
    }
    float scale = 1.0f / sum;
    for (int i = 0; i < width; ++i) values[i] *= scale;
  }
}

// x times the normal distribution's cumulative probability at x (Hendrycks and Gimpel 2016, arXiv:1606.08415).
VARVE_VISIBLE void gelu(std::vector<float>& values) {
  constexpr float kInverseRootTwo = 0.70710678f;
  for (float& value : values) value = 0.5f * value * (1.0f + std::erf(value * kInverseRootTwo));
}

VARVE_VISIBLE void add_bias(int rows, const std::vector<float>& bias, float* values) {
  for (int row = 0; row < rows; ++row, values += bias.size()) {
    for (std::size_t i = 0; i < bias.size(); ++i) values[i] += bias[i];
  }
}

VARVE_VISIBLE void add_residual(const std::vector<float>& branch, std::vector<float>& activations) {
  for (std::size_t i = 0; i < activations.size(); ++i) activations[i] += branch[i];
}

VARVE_VISIBLE void project(int rows, const LinearWeights& weights, const float* in, float* out) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, weights.outputs, weights.inputs, 1.0f, in,
              weights.inputs, weights.matrix.data(), weights.outputs, 0.0f, out, weights.outputs);
  add_bias(rows, weights.bias, out);
}

// Every head sees its own columns of query, key and value: softmax(Q K^T / sqrt(depth)) V.
VARVE_VISIBLE void attend(const BlockShape& shape, BlockScratch& scratch) {
  int depth = shape.width / shape.heads;
  float scale = 1.0f / std::sqrt(static_cast<float>(depth));
  for (int head = 0; head < shape.heads; ++head) {
    std::ptrdiff_t column = static_cast<std::ptrdiff_t>(head) * depth;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, shape.tokens, shape.tokens, depth, scale,
                scratch.query.data() + column, shape.width, scratch.key.data() + column, shape.width, 0.0f,
                scratch.scores.data(), shape.tokens);
    softmax(shape.tokens, shape.tokens, scratch.scores.data());
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, shape.tokens, depth, shape.tokens, 1.0f,
                scratch.scores.data(), shape.tokens, scratch.value.data() + column, shape.width, 0.0f,
                scratch.mixed.data() + column, shape.width);
  }
}

}  // namespace

BlockWeights make_weights(const BlockShape& shape, std::uint64_t seed) {
  Random random(seed);
  int hidden = kHiddenFactor * shape.width;
  BlockWeights weights;
  weights.attention_norm = random_norm(shape.width, random);
  weights.mlp_norm = random_norm(shape.width, random);
  weights.query = random_linear(shape.width, shape.width, random);
  weights.key = random_linear(shape.width, shape.width, random);
  weights.value = random_linear(shape.width, shape.width, random);
  weights.output = random_linear(shape.width, shape.width, random);
  weights.up = random_linear(shape.width, hidden, random);
  weights.down = random_linear(hidden, shape.width, random);
  return weights;
}

std::vector<float> make_input(const BlockShape& shape, std::uint64_t seed) {
  Random random(~seed);
  return random_values(area(shape.tokens, shape.width), 1.0f, random);
}

BlockScratch make_scratch(const BlockShape& shape) {
  BlockScratch scratch;
  for (auto* matrix : {&scratch.normed, &scratch.query, &scratch.key, &scratch.value, &scratch.mixed}) {
    matrix->resize(area(shape.tokens, shape.width));
  }
  scratch.scores.resize(area(shape.tokens, shape.tokens));
  scratch.hidden.resize(area(shape.tokens, kHiddenFactor * shape.width));
  return scratch;
}

std::size_t weight_bytes(const BlockShape& shape) {
  std::size_t matrices = (4 + 2 * kHiddenFactor) * area(shape.width, shape.width);
  std::size_t vectors = (9 + kHiddenFactor) * static_cast<std::size_t>(shape.width);
  return sizeof(float) * (matrices + vectors);
}

std::size_t activation_bytes(const BlockShape& shape) {
  return sizeof(float) * ((7 + kHiddenFactor) * area(shape.tokens, shape.width) + area(shape.tokens, shape.tokens));
}

double matrix_operations(const BlockShape& shape) {
  double tokens = shape.tokens, width = shape.width;
  return 2 * (4 + 2 * kHiddenFactor) * tokens * width * width + 4 * tokens * tokens * width;
}

void forward_block(const BlockShape& shape, const BlockWeights& weights, BlockScratch& scratch,
                   std::vector<float>& activations) {
  int tokens = shape.tokens, width = shape.width;
  layer_norm(tokens, width, weights.attention_norm, activations.data(), scratch.normed.data());
  project(tokens, weights.query, scratch.normed.data(), scratch.query.data());
  project(tokens, weights.key, scratch.normed.data(), scratch.key.data());
  project(tokens, weights.value, scratch.normed.data(), scratch.value.data());
  attend(shape, scratch);
  project(tokens, weights.output, scratch.mixed.data(), scratch.normed.data());
  add_residual(scratch.normed, activations);

  layer_norm(tokens, width, weights.mlp_norm, activations.data(), scratch.normed.data());
  project(tokens, weights.up, scratch.normed.data(), scratch.hidden.data());
  gelu(scratch.hidden);
  project(tokens, weights.down, scratch.hidden.data(), scratch.normed.data());
  add_residual(scratch.normed, activations);
}

}  // namespace varve
