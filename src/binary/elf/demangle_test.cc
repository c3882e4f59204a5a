#include "binary/elf/demangle.h"

#include <gtest/gtest.h>

#include <chrono>

namespace varve {
namespace {

TEST(Demangle, ReadsCxxNamesAndLeavesOthers) {
  EXPECT_EQ(demangle("_ZN5Eigen8internal4gebpIfEEvi"), "void Eigen::internal::gebp<float>(int)");
  EXPECT_EQ(demangle("sgemm_kernel_HASWELL"), "sgemm_kernel_HASWELL");
  EXPECT_EQ(demangle("_ZGVdN8v_expf"), "_ZGVdN8v_expf");
  EXPECT_EQ(demangle("_Z"), "_Z");
  EXPECT_EQ(demangle(""), "");
  EXPECT_EQ(demangle("_ZN2at6native6AVX51215vectorized_loopIfEEvi"),
            "void at::native::AVX512::vectorized_loop<float>(int)");
}

TEST(Demangle, KeepsLongNamesApart) {
  std::string long_name(3000, 'x');
  std::string a = demangle(long_name + "a"), b = demangle(long_name + "b");
  EXPECT_LE(a.size(), 1020u);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, demangle(long_name + "a"));
}

std::string substitution(int id) {
  if (id == 0) return "S_";
  std::string digits;
  for (int rest = id - 1; rest > 0 || digits.empty(); rest /= 36) {
    digits.insert(digits.begin(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest % 36]);
  }
  return "S" + digits + "_";
}

// f(P<int, int>, P<first, first>, P<second, second>, …): 2^80 ints when written out.
TEST(Demangle, DoesNotWriteOutExponentialNames) {
  std::string name = "_Z1f1PIiiE";
  for (int i = 1; i < 80; ++i) name += "S_I" + substitution(i) + substitution(i) + "E";
  auto started = std::chrono::steady_clock::now();
  EXPECT_TRUE(demangle(name).starts_with("f(P<int, int>, P<"));
  EXPECT_LE(demangle(name).size(), 1020u);
  std::string nested = "_Z1fPFviiE";
  for (int i = 1; i < 160; i += 2) nested += "PFv" + substitution(i) + substitution(i) + "E";
  EXPECT_LE(demangle(nested).size(), 1020u);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

TEST(Demangle, StillReadsNamesWithManySubstitutions) {
  std::string name =
      "_ZNSt8_Rb_treeINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEESt4pairIKS5_S5_ESt10_Select1stIS8_"
      "ESt4lessIS5_"
      "ESaIS8_EE24_M_get_insert_unique_posERS7_";
  EXPECT_TRUE(demangle(name).starts_with("std::_Rb_tree<std::__cxx11::basic_string<char"));
}

}  // namespace
}  // namespace varve
