#include "rules/consumer/consumer_words.h"

#include <fmt/format.h>

#include "base/text.h"

namespace varve {

std::string named(std::vector<std::string> lines) {
  constexpr std::size_t kMostNamed = 5;
  const std::size_t left_out = lines.size() > kMostNamed ? lines.size() - kMostNamed : 0;
  lines.resize(lines.size() - left_out);
  return join(lines, ", ") + (left_out > 0 ? fmt::format(" and {} more", left_out) : "");
}

}  // namespace varve
