#pragma once
#include <string>
#include <vector>

#include "rules/rule.h"

namespace varve {

// The toolkit that a build would take, as torch.utils.cpp_extension and CMake look for it: CUDA_HOME, CUDA_PATH, the
// nvcc on PATH, /usr/local/cuda. nullptr: none.
struct BuildToolkit {
  const Toolkit* toolkit = nullptr;
  std::string named_by;  // "CUDA_HOME", "PATH"
};
BuildToolkit build_toolkit(const Situation& situation);

// Why something would be compiled with a toolkit of the host: variables that name one, a module that is loaded,
// packages of an environment that compile. `environment`: nullptr for the host alone. Empty: nothing says so, and then
// a missing or old toolkit is no fault.
std::vector<std::string> reasons_to_build(const Situation& situation, const Environment* environment);

// Variables, links and modules that lead to toolkits of different releases.
std::vector<Found> claims_that_differ(const Situation& situation);
// A variable that names a folder without a toolkit.
std::vector<Found> claims_of_nothing(const Situation& situation);
// A compiler and headers of different releases in one toolkit.
std::vector<Found> compilers_beside_other_headers(const Situation& situation);

}  // namespace varve
