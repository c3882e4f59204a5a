#pragma once
#include <cstdint>
#include <string_view>

namespace varve {

// The hashes of a symbol's name in DT_GNU_HASH (glibc elf/dl-lookup.c: djb2 with 33) and DT_HASH (gABI chapter 5).
std::uint32_t gnu_symbol_hash(std::string_view name);
std::uint32_t sysv_symbol_hash(std::string_view name);
// One of our own, which has nothing in common with either; never written down.
std::uint32_t own_symbol_hash(std::string_view name);

}  // namespace varve
