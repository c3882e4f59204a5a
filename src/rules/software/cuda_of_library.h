#pragma once
#include <string>
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// CUDA major versions that a library belongs to: in an environment by its package, elsewhere by the SONAMEs it asks
// for and then by the runtime inside it. Empty: nobody tells.
std::vector<int> cuda_majors_of(const LibraryIndex& index, const Binary& binary);
// Those of what loads it: of its package, else of the runtimes that it takes.
std::vector<int> cuda_majors_of(const LibraryIndex& index, const ConsumerView& view);

std::string majors_text(const std::vector<int>& majors);  // "12 and 13"
// "…/libcublas.so.12 (12.4.5)"
std::string located(const LibraryIndex& index, const Binary& binary);

}  // namespace varve
