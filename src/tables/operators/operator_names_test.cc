#include "tables/operators/operator_names.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/embedded.h"

namespace varve {
namespace {

FunctionRole role_of(const std::string& name, const std::string& library) {
  const auto role = function_role(name, library);
  EXPECT_TRUE(role) << to_text(role.error());
  return role ? *role : FunctionRole{};
}

TEST(OperatorNames, AreAsTheExamplesOfTheTableSay) {
  const auto table = nlohmann::json::parse(embedded_file("data/operators.json"));
  int examples = 0;
  for (const auto& row : table.at("operators")) {
    for (const auto& example : row.at("examples")) {
      const std::string file = example.size() > 2 ? example.at(2) : "/lib/libblas.so.3";
      const FunctionRole role = role_of(example.at(0), file);
      const std::string level = row.at("level");
      EXPECT_EQ(level == "framework" ? role.operation
                : level == "library" ? role.library_call
                                     : role.routine,
                example.at(1))
          << example.at(0) << " of " << file;
      ++examples;
    }
  }
  EXPECT_GE(examples, 10);
}

TEST(OperatorNames, OfOtherFunctionsAreEmpty) {
  for (const char* name : {"at::native::linear(at::Tensor const&)", "sgemm_kernel_HASWELL", "main", "", "FLOAT_"}) {
    const FunctionRole role = role_of(name, "/lib/libx.so");
    EXPECT_EQ(role.operation + role.library_call + role.routine, "") << name;
    EXPECT_FALSE(role.whole);
    EXPECT_FALSE(role.program);
  }
}

TEST(OperatorNames, OfRoutinesAreNamesInLibrariesForThem) {
  EXPECT_EQ(role_of("dgemm_", "/x/libmkl_intel_lp64.so.2").routine, "dgemm");
  EXPECT_EQ(role_of("dgemm_", "/x/libgame.so").routine, "");
  for (const char* name : {"strlen", "string_", "sport", "dgemm_kernel_HASWELL", "mkl_blas_dgemm", "dgemm_nn"}) {
    EXPECT_EQ(role_of(name, "/x/libopenblas.so.0").routine, "") << name;
  }
}

TEST(OperatorNames, OfWholesTakeInWhatTheyCall) {
  EXPECT_TRUE(role_of("at::_ops::scaled_dot_product_attention::call(at::Tensor const&)", "libtorch_cpu.so").whole);
  EXPECT_FALSE(role_of("at::_ops::bmm::call(at::Tensor const&)", "libtorch_cpu.so").whole);
}

TEST(FunctionRoles, TellTeamsAndThePrograms) {
  EXPECT_TRUE(role_of("", "/x/torch.libs/libgomp-a34b3233.so.1").team);
  EXPECT_TRUE(role_of("blas_thread_server", "/x/libscipy_openblas64_.so").team);
  EXPECT_FALSE(role_of("inner_thread", "/x/libscipy_openblas64_.so").team);
  EXPECT_FALSE(role_of("exec_blas", "/x/libother.so").team);
  EXPECT_TRUE(role_of("project(float*)", "/home/me/transformer").program);
  EXPECT_FALSE(role_of("", "/home/me/transformer").program);
  EXPECT_FALSE(role_of("main", "/home/me/transformer").program) << "it calls everything there is";
  EXPECT_FALSE(role_of("benchmark::internal::BenchmarkRunner::DoNIterations()", "/home/me/bench").program);
  EXPECT_FALSE(role_of("_PyEval_EvalFrameDefault", "/usr/bin/python3.11").program);
  EXPECT_FALSE(role_of("execute_command", "/usr/bin/bash").program);
}

}  // namespace
}  // namespace varve
