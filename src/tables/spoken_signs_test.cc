#include "tables/spoken_signs.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(SpokenSigns, SayThatAGpuIsNotUsed) {
  EXPECT_TRUE(load_spoken_signs());
  for (const char* text :
       {"Tensorflow can't detect my gpu.", "WARNING:root:No GPU found.", "It runs on CPU and not my GPU"}) {
    EXPECT_TRUE(misses_gpu(text)) << text;
  }
  for (const char* text :
       {"If no GPU is found it runs on the CPU", "You should see that CUDA is not available", "GPU: RTX 4090"}) {
    EXPECT_FALSE(misses_gpu(text)) << text;
  }
}

}  // namespace
}  // namespace varve
