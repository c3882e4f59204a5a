#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/kernels/kernel.h"

namespace varve {

// What a kernel's name says by data/kernel_patterns.json. `name` is demangled. Answers are kept, so asking again is
// cheap. Safe to call from several threads.
KernelMeaning kernel_meaning(std::string_view name);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_kernel_patterns();

}  // namespace varve
