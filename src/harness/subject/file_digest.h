#pragma once
#include <cstdint>
#include <string>

namespace varve {

// SHA-256 of a regular file in hexadecimal; empty when it cannot be read or is larger than `cap` bytes. Read in small
// pieces: Varve's own peak memory is the floor of what it can say about a program's.
std::string file_digest(const std::string& path, std::uint64_t cap = std::uint64_t{1} << 30);

}  // namespace varve
