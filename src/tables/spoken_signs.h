#pragma once
#include <string_view>
#include <vector>

#include "base/result.h"

namespace varve {

// Whether a sentence says that a GPU was wanted and is not used: by data/spoken_signs.json. Of advice and questions of
// what might be: no.
bool misses_gpu(std::string_view sentence);

// What of a GPU a line of a program or a command asks for that not every GPU has: "fp8", "bf16". Of advice: nothing.
std::vector<std::string_view> features_asked(std::string_view line);

// The glibc of the release of Linux that a line names: "2.35" of "Ubuntu 22.04.3 LTS"; empty: it names none, or two.
std::string_view libc_of_system(std::string_view line);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_spoken_signs();

}  // namespace varve
