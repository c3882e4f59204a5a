#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// Rules about which files a consumer would take (library_rules.cc has their rows).

// LD_LIBRARY_PATH or LD_PRELOAD puts another release before the one that the environment holds.
std::vector<Found> shadowed_libraries(const Situation& situation);
// Libraries of one family (cuDNN and its parts, cuBLAS and cuBLASLt, …) that a consumer would load in several releases.
std::vector<Found> mixed_families(const Situation& situation);
// A library whose SONAME does not tell the CUDA major version (cuDNN, cuSPARSE, NCCL), built for another than the rest.
std::vector<Found> libraries_of_other_cuda(const Situation& situation);
// A linker library that is older than the library that asks for it: its symbols carry release numbers.
std::vector<Found> linkers_older_than_askers(const Situation& situation);
// Two consumers of one environment that would load different files, of different releases, under one SONAME.
std::vector<Found> sonames_with_several_files(const Situation& situation);
// A binary that was compiled with one CUDA and takes libraries of another major version.
std::vector<Found> libraries_other_than_compiler(const Situation& situation);

}  // namespace varve
