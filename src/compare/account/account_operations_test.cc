#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compare/account/account_testing.h"

namespace varve {

using namespace samples;  // NOLINT: the builders of test_runs.h

namespace {
// A row for a caller: attention's softmax and product on A, one fused kernel on B; a product for somebody else.
void served(KernelTable& kernels, Unit& made, const std::string& operation, const Kernel& of, double seconds) {
  sample(kernels, made, of, seconds);
  Profile& profile = made.profiles.by_kind[kCpuSamples];
  const KernelId id = kernels.intern(of);
  const auto row = std::find_if(profile.rows.begin(), profile.rows.end(), [&](const ProfileRow& each) {
    return each.key.kernel == id && each.key.operation == kNoKernel;
  });
  ASSERT_NE(row, profile.rows.end());
  ProfileRow moved = *row;
  profile.rows.erase(row);
  moved.key.operation = kernels.intern(kernel(operation, "", "", Family::attention, "PyTorch"));
  add_rows(profile, {moved});
}

void attention_shape(KernelTable& kernels, Unit& made, Generator& generator) {
  const Kernel product = kernel("sgemm", "", "", Family::gemm, "/lib/libmkl.so");
  if (made.variant == "A") {
    served(kernels, made, "attention", kernel("softmax", "", "", Family::softmax), 0.5 * wobble(generator, 0.01));
    served(kernels, made, "attention", product, 0.4 * wobble(generator, 0.01));
  } else {
    served(kernels, made, "attention", kernel("flash", "", "", Family::attention), 0.2 * wobble(generator, 0.01));
    served(kernels, made, "attention", product, 0.1 * wobble(generator, 0.01));
  }
  served(kernels, made, "mm", product, 0.3 * wobble(generator, 0.01));
  set_cpu(made, sampled_seconds(made) + 0.02);
  made.window = MeasuredWindow{0, nanoseconds(made.wall_seconds), nanoseconds(made.wall_seconds), 1};
}
}  // namespace

TEST(Account, OperationsComeFirstAndTheirKernelsSumToThem) {
  const KernelAccount account = sampled_account(kernel_run(10, attention_shape));
  ASSERT_TRUE(account.available) << account.why;
  EXPECT_TRUE(account.by_operation);
  EXPECT_TRUE(account.explains_metric);
  const KernelChange& attention = account.rows.front();
  EXPECT_EQ(attention.label, "attention");
  EXPECT_EQ(attention.state, KernelState::replaced);
  EXPECT_NEAR(attention.change.value, -0.6, 0.03);
  ASSERT_TRUE(attention.share);
  EXPECT_NEAR(attention.share->value, 1, 0.05);
  double points = 0;
  for (const KernelChange& row : account.rows) {
    points += row.points.value_or(0);
    double parts = 0;
    for (const KernelChange& part : row.parts) parts += part.change.value;
    if (row.parts.empty()) continue;
    EXPECT_NEAR(parts, row.change.value, 1e-12) << row.label;
  }
  EXPECT_NEAR(points, std::log(account.a_seconds / account.b_seconds), 1e-12) << "log points are exact";
  const auto exchanged = std::find_if(attention.parts.begin(), attention.parts.end(),
                                      [](const KernelChange& part) { return part.label == "softmax → flash"; });
  ASSERT_NE(exchanged, attention.parts.end());
  EXPECT_EQ(exchanged->state, KernelState::replaced);
}

// Kernels that nothing but their caller makes a pair, each seen a few times: chance, as in "vanished" and "appeared".
TEST(Account, AHandfulOfSamplesIsNoExchange) {
  const KernelAccount account =
      sampled_account(kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& generator) {
        served(kernels, made, "mm", kernel("sgemm", "", "", Family::gemm), 0.9 * wobble(generator, 0.01));
        if (made.variant == "A" && made.pair < 2) served(kernels, made, "add", kernel("configure"), 0.01);
        if (made.variant == "B" && made.pair >= 4 && made.pair < 8)
          served(kernels, made, "add", kernel("dispatch"), 0.01);
        set_cpu(made, sampled_seconds(made) + 0.01);
      }));
  ASSERT_TRUE(account.by_operation);
  for (const KernelChange& row : account.rows) {
    EXPECT_NE(row.state, KernelState::replaced) << row.label;
    for (const KernelChange& part : row.parts) EXPECT_NE(part.state, KernelState::replaced) << part.label;
  }
}

namespace {
Kernel generated_kernel(const std::string& library) {
  Kernel made = kernel("kernel._omp_fn.0", "", "", Family::other, library);
  if (library == "[jit]") made.named = Named::generated;
  return made;
}

const KernelChange* row_labelled(const KernelAccount& account, const std::string& label) {
  const auto found = std::find_if(account.rows.begin(), account.rows.end(),
                                  [&](const KernelChange& row) { return row.label == label; });
  return found == account.rows.end() ? nullptr : &*found;
}
}  // namespace

TEST(Account, WhatACompilerWroteTookTheOperationsOfTheOtherSide) {
  const auto shape = [](KernelTable& kernels, Unit& made, Generator& generator) {
    served(kernels, made, "mm", kernel("sgemm"), 0.3 * wobble(generator, 0.01));
    if (made.variant == "A") {
      served(kernels, made, "gelu", kernel("erf"), 0.3 * wobble(generator, 0.01));
      served(kernels, made, "softmax", kernel("exp"), 0.2 * wobble(generator, 0.01));
    } else {
      sample(kernels, made, generated_kernel("/tmp/torchinductor_me/ab/cd.main.so"), 0.1 * wobble(generator, 0.01));
    }
    set_cpu(made, sampled_seconds(made) + 0.02);
  };
  const KernelAccount account = sampled_account(kernel_run(10, shape));
  const KernelChange* row = row_labelled(account, "gelu and 1 more → compiled code");
  ASSERT_NE(row, nullptr) << account.rows[0].label;
  EXPECT_EQ(row->state, KernelState::replaced);
  EXPECT_NEAR(row->change.value, -0.4, 0.03);
  EXPECT_EQ(row->parts.size(), 3u);
}

TEST(Account, AnOperationThatWasMetOnceIsNotWhatCompiledCodeDid) {
  const KernelAccount account = sampled_account(kernel_run(10, [](KernelTable& kernels, Unit& made, Generator& random) {
    served(kernels, made, "mm", kernel("sgemm"), 0.3 * wobble(random, 0.01));
    if (made.variant == "A") sample(kernels, made, generated_kernel("[jit]"), 0.1 * wobble(random, 0.01));
    if (made.variant == "B" && made.pair == 3) served(kernels, made, "astype", kernel("cast"), 0.01);
    set_cpu(made, sampled_seconds(made) + 0.02);
  }));
  for (const KernelChange& row : account.rows) EXPECT_EQ(row.label.find("compiled code"), std::string::npos);
}

TEST(Account, NamedFunctionsThatMakeUpForGeneratedCodeAreOneRowWithIt) {
  const auto account_with = [](double named) {
    return sampled_account(kernel_run(10, [=](KernelTable& kernels, Unit& made, Generator& generator) {
      const bool is_a = made.variant == "A";
      sample(kernels, made, generated_kernel("[jit]"), (is_a ? 1 : 0.1) * wobble(generator, 0.01));
      if (!is_a) sample(kernels, made, kernel("dot"), named * wobble(generator, 0.01));
      if (!is_a) sample(kernels, made, kernel("transpose"), 0.1 * wobble(generator, 0.01));
      set_cpu(made, sampled_seconds(made) + 0.02);
    }));
  };
  const KernelAccount account = account_with(0.7);
  const KernelChange* row = row_labelled(account, "kernel._omp_fn.0 → dot and 1 more");
  ASSERT_NE(row, nullptr) << account.rows[0].label;
  EXPECT_EQ(row->state, KernelState::replaced);
  EXPECT_NEAR(row->a_seconds, 1, 0.02);
  EXPECT_NEAR(row->b_seconds, 0.9, 0.02);
  EXPECT_EQ(row_labelled(account_with(0.1), "kernel._omp_fn.0 → dot and 1 more"), nullptr)
      << "it cannot have done that";
}

}  // namespace varve
