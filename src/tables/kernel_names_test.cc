#include "tables/kernel_names.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

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

TEST(KernelPatterns, ShapesBehindAnOperationSayNothing) {
  EXPECT_EQ(kernel_meaning("aten::mm [[8,64],[64,8]]").family, Family::gemm);
  EXPECT_EQ(kernel_meaning("aten::add_ [[8,64],[]]").family, Family::elementwise);
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

// The first row that says a field decides, so an example may belong to the family of a row above; what precision,
// architecture and tensor cores a row claims must be what its examples are read as, those are never guessed.
TEST(KernelPatterns, EverySchemeExampleReadsAsTheRowSays) {
  const nlohmann::json rows = name_patterns().at("schemes");
  ASSERT_GT(rows.size(), 100u);
  for (const auto& row : rows) {
    ASSERT_FALSE(row.at("examples").empty());
    EXPECT_FALSE(row.at("source").get<std::string>().empty());
    for (const auto& example : row.at("examples")) {
      const KernelMeaning meaning = kernel_meaning(example.get<std::string>());
      if (row.contains("family")) {
        EXPECT_EQ(to_string(meaning.family), row["family"].get<std::string>()) << example;
      }
      if (row.contains("precision")) {
        EXPECT_NE(meaning.precision, "") << example << row["regex"];
      }
      if (row.contains("architecture")) {
        EXPECT_NE(meaning.architecture, "") << example << row["regex"];
      }
      if (row.contains("algorithm")) {
        EXPECT_NE(meaning.algorithm, "") << example << row["regex"];
      }
      if (row.contains("origin")) {
        EXPECT_NE(meaning.origin, "") << example << row["regex"];
      }
      if (row.contains("tensor_cores")) {
        EXPECT_EQ(meaning.tensor_cores, row["tensor_cores"] == "yes") << example;
      }
      EXPECT_TRUE(meaning.compiled || !row.value("compiled", false)) << example;
      EXPECT_TRUE(meaning.fused || !row.value("fused", false)) << example;
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

TEST(KernelNames, WhatSyclCallsByATypeIsCalledByIt) {
  const std::string name = normalised_kernel_name("_ZTSN2at6native3xpu27VectorizedElementwiseKernelILi4EfEE");
  EXPECT_EQ(name, "at::native::xpu::VectorizedElementwiseKernel<4, float>");
  EXPECT_EQ(kernel_meaning(name).family, Family::elementwise);
}

TEST(KernelNames, PlainFunctionsAreOther) {
  for (const char* name : {"main", "_PyEval_EvalFrameDefault", "libopenblas.so.0 [0x1200-0x1a40]", "convert_utf8",
                           "sum_up", "dotenv_load", "(kernel)", "malloc", "normalize_path", "", "av_refstruct_pool_get",
                           "thread_pool_run", "libiconv", "ExpandPictureLuma_sse2"}) {
    KernelMeaning meaning = kernel_meaning(name);
    EXPECT_EQ(meaning.family, Family::other) << name;
    EXPECT_EQ(meaning.base, name);
    EXPECT_EQ(meaning.architecture, "");
  }
}

// Wrong is worse than silent: what a name does not prove is not said.
TEST(KernelNames, UnknownStaysUnknown) {
  for (const char* name : {"my_stencil<7>", "user::solve(double*, int)", "advec_cell_kernel", "triton_",
                           "spin_kernel(long)", "void project::Kernel<float>(float*)", "step", "kernel"}) {
    const KernelMeaning meaning = kernel_meaning(name);
    EXPECT_EQ(meaning.family, Family::other) << name;
    EXPECT_EQ(meaning.precision, "") << name;
    EXPECT_EQ(meaning.tensor_cores, std::nullopt) << name;
    EXPECT_FALSE(meaning.fused) << name;
  }
  for (const char* name :
       {"flash::flash_fwd_splitkv_combine_kernel<Flash_fwd_kernel_traits<128, 64, 128, 4>>",
        "flash_bwd_convert_dq_kernel<Flash_bwd_kernel_traits<64, 128>>", "volta_dgemm_64x64_nn",
        "sm80_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize64x64x8_stage3",
        "flash_fwd_splitkv_combine_kernel<Flash_fwd_kernel_traits2<64>>", "nvjet_sss_128x64_64x4_TNT", "matmul_kernel",
        "attn_fwd", "cutlass::Kernel<project::Gemm<float>>"}) {
    EXPECT_EQ(kernel_meaning(name).tensor_cores, std::nullopt) << name;
  }
  for (const char* name :
       {"ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclDevComm*)", "matmul_kernel", "ncclDevKernel_Generic_1(int)",
        "nvjet_sss_128x64_64x4_TNT", "Cijk_Ailk_Bljk_XYZ_BH_MT64x64x32",
        "cudnn_generated_fort_native_sdpa_sm90_flash_fprop_wgmma_f16_knob_31"}) {
    EXPECT_EQ(kernel_meaning(name).precision, "") << name;
  }
}

TEST(KernelNames, WhoMadeAKernelIsToldByItsOwnNamespaceNotByWhatItTakes) {
  const std::pair<const char*, const char*> cases[] = {
      {"rocprim::detail::block_reduce_kernel<true, at::native::SumOp<float>>", "rocPRIM"},
      {"deep_gemm::sm100_fp8_fp4_gemm_1d1d_impl<128, cutlass::float_e4m3_t>", "DeepGEMM"},
      {"tensorrt_llm::kernels::cutlass_kernels::expandInputRowsKernel<__nv_bfloat16>", "TensorRT-LLM"},
      {"moe::dev::activation::activationDeepSeekKernel<cutlass::bfloat16_t>", "TensorRT-LLM"},
      {"cutlass::Kernel2<cutlass_80_tensorop_bf16_s16816gemm_relu_bf16_64x64_64x6_tn_align8>", "CUTLASS"},
      {"at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<c10::BFloat16>>", "PyTorch"},
      {"rotary_embedding_kernel<c10::BFloat16, true>", ""},
      {"my_stencil<cutlass::half_t>", ""},
  };
  for (const auto& [name, origin] : cases) EXPECT_EQ(kernel_meaning(name).origin, origin) << name;
}

// What a kernel of CuTe DSL is given stands in its name, behind the kernel's own.
TEST(KernelNames, WhatIsCopiedOrMultipliedByIsNotWhatAKernelOfCuteIsFor) {
  const std::pair<const char*, Family> cases[] = {
      {"kernel_cutlass_kernel___main__SSDKernel_object_at__CopyAtom_ThrID10_TVLayoutSrc1409601_tensor0000_0",
       Family::other},
      {"kernel_cutlass_kernel___main__PersistentDenseGemmKernel_object_at__TiledMMA_ThrLayoutVMNK11110000_CopyAtom_0",
       Family::gemm},
      {"kernel_cutlass_kernel___main__RMSNormKernel_object_at__tensorptrbf16gmemalign16o409640961_0", Family::norm},
  };
  for (const auto& [name, family] : cases) EXPECT_EQ(kernel_meaning(name).family, family) << name;
}

// "gemm" stands in the names of a model and of a library.
TEST(KernelNames, GemmaAndFbgemmAreNoProducts) {
  for (const char* name : {"gemma3n_altup", "_gemma_kernel", "GemmaLayer", "fbgemm::permute_2D_sparse_data",
                           "fbgemm::asynchronous_complete_cumsum", "fbgemm_pack"}) {
    EXPECT_NE(kernel_meaning(name).family, Family::gemm) << name;
  }
  for (const char* name : {"sgemm", "bgemm_kernel", "my_gemm_kernel", "fused_a_gemm_kernel<1, 2112>",
                           "fbgemm_gpu::bf16_gemm_kernel<4>", "GemmAddBias", "hgemm_128x128"}) {
    EXPECT_EQ(kernel_meaning(name).family, Family::gemm) << name;
  }
}

TEST(KernelNames, EachFieldHasTheSourceOfItsRule) {
  const auto sources = kernel_meaning_sources("ampere_sgemm_128x64_tn");
  for (const char* field : {"family", "origin", "precision", "architecture", "tensor_cores"}) {
    EXPECT_TRUE(sources.contains(field) && !sources.at(field).empty()) << field;
  }
  EXPECT_FALSE(sources.contains("algorithm"));
  EXPECT_TRUE(kernel_meaning_sources("sgemm_kernel_HASWELL").contains("base"));
  EXPECT_TRUE(kernel_meaning_sources("my_stencil<7>").empty());
}

TEST(KernelNames, PrecisionAndMatrixUnitsAreThoseOfTheName) {
  struct {
    const char *name, *precision;
    std::optional<bool> tensor_cores;
  } const cases[] = {
      {"ampere_sgemm_128x64_tn", "fp32", false},
      {"volta_h884gemm_64x64_ldg8_nn", "fp16", true},
      {"ampere_bf16_s16816gemm_bf16_128x128_ldg8_f2f_stages_64x3_tn", "bf16", true},
      {"sm80_xmma_gemm_f32f32_tf32f32_f32_nn_n_tilesize128x128x16", "tf32", true},
      {"sm80_xmma_gemm_f32f32_f32f32_f32_tn_n_tilesize64x256x8_stage3_warpsize1x4x1_ffma_aligna4", "fp32", false},
      {"cutlass_80_tensorop_s1688gemm_64x64_32x6_tn_align4", "tf32", true},
      {"Cijk_Alik_Bljk_HHS_BH_MT64x16x64_MI16x16x16x1_SN", "fp16", true},
      {"implicit_convolve_sgemm<float, float, 128, 6, 7>", "", false},
      {"at::native::vectorized_elementwise_kernel<4, at::native::AddFunctor<float>>", "", false},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(kernel_meaning(one.name).precision, one.precision) << one.name;
    EXPECT_EQ(kernel_meaning(one.name).tensor_cores, one.tensor_cores) << one.name;
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
