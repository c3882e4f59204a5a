#pragma once
#include <cstdint>

namespace varve {

// Sixty-four bits that look drawn: the output number `place`, from 0, of SplitMix64 (Steele, Lea and Flood 2014,
// doi 10.1145/2660193.2660195). The same for a seed on every machine.
inline std::uint64_t drawn_bits(std::uint64_t seed, std::uint64_t place) {
  std::uint64_t z = seed + (place + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace varve
