#include "compare/sequence/longest_chain.h"

#include <algorithm>
#include <cstdint>

namespace varve {

std::vector<CommonRun> longest_chain(const std::vector<CommonRun>& blocks) {
  constexpr std::size_t kNone = SIZE_MAX;
  struct Link {
    std::size_t rank = 0, before = kNone;  // how many stand before it, and the last of them
  };
  std::vector<Link> links(blocks.size());
  std::vector<std::size_t> best;  // by rank: the block that ends first in B
  std::size_t entered = 0;        // blocks that end where the current one begins, or earlier
  const auto end_b = [&](std::size_t block) { return blocks[block].b + blocks[block].length; };
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (; blocks[entered].a + blocks[entered].length <= blocks[i].a; ++entered) {
      const std::size_t rank = links[entered].rank;
      if (rank == best.size()) best.push_back(entered);
      if (end_b(entered) < end_b(best[rank])) best[rank] = entered;
    }
    const auto after =
        std::partition_point(best.begin(), best.end(), [&](std::size_t block) { return end_b(block) <= blocks[i].b; });
    links[i].rank = static_cast<std::size_t>(after - best.begin());
    if (after != best.begin()) links[i].before = *(after - 1);
  }
  std::vector<CommonRun> chain;
  std::size_t last = kNone;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (last == kNone || links[i].rank > links[last].rank) last = i;
  }
  for (; last != kNone; last = links[last].before) chain.push_back(blocks[last]);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace varve
