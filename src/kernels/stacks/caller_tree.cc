#include "kernels/stacks/caller_tree.h"

#include <utility>

namespace varve {

namespace {
constexpr std::size_t kMostNodes = 4'000'000;
}  // namespace

std::uint32_t CallerTree::function(CallerFunction function) {
  const auto [place, added] = known_functions_.try_emplace(function, static_cast<std::uint32_t>(functions_.size()));
  if (added) functions_.push_back(std::move(function));
  return place->second;
}

std::uint32_t CallerTree::called(std::uint32_t caller, std::uint32_t function) {
  const std::uint64_t key = std::uint64_t{caller} << 32 | function;
  const auto known = known_nodes_.find(key);
  if (known != known_nodes_.end()) return known->second;
  if (nodes_.size() >= kMostNodes) return kNone;
  const auto node = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({caller, function});
  known_nodes_.emplace(key, node);
  return node;
}

}  // namespace varve
