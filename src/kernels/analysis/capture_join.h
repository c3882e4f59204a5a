#pragma once
#include <span>
#include <string_view>
#include <unordered_map>

#include "model/answers/captured_kernels.h"

namespace varve {

// Finds for the kernels of a graph's replay the operations that a capture shows for them.
class CaptureJoin {
 public:
  explicit CaptureJoin(const CapturedKernels& capture);  // which must live longer

  struct Replayed {
    std::string_view name;
    std::uint64_t graph_node = 0;
  };
  struct Joined {
    std::uint32_t operation = CapturedKernels::kNone;  // into the texts of the capture; none: not joined
    bool by_node = false;
  };

  // For each kernel of one replay, in their order. First by the node, where both tell it and agree in the name. Then by
  // the sequence of names: the place in the capture at which most pieces of eight names agree, and from there name by
  // name; where they part, on from the next three that agree. A capture without names is joined only when it has as
  // many launches as the replay has kernels.
  std::vector<Joined> join(std::span<const Replayed> replay) const;

 private:
  void join_by_node(std::span<const Replayed> replay, std::vector<Joined>& joined) const;
  void join_by_sequence(std::span<const std::uint32_t> names, std::vector<Joined>& joined) const;
  std::int64_t best_offset(std::span<const std::uint32_t> names) const;

  const CapturedKernels& capture_;
  std::vector<std::uint32_t> sequence_;  // of names
  std::unordered_map<std::string_view, std::uint32_t> name_numbers_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_node_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> pieces_;  // where pieces begin, by their hash
};

}  // namespace varve
