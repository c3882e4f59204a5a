#include "rules/analysis/gpu_code.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace varve
