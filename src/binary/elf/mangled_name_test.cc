#include "binary/elf/mangled_name.h"

#include <gtest/gtest.h>

#include <random>

#include "base/hash.h"
#include "binary/elf/demangle.h"

namespace varve {
namespace {

TEST(MangledName, ReadsTypesThatAreNewerThanTheDemangler) {
  const std::string name =
      "_ZN5aiter24add_rmsnorm_quant_kernelIDF16bDF16bLi64ELi8ELb0ELb0ELb1ELi1EEEvPT_S2_PfS2_S2_S2_diiiiiiib";
  EXPECT_EQ(read_mangled_name(name),
            "aiter::add_rmsnorm_quant_kernel<std::bfloat16_t, std::bfloat16_t, 64, 8, false, false, true, 1>");
}

TEST(MangledName, ReadsTemplateParametersDeclaredInPlace) {
  EXPECT_EQ(
      read_mangled_name(
          "_ZN7sgl_hip10activation18act_and_mul_kernelI14__hip_bfloat16TnPFT_RKS3_EXadL_Z4siluIS2_ES3_S5_EEEEvPS3_"
          "PS4_i"),
      "sgl_hip::activation::act_and_mul_kernel<__hip_bfloat16, &silu<__hip_bfloat16>>");
}

TEST(MangledName, ReadsWhatIsLeftOfANameThatWasCutOff) {
  const std::string whole = "_ZN7ck_tile6kentryILi1ENS_13FmhaFwdKernelINS_3PipIDF16bLi64EEEEEEEvv";
  EXPECT_EQ(read_mangled_name(whole), "ck_tile::kentry<1, ck_tile::FmhaFwdKernel<ck_tile::Pip<std::bfloat16_t, 64>>>");
  const std::string cut = whole.substr(0, 44);
  EXPECT_EQ(read_mangled_name(cut),
            "ck_tile::kentry<1, ck_tile::FmhaFwdKernel<…" + sha256_hex(cut.substr(2)).substr(0, 8) + ">>");
  EXPECT_NE(read_mangled_name(whole.substr(0, 43)), read_mangled_name(cut));
}

TEST(MangledName, AgreesWithTheDemanglerWhereBothCanRead) {
  for (const char* name : {"_ZN2at6native12_GLOBAL__N_13addEPKfi", "_ZNK1a1bIiE1cEv", "_Z3fooPFviEPKvz", "_ZSt4swapv",
                           "_Z1fN1a1bIJiN1c1dEEEES2_", "_ZN1a1b1cENS_1bES0_", "_Z1fSt6vectorIiES0_Ss", "_ZNK1fclEii"}) {
    EXPECT_EQ(read_mangled_name(name), demangle(name)) << name;
  }
}

TEST(MangledName, LeavesWhatItDoesNotKnow) {
  for (const char* name : {"", "_Z", "_ZN", "_Z4", "_ZN4", "_ZTV3foo", "_ZGVdN8v_expf", "sgemm", "_ZNE", "_Z0"}) {
    EXPECT_EQ(read_mangled_name(name), "") << name;
  }
}

// Whatever the text says: it stops, and what it answers is bounded.
TEST(MangledName, IsBoundedOnAnyText) {
  const char* pieces[] = {"N",     "E",  "I",     "3abc", "S_",     "S0_", "T_", "L",  "i",  "Li3E",
                          "J",     "P",  "K",     "F",    "XadL_Z", "Z",   "Tn", "Ul", "St", "A3_",
                          "u3foo", "Dp", "DF16b", "9999", "Sz_",    "v",   "_",  "R",  "L_Z"};
  std::mt19937 random(11);
  for (int round = 0; round < 50'000; ++round) {
    std::string name = "_ZN1a";
    for (unsigned i = 0; i < random() % 30; ++i) name += pieces[random() % std::size(pieces)];
    EXPECT_LE(read_mangled_name(name).size(), 20'000u);
  }
  std::string doubling = "_Z1f1PIiiE";
  for (int i = 0; i < 80; ++i) doubling += "S_IS_S_E";
  EXPECT_LE(read_mangled_name(doubling).size(), 20'000u);
  for (const char* piece : {"N1aI", "P", "F", "J", "N", "XadL_Z1fI", "Z1fI"}) {
    std::string deep = "_ZN1aI";
    while (deep.size() < 60'000) deep += piece;
    EXPECT_LE(read_mangled_name(deep).size(), 20'000u) << piece;
  }
}

}  // namespace
}  // namespace varve
