#pragma once
#include <string>

namespace varve {

// A name of C++ or Rust (rust_name.h) for people; any other name as it stands. At most about 1 000 bytes: a longer one
// is cut and ends in "…" and 8 digits of the whole symbol's SHA-256, so that different functions keep different names.
std::string demangle(const std::string& symbol);

// The same without a cut, of up to 64 KiB.
std::string demangle_whole(const std::string& symbol);

}  // namespace varve
