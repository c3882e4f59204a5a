#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace varve {

inline constexpr std::uint32_t kNoToken = UINT32_MAX;

// A kernel as matching sees it: numbers that mean the same on both sides.
struct MatchItem {
  std::uint32_t name = 0;
  std::uint32_t operation = kNoToken;       // with its shapes; none: not known
  std::uint32_t bare_operation = kNoToken;  // without them
  bool starts_operation = false;            // it is an operation, the outermost: what runs inside of it follows
  std::uint32_t bare_name = kNoToken;       // of an operation, without its shapes
  bool is_compiled = false;                 // it is code that was compiled for the program, in the place of operations
  bool compiles = false;                    // it compiles the program, and came for nothing
  std::uint32_t work = kNoToken;            // of two frameworks: the product that it computes; none: not told

  bool operator==(const MatchItem&) const = default;
};

// One stream of a step on both sides; a side may be empty.
struct MatchStream {
  std::vector<MatchItem> a, b;
};

// Why kernels are taken for each other.
enum class MatchedBy {
  operation,  // they serve one operation
  work,       // they compute one product, with one set of shapes
  compiled,   // code that was compiled for the program took over what is left
  position,   // they stand between the same neighbours
  nothing,    // they stand on one side alone
};

// Kernels that came for each other, by their places among all items of the step, stream by stream.
struct MatchedGroup {
  MatchedBy by = MatchedBy::nothing;
  std::vector<std::uint32_t> a, b;  // rising
};

struct StepMatch {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> same;  // of one name
  std::vector<MatchedGroup> groups;
};

// Says for every item of a step which it corresponds to on the other side: each is in exactly one pair or group.
// First by name and operation together, then by operation and shapes, by name alone, by operation without shapes,
// always in their order; then what stands between the same neighbours, up to 64 a side; at last by name and by
// operation wherever in the step it ran. That two are of one family is no reason. Few kernels of one name between a
// place that lost some and one that gained many anchor nothing, where no operation is known. Of operations that stand
// for kernels the outermost are matched first, and what differs inside of two is one group; then by their names without
// shapes; and where code that was compiled for the program runs on one side alone, it took over all that is left of the
// other. Of two frameworks products of equal shapes are each other's counterparts, in their order, and what has shapes
// between the same two came for each other by position. Swapping the sides swaps the answer.
StepMatch match_step(const std::vector<MatchStream>& streams);

}  // namespace varve
