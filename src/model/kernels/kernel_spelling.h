#pragma once
#include <string>
#include <string_view>

namespace varve {

// Whether a word of a C++ name may hold the character; what is beyond ASCII may be a letter.
constexpr bool is_name_letter(char c) {
  const char small = static_cast<char>(c | 0x20);
  return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '~' || c == '.' ||
         c < 0;
}

// One spelling of a demangled C++ name for all tools that print it, so that one kernel is one row whoever saw it:
//   nsys     void at::native::elementwise_kernel<(int)128, (int)4, void at::native::gpu_kernel_impl<f>(It &, const T1
//            &)::[lambda(int) (instance 1)]>(int, T3)
//   Kineto   void at::native::elementwise_kernel<128, 4, at::native::gpu_kernel_impl<f>(It&, f const&)::{lambda(int)#1}
//            >(int, at::native::gpu_kernel_impl<f>(It&, f const&)::{lambda(int)#1})
//   both     at::native::elementwise_kernel<128, 4, at::native::gpu_kernel_impl<f>::{lambda(int)#1}>
// nvprof's "int=128" and "bool=1" are 128 and true. Casts of whole numbers and their endings (4096ul) go, blanks that
// separate nothing, "const" stands behind its type, lambdas are written as in the Itanium ABI, "<unnamed>" is
// "(anonymous namespace)", and the ".kd" of AMD's kernel descriptors goes. The parameters of a template function go,
// and with them what it returns: its arguments decide them, and nsys does not write them out. Those of other functions
// stay: they may be all that tells two of them apart. What does not read as a C++ name is answered as it came, but for
// ".kd"; so is a name of more than 64 KiB.
std::string canonical_spelling(std::string_view demangled);

}  // namespace varve
