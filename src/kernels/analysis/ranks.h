#pragma once
#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "kernels/trace/trace.h"
#include "model/answers/kernels_record.h"
#include "model/answers/rank_report.h"

namespace varve {

// Puts collectives of one trace on the list by which several are joined.
class CollectiveList {
 public:
  // `group`: empty where it was not told; `sequence`: kNoNumber where it was not.
  void add(std::string_view name, std::string_view group, std::int64_t sequence, const RankCollectives::One& times);
  RankCollectives take(std::int32_t rank, std::int32_t ranks);

 private:
  struct Counted {
    std::uint64_t identity = 0;  // of name and group
    std::int64_t sequence = 0;
  };

  RankCollectives list_;
  std::vector<Counted> counted_;  // of each on the list
  std::unordered_map<std::string, std::uint32_t> names_;
};

// Aligns the clocks of ranks on the ends of collectives that they have in common: a collective ends on all its ranks at
// nearly the same moment. The offset of a rank is the median of the differences to a rank that is aligned already,
// beginning with the first that has any in common; ranks that are joined by none have no common clock, and that is
// said. Then what one collective took the rank that was in it shortest is its transfer, and all the rest is waiting for
// the rank that came last. Ranks that are not told are numbered in their order. O(n) in all collectives together for
// each step from the first rank to the farthest. `booked` is told of every collective that two ranks show, by the
// number of its list and its place there, what of it was waiting.
using BookWaiting = std::function<void(std::size_t list, std::size_t place, std::int64_t waiting_ns)>;
RankReport rank_report(std::span<const RankCollectives> ranks, const BookWaiting& booked = nullptr);

// Puts a report into the record of all its ranks: what they waited inside of collectives, with nothing beside it, is no
// communication.
void book_waiting(RankReport&& report, KernelsRecord& record);

}  // namespace varve
