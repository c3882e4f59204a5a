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

using Features = std::vector<std::string_view>;

TEST(SpokenSigns, WhatAProgramAsksOfAGpu) {
  EXPECT_EQ(features_asked("$ vllm serve google/gemma-2-2b --dtype bfloat16"), Features{"bf16"});
  EXPECT_EQ(features_asked("--model Qwen/Qwen3-32B-FP8 --tensor-parallel-size 2"), Features{"fp8"});
  EXPECT_EQ(features_asked("--quantization awq_marlin"), Features{"marlin"});
  EXPECT_EQ(features_asked("model = torch.compile(model)"), Features{"torch.compile"});
  EXPECT_EQ(features_asked("RedHatAI/gemma-3-27b-it-quantized.w4a16 does not load on V100"), Features{"marlin"});
  for (const char* text : {"for example: --dtype bfloat16", "You can use --dtype=half instead of --dtype=bfloat16",
                           "Is --quantization fp8 supported?", "It works when --quantization fp8 is not given",
                           "-FP8 does not work if I set it", "--quantization fp8_e5m2", "x-FP8-KV", "--dtype half"}) {
    EXPECT_TRUE(features_asked(text).empty()) << text;
  }
}

TEST(SpokenSigns, TheGlibcOfASystem) {
  EXPECT_EQ(libc_of_system("OS: CentOS Linux 7 (Core) (x86_64)"), "2.17");
  EXPECT_EQ(libc_of_system("PRETTY_NAME=\"Ubuntu 22.04.3 LTS\""), "2.35");
  EXPECT_EQ(libc_of_system("on centos 7, glibc version 2.17"), "2.17");
  for (const char* text : {"Ubuntu 22.10", "CentOS 7 or Ubuntu 20.04", "Rocky Linux 85", "Windows 11"}) {
    EXPECT_TRUE(libc_of_system(text).empty()) << text;
  }
}

}  // namespace
}  // namespace varve
