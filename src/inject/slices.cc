#include "inject/slices.h"

namespace varve::inject {

// Two by two; every line of the spool about them is then to be written anew.
void Slices::widen() {
  ++shift_;
  for (std::uint32_t number = 0; number < rows_used_; ++number) {
    Row& row = rows_[number];
    for (std::uint32_t i = 0; i < kSlices; ++i) {
      const bool is_kept = i < kSlices / 2;
      row.ns[i] = is_kept ? row.ns[2 * i] + row.ns[2 * i + 1] : 0;
      row.counts[i] = is_kept ? row.counts[2 * i] + row.counts[2 * i + 1] : 0;
    }
    row.changed_from = 0;
    row.changed_behind = kSlices;
  }
}

void Slices::add(std::uint32_t number, std::uint64_t start_ns, std::uint64_t end_ns) {
  if (!has_begun() || number >= rows_.size || start_ns < origin_ns_) return;
  if (number >= rows_used_) rows_used_ = number + 1;
  const std::uint64_t start = start_ns - origin_ns_, end = end_ns - origin_ns_;
  while ((end >> shift_) >= kSlices && shift_ < 62) widen();
  Row& row = rows_[number];
  const auto first = static_cast<std::uint32_t>(start >> shift_);
  if (row.counts[first] != UINT32_MAX) ++row.counts[first];
  std::uint32_t at = first;
  for (std::uint64_t from = start; from < end; ++at) {
    const std::uint64_t edge = (std::uint64_t{at} + 1) << shift_, until = end < edge ? end : edge;
    row.ns[at] += until - from;
    from = until;
  }
  const std::uint32_t behind = at > first ? at : first + 1;
  if (row.changed_from == row.changed_behind) row.changed_from = first, row.changed_behind = behind;
  if (first < row.changed_from) row.changed_from = first;
  if (behind > row.changed_behind) row.changed_behind = behind;
}

}  // namespace varve::inject
