#include "tables/kernel_names.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/embedded.h"

namespace varve {
namespace {

nlohmann::json name_patterns() { return nlohmann::json::parse(embedded_file("data/kernel_patterns.json")); }

TEST(KernelPatterns, EveryDispatchExampleReadsAsTheRowSays) {
  const nlohmann::json rows = name_patterns().at("dispatch");
  ASSERT_GT(rows.size(), 5u);
  for (const auto& row : rows) {
    ASSERT_FALSE(row.at("examples").empty());
    EXPECT_FALSE(row.at("source").get<std::string>().empty());
    for (const auto& example : row.at("examples")) {
      KernelMeaning meaning = kernel_meaning(example.at(0).get<std::string>());
      EXPECT_EQ(meaning.base, example.at(1).get<std::string>()) << example;
      EXPECT_EQ(meaning.architecture, example.at(2).get<std::string>()) << example;
    }
  }
}

TEST(KernelPatterns, EveryFamilyExampleReadsAsTheRowSays) {
  const nlohmann::json rows = name_patterns().at("families");
  ASSERT_GT(rows.size(), 5u);
  for (const auto& row : rows) {
    ASSERT_FALSE(row.at("examples").empty());
    EXPECT_FALSE(row.at("source").get<std::string>().empty());
    std::string family = row.at("family");
    EXPECT_EQ(to_string(family_from(family)), family);
    for (const auto& example : row.at("examples")) {
      EXPECT_EQ(to_string(kernel_meaning(example.get<std::string>()).family), family) << example;
    }
  }
}

TEST(KernelNames, TheSameKernelHasTheSameBaseOnEveryProcessor) {
  for (const char* core : {"HASWELL", "COOPERLAKE", "PRESCOTT", "OPTERON_SSE3", "ARMV8", "NEOVERSEN1", "A64FX"}) {
    KernelMeaning meaning = kernel_meaning(std::string("sgemm_kernel_") + core);
    EXPECT_EQ(meaning.base, "sgemm_kernel");
    EXPECT_EQ(meaning.architecture, core);
    EXPECT_EQ(meaning.family, Family::gemm);
  }
}

TEST(KernelNames, PlainFunctionsAreOther) {
  for (const char* name : {"main", "_PyEval_EvalFrameDefault", "libopenblas.so.0 [0x1200-0x1a40]", "convert_utf8",
                           "sum_up", "dotenv_load", "(kernel)", "malloc", "normalize_path", ""}) {
    KernelMeaning meaning = kernel_meaning(name);
    EXPECT_EQ(meaning.family, Family::other) << name;
    EXPECT_EQ(meaning.base, name);
    EXPECT_EQ(meaning.architecture, "");
  }
}

TEST(KernelNames, LongNamesAreReadLikeShortOnes) {
  const std::string types(100'000, 't');
  const KernelMeaning meaning = kernel_meaning("void at::native::AVX2::sum_kernel<" + types + ">(int)");
  EXPECT_EQ(meaning.architecture, "AVX2");
  EXPECT_EQ(meaning.base, "void at::native::sum_kernel<" + types + ">(int)");
  EXPECT_EQ(meaning.family, Family::reduction);
}

TEST(KernelNames, LongNamesTakeNoLongTime) {
  auto started = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    (void)kernel_meaning("at::native::" + std::string(900, static_cast<char>('a' + i)) + "::operator()");
    (void)kernel_meaning(std::string(100'000, '_') + std::to_string(i));
    (void)kernel_meaning(std::string(1900, '_') + std::to_string(i));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
}

}  // namespace
}  // namespace varve
