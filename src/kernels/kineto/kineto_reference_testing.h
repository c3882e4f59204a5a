#pragma once
// For tests and fuzzing only: the same answer by slow and simple means, to hold the reader against.
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace varve::test {

struct ReferenceSum {
  std::uint64_t count = 0;
  std::int64_t total_ns = 0;
  bool operator==(const ReferenceSum&) const = default;
};

// How often and how long each thing ran, by "kernel NAME", "copy NAME", "fill NAME", "call NAME", and all operators and
// annotations together as "host".
using Reference = std::map<std::string, ReferenceSum>;

// Reads a whole trace into a tree by a general JSON parser and adds up. Nothing for what is no valid JSON, no trace, or
// says a thing twice: there is no one right answer then.
std::optional<Reference> reference_of(std::string_view text);

// The same trace, differently written: members in another order, other white space, escapes, numbers and strings for
// times. Nothing where there is no reference.
std::optional<std::string> respelled(std::string_view text, std::mt19937_64& random);

}  // namespace varve::test
