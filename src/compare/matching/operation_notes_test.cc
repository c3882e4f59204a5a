#include "compare/matching/operation_notes.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

struct MadeWork {
  KernelTable kernels;
  Profile profile;
  void spend(const std::string& kernel, const std::string& operation, std::int64_t ns) {
    ProfileRow row;
    row.key.kernel = kernels.intern({.key = {kernel, "/lib/libx.so", ""}});
    if (!operation.empty()) row.key.operation = kernels.intern({.key = {operation, "", ""}});
    row.time.total_ns = ns;
    add_rows(profile, {row});
  }
  ServedSide side() const { return {&kernels, {&profile, &profile}}; }
};

TEST(OperationNotes, TellOneKernelApartByWhomItServed) {
  MadeWork a, b;
  a.spend("sgemm_kernel", "aten::mm", 900'000'000);
  a.spend("sgemm_kernel", "aten::scaled_dot_product_attention", 2'000'000'000);
  a.spend("softmax", "aten::scaled_dot_product_attention", 500'000'000);
  a.spend("wait", "", 10'000'000);
  b.spend("sgemm_kernel", "aten::mm", 800'000'000);
  b.spend("flash", "aten::scaled_dot_product_attention", 1'000'000'000);
  EXPECT_EQ(operation_notes(a.side(), b.side()),
            (std::vector<std::string>{"for aten::scaled_dot_product_attention: 2.50 s → 1.00 s a unit",
                                      "for aten::mm: 900 ms → 800 ms a unit",
                                      "for nobody that is known: 10.0 ms → 0 s a unit"}));
}

TEST(OperationNotes, SayNothingWhereASideTellsNothing) {
  MadeWork a, b;
  a.spend("sgemm_kernel", "aten::mm", 900'000'000);
  b.spend("sgemm_kernel", "", 800'000'000);
  EXPECT_TRUE(operation_notes(a.side(), b.side()).empty());
  EXPECT_TRUE(operation_notes(b.side(), {&b.kernels, {}}).empty());
}

}  // namespace
}  // namespace varve
