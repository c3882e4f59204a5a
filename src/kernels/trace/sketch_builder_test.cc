#include "kernels/trace/sketch_builder.h"

#include <gtest/gtest.h>

#include <random>

namespace varve {
namespace {

TEST(SketchBuilder, MakesTheSketchThatAddingOneByOneMakes) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 200; ++round) {
    SketchBuilder builder;
    QuantileSketch sketch;
    const int spread = static_cast<int>(random() % 63);
    for (std::uint64_t i = random() % 500; i > 0; --i) {
      const auto ns = static_cast<std::int64_t>((random() >> 1) >> (random() % 8 == 0 ? random() % 63 : spread));
      builder.add(ns);
      sketch.add(ns);
    }
    builder.add(-5);
    sketch.add(-5);
    EXPECT_EQ(builder.take(), sketch) << "round " << round;
  }
}

}  // namespace
}  // namespace varve
