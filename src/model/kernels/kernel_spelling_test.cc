#include "model/kernels/kernel_spelling.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace varve {
namespace {

TEST(KernelSpelling, OneKernelHasOneNameWhoeverPrintsIt) {
  const std::string same[][3] = {
      {"void at::native::vectorized_elementwise_kernel<(int)4, at::native::FillFunctor<float>, std::array<char *, "
       "(unsigned long)1>>(int, T2, T3)",
       "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>, std::array<char*, 1ul> "
       ">(int, "
       "at::native::FillFunctor<float>, std::array<char*, 1ul>)",
       "at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>, std::array<char*, 1>>"},
      {"void at::native::elementwise_kernel<(int)128, (int)4, void "
       "at::native::gpu_kernel_impl_nocast<at::native::direct_copy_kernel_cuda(at::TensorIteratorBase &)::[lambda() "
       "(instance 3)]::operator ()() const::[lambda(c10::BFloat16) (instance 1)]>(at::TensorIteratorBase &, const T1 "
       "&)::[lambda(int) (instance 1)]>(int, T3)",
       "void at::native::elementwise_kernel<128, 4, "
       "at::native::gpu_kernel_impl_nocast<at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::"
       "operator()() const::{lambda(c10::BFloat16)#1}>(at::TensorIteratorBase&, "
       "at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::operator()() "
       "const::{lambda(c10::BFloat16)#1} const&)::{lambda(int)#1}>(int, "
       "at::native::gpu_kernel_impl_nocast<at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::"
       "operator()() const::{lambda(c10::BFloat16)#1}>(at::TensorIteratorBase&, "
       "at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::operator()() "
       "const::{lambda(c10::BFloat16)#1} const&)::{lambda(int)#1})",
       "at::native::elementwise_kernel<128, 4, "
       "at::native::gpu_kernel_impl_nocast<at::native::direct_copy_kernel_cuda(at::TensorIteratorBase&)::{lambda()#3}::"
       "operator()() const::{lambda(c10::BFloat16)#1}>::{lambda(int)#1}>"},
      {"void <unnamed>::softmax_warp_forward<float, (bool)0, (int)-2>(T1 *)",
       "void (anonymous namespace)::softmax_warp_forward<float, false, -2>(float*) [clone .kd]",
       "(anonymous namespace)::softmax_warp_forward<float, false, -2>"},
      {"void op_tensor_kernel<int=2, float, bool=1, int=-1, unsigned int=4, cudnnOpTensorOp_t=2>(cudnnTensorStruct, "
       "float const *, Offsets<float, int=4>)",  // nvprof
       "void op_tensor_kernel<(int)2, float, (bool)1, (int)-1, (unsigned int)4, (cudnnOpTensorOp_t)2>(T1, T2)",
       "op_tensor_kernel<2, float, true, -1, 4, (cudnnOpTensorOp_t)2>"},
      {"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<(unsigned long)4096>)",
       "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)",
       "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096>)"},
      {"scale(const float *, float *, const unsigned long long, const v::Pair<const int, int> &)",
       "scale(float const*, float*, unsigned long long const, v::Pair<int const, int> const&)",
       "scale(float const*, float*, unsigned long long const, v::Pair<int const, int> const&)"},
      {"f<'lambda'(int), g()::'lambda0'(float)>", "f<{lambda(int)#1}, g()::{lambda(float)#2}>(int)",
       "f<{lambda(int)#1}, g()::{lambda(float)#2}>"},
      {"f<(cudnnKernelDataType_t)0, &v::silu>", "void f<(cudnnKernelDataType_t)0, &v::silu>(int)",
       "f<(cudnnKernelDataType_t)0, &v::silu>"},
      {"std::enable_if<(((8)>(0)))&&((true)), void>::type v::norm<c10::Half, 8>(c10::Half*, int)",
       "std::enable_if<((8 > 0) && (bool)1), void>::type v::norm<c10::Half, (int)8>(T1 *, int)",
       "v::norm<c10::Half, 8>"},
      {"void f<std::enable_if<(((sizeof (float))<=(16)))&&(!((a<int>::v)==(-1))), float>::type, ((4)*(2))>(float*)",
       "f<std::enable_if<(sizeof(float) <= 16) && (!((a<int>::v) == -1)), float>::type, (4 * 2)>(float*)",
       "f<std::enable_if<(sizeof(float)<=16)&&(!((a<int>::v)==-1)), float>::type, (4*2)>"},
      {"attn_fwd.kd", "attn_fwd", "attn_fwd"},
  };
  for (const auto& [one, other, spelling] : same) {
    EXPECT_EQ(canonical_spelling(one), spelling);
    EXPECT_EQ(canonical_spelling(other), spelling);
    EXPECT_EQ(canonical_spelling(spelling), spelling);
  }
}

TEST(KernelSpelling, DifferentFunctionsStayDifferent) {
  EXPECT_NE(canonical_spelling("f(int)"), canonical_spelling("f(float)"));
  EXPECT_NE(canonical_spelling("f<1>(int)"), canonical_spelling("f<2>(int)"));
  EXPECT_NE(canonical_spelling("f<(Kind)1>()"), canonical_spelling("f<(Other)1>()"));
  EXPECT_EQ(canonical_spelling("f(void (*)(int), g<int>(*)(int))"), "f(void(*)(int), g<int>(*)(int))");
}

TEST(KernelSpelling, WhatIsNoCxxNameStaysAsItIs) {
  for (const char* name : {"Memcpy HtoD (Pageable -> Device)",
                           "[CUDA memcpy HtoD]",
                           "my step (warm up)",
                           "a <b> c",
                           "step (5)",
                           "x  <  y",
                           "forward(x=1)",
                           "<built-in method mul of Tensor>",
                           "model.py(12): forward",
                           "aten::copy_",
                           "ProfilerStep#3",
                           "## Call CompiledFxGraph f7 ##",
                           "f<int",
                           "f(int>",
                           "operator<<(std::ostream&, int)",
                           "",
                           "<",
                           "()",
                           "()()<>",
                           "sum(int) [clone .constprop.0]",
                           "libx.so [0x1200-0x1a40]",
                           "(kernel)",
                           "(unknown)"}) {
    EXPECT_EQ(canonical_spelling(name), name);
  }
}

// Of any pieces in any order: it stops, and what it answers is its own spelling.
TEST(KernelSpelling, ASpellingIsItsOwnSpelling) {
  const char* pieces[] = {"<",        ">",       "(",        ")",
                          "::",       "f",       "int",      " ",
                          "const",    "[lambda", "]",        "*",
                          "&",        ",",       "(bool)1",  "2ul",
                          "{",        "}",       "operator", "()",
                          "#1",       "=",       "int=4",    "void",
                          "-",        "_",       "lambda",   "instance",
                          "'lambda'", ".kd",     "8",        ")>(",
                          ")<(",      "==",      "&&",       "f<(((8)>(0)))&&((g<int>::v)<=(-1)), ",
                          "+",        "?",       ":",        "(anonymous namespace)",
                          "<unnamed>"};
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string name = round % 2 == 0 ? "" : "v::f";
    for (unsigned i = 0; i < random() % 16; ++i) name += pieces[random() % std::size(pieces)];
    const std::string spelling = canonical_spelling(name);
    EXPECT_EQ(canonical_spelling(spelling), spelling) << name;
  }
  std::string deep(30'000, '<');
  EXPECT_EQ(canonical_spelling("f" + deep), "f" + deep);
  EXPECT_EQ(canonical_spelling(std::string(100'000, '(')), std::string(100'000, '('));
}

}  // namespace
}  // namespace varve
