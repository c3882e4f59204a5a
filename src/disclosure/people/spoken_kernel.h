#pragma once
#include <cstdint>
#include <string_view>

#include "disclosure/people/spoken_products.h"

namespace varve {

// The release of Linux that a sentence says runs: "with kernel 6.8.0-90-generic", "on the 4.3.0 kernel". `lower`: the
// whole sentence in small letters.
void take_spoken_kernel(const SpokenWords& words, std::string_view lower, std::int64_t line, SpokenMachine& spoken);

}  // namespace varve
