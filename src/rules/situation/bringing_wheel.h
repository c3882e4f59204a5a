#pragma once
#include <string>
#include <vector>

#include "rules/situation/consumer_view.h"
#include "rules/situation/library_facts.h"

namespace varve {

// The package of a consumer's environment that lists a file of this name, which is not there; empty: none.
std::string listing_package(const ConsumerView& view, const std::string& name);
// "nvidia-cudnn-cu13 9.26.0.51 would bring it, which torch asks for", or the wheels that bring libraries of these
// names, as far as tables and the environment's packages tell; of several names those that are known for certain, and
// of how many, else that of the first. A wheel of another CUDA than the consumer's is none; of a library
// that is wanted of several CUDAs one is named. Empty: nobody knows.
std::string bringing_wheels(const ConsumerView& view, const LibraryIndex& index, const std::vector<std::string>& names);

}  // namespace varve
