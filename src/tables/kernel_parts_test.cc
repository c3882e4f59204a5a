#include "tables/kernel_parts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/embedded.h"

namespace varve {
namespace {

TEST(KernelParts, EveryPartOfAnExampleHasAMeaning) {
  const nlohmann::json table = nlohmann::json::parse(embedded_file("data/kernel_parts.json"));
  for (const auto& scheme : table.at("schemes")) {
    ASSERT_FALSE(scheme.at("examples").empty());
    for (const auto& example : scheme.at("examples")) {
      const auto parts = kernel_name_parts(example.get<std::string>());
      EXPECT_GT(parts.size(), 2u) << example;
      for (const KernelNamePart& part : parts) {
        EXPECT_TRUE(!part.meaning.empty() || example.get<std::string>().starts_with("nvjet")) << example << part.text;
      }
    }
  }
}

TEST(KernelParts, ReadsWordsAndArguments) {
  const auto words = kernel_name_parts("ampere_sgemm_128x64_tn");
  ASSERT_EQ(words.size(), 4u);
  EXPECT_TRUE(words[0].meaning.find("Ampere") != std::string::npos);
  EXPECT_TRUE(words[1].meaning.find("fp32") != std::string::npos);
  EXPECT_EQ(words[2].meaning, "tile: each block of threads computes 128 x 64 of the result");
  EXPECT_EQ(words[3].meaning, "A transposed, B not");
  const auto flash = kernel_name_parts("void flash_fwd_kernel<Flash_fwd_kernel_traits<128, 64, 32, 4>, false>(int)");
  ASSERT_GE(flash.size(), 5u);
  EXPECT_EQ(flash[1].text, "128");
  EXPECT_EQ(flash[1].meaning, "size of a head");
}

TEST(KernelParts, TellWhatTheyAreTheirValueAndHowItIsKnown) {
  const auto words = kernel_name_parts("ampere_sgemm_128x64_tn");
  ASSERT_EQ(words.size(), 4u);
  const char* kinds[] = {"architecture", "operation", "tile", "layout"};
  const char* values[] = {"ampere", "sgemm", "128x64", "tn"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(words[i].what, kinds[i]);
    EXPECT_EQ(words[i].value, values[i]);
    EXPECT_EQ(words[i].known, "scheme: cuBLAS and cuDNN until Ampere");
  }
  const auto cutlass = kernel_name_parts("cutlass_80_tensorop_bf16_s16816gemm_bf16_64x128_32x6_tn_align8");
  ASSERT_GT(cutlass.size(), 2u);
  EXPECT_EQ(cutlass[1].value, "8.0");
  EXPECT_EQ(cutlass.back().what, "alignment");
  EXPECT_EQ(cutlass.back().value, "8");
  const auto flash = kernel_name_parts("void flash_fwd_kernel<Flash_fwd_kernel_traits<128, 64, 32, 4>, false>(int)");
  ASSERT_GE(flash.size(), 5u);
  EXPECT_EQ(flash[1].known, "template: Flash_fwd_kernel_traits");
  const auto unknown = kernel_name_parts("ampere_sgemm_128x64_zzz_tn");
  ASSERT_EQ(unknown.size(), 5u);
  EXPECT_EQ(unknown[3].what + unknown[3].value + unknown[3].known, "");
}

TEST(KernelParts, UnknownStaysUnknown) {
  EXPECT_TRUE(kernel_name_parts("my_stencil<7>").empty());
  EXPECT_TRUE(kernel_name_parts("").empty());
  const auto parts = kernel_name_parts("ampere_sgemm_128x64_zzz_tn");
  ASSERT_EQ(parts.size(), 5u);
  EXPECT_EQ(parts[3].text, "zzz");
  EXPECT_EQ(parts[3].meaning, "");
}

}  // namespace
}  // namespace varve
