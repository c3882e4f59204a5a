#include "transformer/block.h"

#include <gtest/gtest.h>

#include <limits>

#include "transformer/reference.h"

namespace varve {
namespace {

TEST(TransformerBlock, AgreesWithTheReferenceAtSeveralSizes) {
  const BlockShape shapes[] = {{1, 1, 1}, {1, 8, 8}, {3, 6, 2}, {17, 24, 3}, {64, 64, 1}, {40, 96, 8}};
  for (const BlockShape& shape : shapes) {
    for (std::uint64_t seed : {1u, 2u, 77u}) {
      Agreement agreement = check_block(shape, seed);
      EXPECT_TRUE(agreement.holds()) << shape.tokens << " tokens, width " << shape.width << ", " << shape.heads
                                     << " heads: " << agreement.error << " > " << agreement.bound;
    }
  }
}

// The comparison must be able to fail: every weight matrix and bias is felt in the result.
TEST(TransformerBlock, ADifferentWeightIsNoticed) {
  BlockShape shape{9, 16, 4};
  for (auto part : {&BlockWeights::query, &BlockWeights::key, &BlockWeights::value, &BlockWeights::output,
                    &BlockWeights::up, &BlockWeights::down}) {
    BlockWeights weights = make_weights(shape, 3);
    std::vector<float> activations = make_input(shape, 3);
    std::vector<double> reference = reference_block(shape, weights, activations);
    for (float& weight : (weights.*part).matrix) weight *= 1.01f;
    BlockScratch scratch = make_scratch(shape);
    forward_block(shape, weights, scratch, activations);
    EXPECT_FALSE(compare_results(shape, activations, reference).holds());
  }
}

TEST(TransformerBlock, AResultThatIsNoNumberIsNoticed) {
  BlockShape shape{2, 2, 1};
  std::vector<float> result(4, 1.0f);
  std::vector<double> reference(4, 1.0);
  EXPECT_TRUE(compare_results(shape, result, reference).holds());
  result[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(compare_results(shape, result, reference).holds());
}

TEST(TransformerBlock, TheSameSeedGivesTheSameWork) {
  BlockShape shape{4, 8, 2};
  EXPECT_EQ(make_input(shape, 5), make_input(shape, 5));
  EXPECT_NE(make_input(shape, 5), make_input(shape, 6));
  EXPECT_EQ(make_weights(shape, 5).up.matrix, make_weights(shape, 5).up.matrix);
}

TEST(TransformerBlock, KnowsItsSizes) {
  BlockShape shape{4, 8, 2};
  BlockWeights weights = make_weights(shape, 1);
  std::size_t count = 0;
  for (auto* norm : {&weights.attention_norm, &weights.mlp_norm}) count += norm->gain.size() + norm->bias.size();
  for (auto* linear : {&weights.query, &weights.key, &weights.value, &weights.output, &weights.up, &weights.down}) {
    count += linear->matrix.size() + linear->bias.size();
  }
  EXPECT_EQ(weight_bytes(shape), count * sizeof(float));
  BlockScratch scratch = make_scratch(shape);
  std::size_t activations = 2 * make_input(shape, 1).size() + scratch.scores.size() + scratch.hidden.size();
  for (auto* matrix : {&scratch.normed, &scratch.query, &scratch.key, &scratch.value, &scratch.mixed}) {
    activations += matrix->size();
  }
  EXPECT_EQ(activation_bytes(shape), activations * sizeof(float));
}

}  // namespace
}  // namespace varve
