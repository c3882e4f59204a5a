#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "transformer/block.h"

namespace varve {

struct Options {
  BlockShape shape{256, 1024, 16};
  int layers = 1;
  int iterations = 12;
  int threads = 1;
  std::uint64_t seed = 1;
  bool print_blas = false;
  bool help = false;
};

struct UsageError {
  std::string message;
};

// The arguments after the program's name. Anything unknown, incomplete or out of range is a UsageError.
std::variant<Options, UsageError> parse_options(const std::vector<std::string_view>& arguments);

std::string usage_text();

}  // namespace varve
