#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/profile.h"

namespace varve {

// What a kernel's name says by data/kernel_patterns.json.
struct KernelMeaning {
  Family family = Family::other;
  std::string base;          // the name without what a dispatcher chose
  std::string architecture;  // what it chose; empty when the name does not say
};

// `name` is demangled. Answers are kept, so asking again is cheap. Safe to call from several threads.
KernelMeaning kernel_meaning(std::string_view name);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_kernel_patterns();

}  // namespace varve
