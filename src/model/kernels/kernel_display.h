#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "model/kernels/kernel.h"

namespace varve {

inline constexpr std::size_t kDisplayColumns = 80;

// A kernel's name on one line of at most `most` columns (at least 24), for people: without namespaces, parameters,
// flags, arguments that repeat the one before or say only how data are addressed, and, where there is still no room,
// without what lies deepest or comes last. "at::native::vectorized_elementwise_kernel<4,
// at::native::CUDAFunctor_add<c10::Half>, at::detail::Array<char*, 3>>" is "vectorized_elementwise_kernel<4,
// CUDAFunctor_add<Half>>". Never empty.
std::string display_name(const std::string& kernel_name, std::size_t most = kDisplayColumns);

// A display name for every kernel of a table, by its id, no two alike: where the short forms are, each gets more of
// what tells it from the others, at last its library, its build or a number. The same for the same kernels in any
// order.
std::vector<std::string> display_names(const KernelTable& kernels, std::size_t most = kDisplayColumns);

}  // namespace varve
