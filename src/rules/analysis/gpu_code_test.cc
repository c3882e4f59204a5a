#include "rules/analysis/gpu_code.h"

#include <gtest/gtest.h>

#include <tuple>

#include "rules/analysis/made_stack_testing.h"

namespace varve {
namespace {

CodeCause cause_of(const test::MadeStack& stack) { return stack.analysis().consumers.front().code.front().cause; }

// Its symbols are not compared, and still all of its files were read.
TEST(GpuCode, AProcessWithoutAnyWasLookedInto) {
  test::MadeStack stack;
  stack.driver("550.163.01", "12.4").gpu("L40S", "8.9");
  stack.stack().consumers.push_back({.kind = ConsumerKind::process,
                                     .name = "program (7)",
                                     .package = {},
                                     .environment = {},
                                     .libraries = {},
                                     .symbols_checked = false,
                                     .remark = {}});
  stack.library("libcudart.so.12", "runtime", "12.4").library("libcuda.so.1", "driver");
  EXPECT_EQ(cause_of(stack), CodeCause::no_code);
  stack.stack().binaries.front().path = "/elsewhere";  // a library of CUDA that may not be read
  EXPECT_EQ(cause_of(stack), CodeCause::not_read);
}

// sgl-kernel: FlashAttention 3 stands in a file of its own that is made for others; what it imports serves the GPU.
// Paddle: its core is made for others, and a library that the core opens by name serves it.
TEST(GpuCode, AFileForOthersBesideAModuleThatServesTheGpuIsNotAll) {
  const Coverage for_others = test::coverage_of({{{"sm_80", "sm_90"}, 400}});
  const Coverage for_all = test::coverage_of({{{"sm_80", "sm_90", "sm_120"}, 35}});
  for (const auto& [file, others, cause] : {std::tuple("common_ops.abi3.so", "flash_ops.abi3.so", CodeCause::partly),
                                            std::tuple("libflashattn.so", "core.abi3.so", CodeCause::hardly)}) {
    test::MadeStack stack;
    stack.driver("580.95.05", "13.0").gpu("RTX 5090", "12.0").package("kernels", "0.4", "13.0").consumer();
    stack.library(file, "kernels", "", for_all).library(others, "kernels", "", for_others);
    EXPECT_EQ(cause_of(stack), cause) << file;
    stack.last_library().at_start = true;  // the import needs what is for others
    EXPECT_EQ(cause_of(stack), CodeCause::hardly) << file;
  }
}

}  // namespace
}  // namespace varve
