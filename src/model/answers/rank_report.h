#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace varve {

// The collectives of one rank, compactly: what several traces are joined by.
struct RankCollectives {
  static constexpr std::size_t kMost = 20'000;  // 960 kB

  struct One {
    std::uint64_t key = 0;  // the same for one collective on all its ranks: of its name, group and number
    std::uint32_t name = 0;
    std::uint32_t stream = 0, item = 0;  // its place in the order of its trace, where that is kept
    std::int64_t start_ns = 0, end_ns = 0;
    std::int64_t exposed_ns = 0;  // of it, without any kernel running beside it; 0 where no timeline is known
  };

  std::int32_t rank = -1, ranks = 0;  // -1 and 0: not told
  std::vector<std::string> names;
  std::vector<One> all;        // by rising start
  std::uint64_t left_out = 0;  // beyond the most that are kept
  bool by_sequence = true;     // their numbers are the trace's own; else they were counted, within name and group
};

// What one rank did in the collectives that at least two ranks show.
struct RankWaiting {
  std::int32_t rank = -1;
  std::uint64_t common = 0;      // such collectives
  std::int64_t offset_ns = 0;    // of its clock, to be subtracted to get the common one
  std::int64_t residual_ns = 0;  // the median of what ends still differ by, for half of them: the error of that
  std::int64_t transfer_ns = 0;  // of each collective what it took the rank that was in it shortest
  std::int64_t waiting_ns = 0;   // the rest, for the rank that came last
  // What the partition of this rank may call waiting: exposed time that is more than the transfer.
  std::int64_t exposed_waiting_ns = 0;
  std::map<std::int32_t, std::int64_t> waiting_for;  // by the rank that came last
  std::int64_t waited_for_ns = 0;                    // by all others
};

// Several ranks of one job, side by side.
struct RankReport {
  bool has_common_clock = false;  // all ranks are aligned
  std::string detail;             // on what, and how well; or why there is no common clock
  std::uint64_t collectives = 0;  // that at least two ranks show
  std::vector<RankWaiting> ranks;
};

}  // namespace varve
