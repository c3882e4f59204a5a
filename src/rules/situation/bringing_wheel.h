#pragma once
#include <string>
#include <vector>

#include "rules/situation/consumer_view.h"
#include "rules/situation/library_facts.h"

namespace varve {

// The package of a consumer's environment that lists a file of this name, which is not there; empty: none.
std::string listing_package(const ConsumerView& view, const std::string& name);
// "nvidia-cudnn-cu13 9.26.0.51, which torch asks for" or the wheels that hold a library of this name, as far as tables
// and the environment's packages tell; empty: nobody knows.
std::string bringing_wheel(const ConsumerView& view, const LibraryIndex& index, const std::string& name);
// The same of several: the wheels that bring them, where more than one is known for certain, else of the first name.
std::string bringing_wheels(const ConsumerView& view, const LibraryIndex& index, const std::vector<std::string>& names);

}  // namespace varve
