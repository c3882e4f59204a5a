#include "inject/open_ranges.h"

#include <cstring>

namespace varve::inject {

void OpenRanges::begin(std::uint32_t id, std::uint32_t thread, std::uint64_t at, NameNumber name) {
  if (used_ == ranges_.size) {
    std::memmove(ranges_.items, ranges_.items + 1, (used_ - 1) * sizeof(Range));
    --used_;
    ++unmatched_;
  }
  ranges_[used_++] = {id, thread, name, at, 0};
}

void OpenRanges::end(std::uint32_t id, std::uint64_t at, Totals& totals) {
  std::uint32_t place = used_;
  while (place > 0 && ranges_[place - 1].id != id) --place;
  if (place-- == 0) {
    ++unmatched_;
    return;
  }
  const Range range = ranges_[place];
  std::memmove(ranges_.items + place, ranges_.items + place + 1, (used_ - place - 1) * sizeof(Range));
  --used_;
  for (std::uint32_t i = place; i-- > 0;) {
    if (ranges_[i].thread != range.thread) continue;
    if (at > range.start) ranges_[i].nested_ns += at - range.start;
    break;
  }
  TotalKey key;
  key.name = range.name;
  key.kind = RowKind::range;
  totals.add(key, range.start, at, 0, range.nested_ns);
}

}  // namespace varve::inject
