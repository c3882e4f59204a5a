#pragma once
#include <string>
#include <vector>

#include "rules/situation/situation.h"

namespace varve {

// The toolkit that `source` leads to ("CUDA_HOME", "PATH", "LOADEDMODULES"); nullptr: none.
const Toolkit* named_toolkit(const Situation& situation, const std::string& source);

// The toolkit that a build would take, as torch.utils.cpp_extension and CMake look for it: CUDA_HOME, CUDA_PATH, the
// nvcc on PATH, /usr/local/cuda. nullptr: none.
struct BuildToolkit {
  const Toolkit* toolkit = nullptr;
  std::string named_by;  // "CUDA_HOME", "PATH"
};
BuildToolkit build_toolkit(const Situation& situation);

// Why something would be compiled with a toolkit of the host: variables that name one, a module that is loaded,
// packages of an environment that compile, a log of a build. `environment`: nullptr for the host alone. Empty: nothing
// says so, and then a missing or old toolkit is no fault.
std::vector<std::string> reasons_to_build(const Situation& situation, const Environment* environment);

}  // namespace varve
