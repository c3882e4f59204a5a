#include "model/kernels/compiled_region.h"

#include <algorithm>
#include <array>

namespace varve {

bool is_compiled_region(std::string_view operation) {
  constexpr std::array<std::string_view, 4> kBeginnings = {"Torch-Compiled Region", "CompiledFunction",
                                                           "## Call CompiledFxGraph", "PjitFunction("};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view one) { return operation.starts_with(one); });
}

}  // namespace varve
