#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace varve {

// A transformer encoder block in single precision, as in Vaswani et al. 2017 (arXiv:1706.03762) with the
// normalisation before each half (Xiong et al. 2020, arXiv:2002.04745):
//   y = x + attention(layer_norm(x)),   z = y + down(gelu(up(layer_norm(y))))
// All matrices are row-major: activations [tokens][width], weights [inputs][outputs].
struct BlockShape {
  int tokens = 0;
  int width = 0;  // a multiple of heads
  int heads = 0;
};

constexpr int kHiddenFactor = 4;  // the MLP's hidden layer is this many times as wide as the block

struct LayerNormWeights {
  std::vector<float> gain, bias;  // [width]
};

// out = in * matrix + bias
struct LinearWeights {
  int inputs = 0, outputs = 0;
  std::vector<float> matrix;  // [inputs][outputs]
  std::vector<float> bias;    // [outputs]
};

struct BlockWeights {
  LayerNormWeights attention_norm, mlp_norm;
  LinearWeights query, key, value, output;  // width -> width
  LinearWeights up, down;                   // width -> hidden -> width
};

// Memory that a pass needs beside input and weights. Allocated once and used again by every pass.
struct BlockScratch {
  std::vector<float> normed, query, key, value, mixed;  // [tokens][width]
  std::vector<float> scores;                            // [tokens][tokens], one head at a time
  std::vector<float> hidden;                            // [tokens][hidden]
};

// Pseudo-random weights and activations: the same seed gives the same bits on every machine.
BlockWeights make_weights(const BlockShape& shape, std::uint64_t seed);
std::vector<float> make_input(const BlockShape& shape, std::uint64_t seed);
BlockScratch make_scratch(const BlockShape& shape);

// Bytes of the weights of one block, and of input and scratch together.
std::size_t weight_bytes(const BlockShape& shape);
std::size_t activation_bytes(const BlockShape& shape);

// Floating-point operations of the matrix products of one pass through one block (a multiply and an add are two).
double matrix_operations(const BlockShape& shape);

// One pass, in place: `activations` is [tokens][width]. The matrix products run on the BLAS.
void forward_block(const BlockShape& shape, const BlockWeights& weights, BlockScratch& scratch,
                   std::vector<float>& activations);

}  // namespace varve
