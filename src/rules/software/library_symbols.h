#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// Rules about what would not be found when a consumer is loaded.

// Undefined symbols that nothing loaded defines, one finding a library. `of_extensions`: of libraries that belong to
// extensions of a framework; else all others.
std::vector<Found> unresolved_symbols(const Situation& situation, bool of_extensions);

// CUDA libraries that are needed and not found, one finding a consumer. `of_other_cuda`: those whose SONAME belongs to
// one CUDA major version (libcublasLt.so.13) with all else that the consumer misses, and frameworks that find none of
// the CUDA libraries that they open; else those whose SONAME does not (libcudnn.so.9).
std::vector<Found> missing_libraries(const Situation& situation, bool of_other_cuda);

// A part of a library (libcudnn_ops.so.9 of libcudnn.so.9) that it opens by name and that is not there.
std::vector<Found> missing_parts(const Situation& situation);

}  // namespace varve
