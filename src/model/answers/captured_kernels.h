#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace varve {

// The kernels of a trace in their order, with the operations that they belong to: those of a graph before it was
// captured, or while it was. Of a trace of the capture itself, in which nothing runs, they are the launches, without
// names.
struct CapturedKernels {
  static constexpr std::size_t kMost = 1'000'000;  // 16 MB
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct One {
    std::uint32_t name = kNone, operation = kNone;  // into texts
    std::uint64_t graph_node = 0;
  };

  std::vector<std::string> texts;
  std::vector<One> all;
  bool has_names = false;
};

// How many kernels inside graphs have the operation that a capture shows.
struct CaptureJoined {
  std::uint64_t kernels = 0;
  std::uint64_t by_node = 0;  // of them by the graph's node, and not by the sequence of names
  std::int64_t ns = 0;        // of what ran inside graphs
};

}  // namespace varve
