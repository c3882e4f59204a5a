#include "model/kernels/kernel_display.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/text.h"

namespace varve {
namespace {

std::vector<std::string> names_of(const std::vector<KernelKey>& keys, std::size_t most = kDisplayColumns) {
  KernelTable table;
  for (const KernelKey& key : keys) table.intern({.key = key, .named = Named::trace, .raw_name = {}, .meaning = {}});
  return display_names(table, most);
}

TEST(KernelDisplay, SaysWhatPeopleSay) {
  const std::pair<const char*, const char*> cases[] = {
      {"void at::native::(anonymous namespace)::cpu_flash_attention<float, float, 256l, 512l, false>(at::Tensor "
       "const&)",
       "cpu_flash_attention<float, 256, 512>"},
      {"void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<c10::Half>, "
       "at::detail::Array<char*, 3> >(int, at::native::CUDAFunctor_add<c10::Half>, at::detail::Array<char*, 3>)",
       "vectorized_elementwise_kernel<4, CUDAFunctor_add<Half>>"},
      {"at::native::elementwise_kernel<128, 4, at::native::gpu_kernel_impl_nocast<at::native::direct_copy_kernel_cuda("
       "at::TensorIteratorBase&)::{lambda()#3}::operator()() const::{lambda()#12}::operator()() "
       "const::{lambda(c10::BFloat16)#1}>::{lambda(int)#1}>",
       "elementwise_kernel<128, 4, direct_copy_kernel_cuda(BFloat16)>"},
      {"void cutlass::Kernel<cutlass_80_tensorop_s1688gemm_256x128_32x3_nt_align1>(cutlass_80_tensorop_s1688gemm_"
       "256x128_32x3_nt_align1::Params)",
       "cutlass_80_tensorop_s1688gemm_256x128_32x3_nt_align1"},
      {"std::enable_if<(((8)>(0)))&&((true)), void>::type v::norm<c10::Half, 8>(c10::Half*)", "norm<Half, 8>"},
      {"void v::f<std::enable_if<(((sizeof(int))>(2))), c10::Half>::type, ((4)>(2)), w::g<T, 3>::type>(int)",
       "f<Half, (4>2), g<T, 3>>"},
      {"void v::f<(a::b::Kind)1, !(w::h<int>::value), &v::g>(int)", "f<(Kind)1, !(h<int>::value), g>"},
      {"ampere_sgemm_128x64_tn", "ampere_sgemm_128x64_tn"},
      {"Memcpy HtoD (Pageable -> Device)", "Memcpy HtoD (Pageable -> Device)"},
      {"libopenblas.so.0 [0x1200-0x1a40]", "libopenblas.so.0 [0x1200-0x1a40]"},
      {"", "(no name)"},
      {"\n\t", "(no name)"},
  };
  for (const auto& [name, display] : cases) EXPECT_EQ(display_name(name), display);
}

TEST(KernelDisplay, ALongListOfWordsKeepsItsEnd) {
  const std::string name =
      "triton_poi_fused__to_copy_add_cat_div_empty_like_mean_mul_neg_stack_sub_transpose_unbind_view_17";
  EXPECT_EQ(display_name(name), "triton_poi_fused__to_copy_add_cat_div_empty_like_mean_mul_neg_stack_sub_…_17");
  EXPECT_EQ(display_name(name, 32), "triton_poi_fused__to_copy_…_17");
}

TEST(KernelDisplay, KernelsOfOneShortNameGetWhatTellsThemApart) {
  EXPECT_EQ(names_of({{"v::f<float, true>", "", ""}, {"v::f<float, false>", "", ""}, {"g<int>", "", ""}}),
            (std::vector<std::string>{"f<float> [true]", "f<float> [false]", "g<int>"}));
  EXPECT_EQ(names_of({{"flash::fwd<1>", "", ""}, {"pytorch_flash::fwd<1>", "", ""}}),
            (std::vector<std::string>{"fwd<1> [flash]", "fwd<1> [pytorch_flash]"}));
  EXPECT_EQ(names_of({{"gemm", "/lib/a.so", ""}, {"gemm", "/lib/b.so", ""}}),
            (std::vector<std::string>{"gemm [a.so]", "gemm [b.so]"}));
  EXPECT_EQ(names_of({{"gemm", "/lib/a.so", "1111111111"}, {"gemm", "/lib/a.so", "2222222222"}}),
            (std::vector<std::string>{"gemm [1111111]", "gemm [2222222]"}));
  EXPECT_EQ(names_of({{"gemm", "/x/a.so", ""}, {"gemm", "/y/a.so", ""}}),
            (std::vector<std::string>{"gemm", "gemm #2"}));
}

TEST(KernelDisplay, WhatTellsNamesApartEndsWithItsBrackets) {
  const auto names =
      names_of({{"reduce_kernel<512, 1, ReduceOp<float, MaxOps<float>, unsigned int>>", "", ""},
                {"reduce_kernel<512, 1, ReduceOp<float, Wrapper<float, sum<float>>, unsigned int>>", "", ""}},
               32);
  for (const std::string& name : names) {
    const std::size_t at = name.find('[');
    ASSERT_NE(at, std::string::npos) << name;
    const std::string added = name.substr(at);
    if (added.find("…") != std::string::npos) continue;
    EXPECT_EQ(std::count(added.begin(), added.end(), '<'), std::count(added.begin(), added.end(), '>')) << name;
  }
}

// A name of more than a thousand bytes comes cut off.
TEST(KernelDisplay, WhatIsLeftOfACutNameIsReadAsOne) {
  EXPECT_EQ(
      display_name(
          "ck_tile::kentry<1, ck_tile::BatchedGemmKernel<ck_tile::Partitioner<ck_tile::Shape<32>, 8>, ck_ti…a1b2c3d4"),
      "BatchedGemmKernel<Partitioner<Shape<32>, 8>, ck_ti…a1b2c3d4>");
}

// Of any names: one line, within the columns, not empty, no two alike, the same in any order.
TEST(KernelDisplay, EveryTableHasShortNamesThatDiffer) {
  std::mt19937 random(5);
  const char* pieces[] = {"v::",
                          "f",
                          "<",
                          ">",
                          "(",
                          ")",
                          "::",
                          "int",
                          ", ",
                          "float",
                          "true",
                          "_",
                          "128x64",
                          "é",
                          "\xFF",
                          " [g]",
                          "#2",
                          "{lambda(int)#1}",
                          "operator()",
                          "…",
                          "\n",
                          "at::native::",
                          "averylongwordwithoutanend"};
  for (int round = 0; round < 300; ++round) {
    std::vector<KernelKey> keys;
    for (unsigned i = 0; i < 1 + random() % 40; ++i) {
      std::string name;
      for (unsigned piece = 0; piece < random() % 25; ++piece) name += pieces[random() % std::size(pieces)];
      keys.push_back({name, random() % 3 == 0 ? "/lib/a.so" : "", random() % 5 == 0 ? "abcdef0123" : ""});
    }
    const std::size_t most = round % 2 == 0 ? kDisplayColumns : 24 + random() % 40;
    KernelTable table, reversed;
    for (const KernelKey& key : keys) table.intern({.key = key, .named = Named::trace, .raw_name = {}, .meaning = {}});
    for (auto at = table.kernels().rbegin(); at != table.kernels().rend(); ++at) reversed.intern(*at);
    const std::vector<std::string> shown = display_names(table, most);
    ASSERT_EQ(shown.size(), table.size());
    std::set<std::string> different(shown.begin(), shown.end());
    EXPECT_EQ(different.size(), shown.size());
    for (const std::string& name : shown) {
      EXPECT_FALSE(trim(name).empty());
      EXPECT_LE(display_width(name), most) << name;
      EXPECT_EQ(name, clean_utf8(name));
      EXPECT_EQ(name.find_first_of("\n\t"), std::string::npos);
    }
    const std::vector<std::string> other = display_names(reversed, most);
    for (std::size_t i = 0; i < shown.size(); ++i) EXPECT_EQ(other[shown.size() - 1 - i], shown[i]);
  }
}

}  // namespace
}  // namespace varve
