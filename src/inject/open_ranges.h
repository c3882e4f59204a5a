#pragma once
#include <cstdint>

#include "inject/totals.h"

namespace varve::inject {

// NVTX ranges that have begun and not ended: CUPTI tells both by a record of its own.
class OpenRanges {
 public:
  bool reserve() { return ranges_.reserve(4096); }
  void begin(std::uint32_t id, std::uint32_t thread, std::uint64_t at, NameNumber name);
  // Adds the range to the totals, without what ran in ranges inside it on the same thread.
  void end(std::uint32_t id, std::uint64_t at, Totals& totals);
  std::uint64_t unmatched() const { return unmatched_; }  // ends without a beginning, and beginnings given up

 private:
  struct Range {
    std::uint32_t id, thread;
    NameNumber name;
    std::uint64_t start, nested_ns;
  };
  Reserved<Range> ranges_;  // in the order in which they began
  std::uint32_t used_ = 0;
  std::uint64_t unmatched_ = 0;
};

}  // namespace varve::inject
