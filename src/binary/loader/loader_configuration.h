#pragma once
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// The folders that ldconfig searches besides the loader's own: /etc/ld.so.conf and what it includes, in that order,
// each once (ldconfig(8); elf/ldconfig.c of glibc). Patterns are followed in the last part of a path, as in "include
// /etc/ld.so.conf.d/*.conf". At most 256.
std::vector<std::string> configured_directories(const Files& files);

}  // namespace varve
