#pragma once
#include <string_view>

#include "base/result.h"

namespace varve {

// Whether a sentence says that a GPU was wanted and is not used: by data/spoken_signs.json. Of advice and questions of
// what might be: no.
bool misses_gpu(std::string_view sentence);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_spoken_signs();

}  // namespace varve
