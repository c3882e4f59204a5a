#pragma once
#include <cstdint>

#include "inject/reserved.h"

namespace varve::inject {

// When rows ran, so that a part of the time can be told from the rest afterwards: the time since recording began in
// slices of one width, and for each row what ran of it in each. The width doubles whenever what comes does not fit any
// more: there are between 128 and 256 of them, however long it takes, and memory does not grow.
class Slices {
 public:
  static constexpr std::uint32_t kSlices = 256;
  static constexpr std::uint32_t kMostRows = 8192;  // the first ones; 3 KiB each, where they are used

  struct Row {
    std::uint64_t ns[kSlices];
    std::uint32_t counts[kSlices];               // of what began there
    std::uint32_t changed_from, changed_behind;  // since it was last told; equal: nothing
  };

  bool reserve() { return rows_.reserve(kMostRows); }
  // Where the first slice begins, by the clock of records. Nothing is kept before that is known.
  void begin(std::uint64_t origin_ns) { origin_ns_ = origin_ns; }
  bool has_begun() const { return origin_ns_ != 0; }
  std::uint64_t origin_ns() const { return origin_ns_; }
  std::uint64_t width_ns() const { return std::uint64_t{1} << shift_; }

  // Divides it among the slices that it ran in. What is before the first slice, or of a row too many, is left out: that
  // row's slices then count less than the row does.
  void add(std::uint32_t row, std::uint64_t start_ns, std::uint64_t end_ns);
  // nullptr: none are kept of it.
  Row* row(std::uint32_t number) { return has_begun() && number < rows_.size ? &rows_[number] : nullptr; }

 private:
  void widen();

  Reserved<Row> rows_;
  std::uint64_t origin_ns_ = 0;
  std::uint32_t rows_used_ = 0;
  std::uint32_t shift_ = 20;  // 1 ms at first
};

}  // namespace varve::inject
