#include "kernels/analysis/partition.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "base/sort_runs.h"

namespace varve {

namespace {
// Equal parts of a moment, by how many share it.
class Divider {
 public:
  Share divide(std::int64_t ns, std::size_t among) {
    constexpr std::size_t kMostKept = 1024;
    if (among > kMostKept) return static_cast<Share>(static_cast<std::uint64_t>(ns)) * (share_of(1) / among);
    while (parts_.size() <= among) parts_.push_back(share_of(1) / std::max<std::size_t>(parts_.size(), 1));
    return static_cast<Share>(static_cast<std::uint64_t>(ns)) * parts_[among];
  }

 private:
  std::vector<Share> parts_;
};

// How much of a time that only moves forward lies in intervals.
class Covered {
 public:
  explicit Covered(std::vector<TimeSpan> intervals) : intervals_(std::move(intervals)) {}

  std::int64_t within(std::int64_t from, std::int64_t to) {
    while (at_ < intervals_.size() && intervals_[at_].end_ns <= from) ++at_;
    std::int64_t sum = 0;
    for (std::size_t i = at_; i < intervals_.size() && intervals_[i].start_ns < to; ++i) {
      sum += std::min(intervals_[i].end_ns, to) - std::max(intervals_[i].start_ns, from);
    }
    return sum;
  }

 private:
  std::vector<TimeSpan> intervals_;
  std::size_t at_ = 0;
};

std::vector<TimeSpan> united(const std::vector<TimeSpan>& a, const std::vector<TimeSpan>& b) {
  std::vector<TimeSpan> both;
  both.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both),
             [](const TimeSpan& x, const TimeSpan& y) { return x.start_ns < y.start_ns; });
  std::size_t kept = 0;
  for (const TimeSpan& one : both) {
    if (kept > 0 && one.start_ns <= both[kept - 1].end_ns) {
      both[kept - 1].end_ns = std::max(both[kept - 1].end_ns, one.end_ns);
    } else {
      both[kept++] = one;
    }
  }
  both.resize(kept);
  return both;
}

// What the host gives as a reason for idleness: each kind includes those before it.
struct Reasons {
  explicit Reasons(const HostIntervals& host)
      : launching(host.launching),
        synchronising(united(host.launching, host.synchronising)),
        busy(united(united(host.launching, host.synchronising), host.busy)) {}

  void add(std::int64_t from, std::int64_t to, std::array<std::int64_t, kAllParts.size()>& parts) {
    const std::int64_t launch = launching.within(from, to);
    const std::int64_t synchronise = synchronising.within(from, to);
    const std::int64_t any = busy.within(from, to);
    const auto part = [&](Part which) -> std::int64_t& { return parts[static_cast<std::size_t>(which)]; };
    part(Part::idle_launch) += launch;
    part(Part::idle_synchronise) += synchronise - launch;
    part(Part::idle_host) += any - synchronise;
    part(Part::idle) += to - from - any;
  }

  Covered launching, synchronising, busy;
};

using Amounts = std::array<std::int64_t, kAllParts.size()>;

std::map<Part, std::int64_t> as_map(const Amounts& amounts) {
  std::map<Part, std::int64_t> parts;
  for (const Part part : kAllParts) {
    if (amounts[static_cast<std::size_t>(part)] > 0) parts[part] = amounts[static_cast<std::size_t>(part)];
  }
  return parts;
}

// Moves forward through a window, from one beginning or end to the next.
class Sweep {
 public:
  Sweep(std::int64_t start_ns, const HostIntervals& host, std::span<const TimeSpan> spans)
      : at_ns_(spans.empty() ? start_ns : std::min(start_ns, spans.front().start_ns)),
        reasons_(host),
        spans_(spans),
        of_spans_(spans.size()) {
    advance(start_ns);
    in_window_ = true;
  }

  void advance(std::int64_t to) {
    if (to <= at_ns_) return;
    const std::size_t among = std::accumulate(running_.begin(), running_.end(), std::size_t{0});
    if (among > 0) until_now.share += divider_.divide(to - at_ns_, among);
    if (among == 1) until_now.alone_ns += to - at_ns_;
    if (running_[static_cast<std::size_t>(Part::kernel)] == 0) until_now.without_kernel_ns += to - at_ns_;
    while (at_ns_ < to) {
      const std::int64_t until = next_border(to);
      count(at_ns_, until);
      at_ns_ = until;
    }
  }
  void begin(Part part) { ++running_[static_cast<std::size_t>(part)]; }
  void end(Part part) { --running_[static_cast<std::size_t>(part)]; }

  Partition take(std::int64_t start_ns, std::int64_t end_ns) {
    in_window_ = false;
    if (!spans_.empty()) advance(spans_.back().end_ns);
    Partition partition{start_ns, end_ns, as_map(whole_), {}, as_map(outside_)};
    for (const Amounts& amounts : of_spans_) partition.of_spans.push_back(as_map(amounts));
    return partition;
  }

  Had until_now;  // that one event would have had that ran all the time

 private:
  std::int64_t next_border(std::int64_t to) {
    while (span_ < spans_.size() && spans_[span_].end_ns <= at_ns_) ++span_;
    if (span_ == spans_.size()) return to;
    return std::min(to, spans_[span_].start_ns > at_ns_ ? spans_[span_].start_ns : spans_[span_].end_ns);
  }

  void count(std::int64_t from, std::int64_t to) {
    Amounts amounts{};
    const auto first = std::find_if(running_.begin(), running_.end(), [](std::size_t count) { return count > 0; });
    if (first == running_.end()) {
      reasons_.add(from, to, amounts);
    } else {
      amounts[static_cast<std::size_t>(first - running_.begin())] = to - from;
    }
    const bool in_span = span_ < spans_.size() && spans_[span_].start_ns <= from;
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      if (in_window_) whole_[i] += amounts[i];
      if (!in_window_ && in_span) outside_[i] += amounts[i];
      if (in_span) of_spans_[span_][i] += amounts[i];
    }
  }

  std::int64_t at_ns_;
  Reasons reasons_;
  std::span<const TimeSpan> spans_;
  std::size_t span_ = 0;  // that lies here or comes next
  Divider divider_;
  std::array<std::size_t, kAllParts.size()> running_{};  // by part
  bool in_window_ = false;                               // and not where spans reach out of it
  Amounts whole_{}, outside_{};
  std::vector<Amounts> of_spans_;
};
}  // namespace

Partition divide_window(const Device& device, const HostIntervals& host, std::span<const TimeSpan> spans,
                        const std::function<void(const DeviceEvent&, const Had&)>& hand_on) {
  const std::vector<DeviceEvent>& events = device.events;
  if (events.empty()) return {};
  std::vector<std::uint32_t> by_end(events.size());
  std::iota(by_end.begin(), by_end.end(), 0u);
  sort_runs(by_end, [&](std::uint32_t a, std::uint32_t b) { return events[a].end_ns < events[b].end_ns; });
  std::vector<Had> begun(events.size());

  const std::int64_t start_ns = events.front().start_ns;
  Sweep sweep(start_ns, host, spans);
  std::size_t next = 0;
  for (const std::uint32_t ending : by_end) {
    const DeviceEvent& one = events[ending];
    // What begins at this moment does so afterwards, but for what begins and ends in it.
    for (; next < events.size() && (events[next].start_ns < one.end_ns || next <= ending); ++next) {
      sweep.advance(events[next].start_ns);
      begun[next] = sweep.until_now;
      sweep.begin(events[next].part);
    }
    sweep.advance(one.end_ns);
    sweep.end(one.part);
    const Had &now = sweep.until_now, &then = begun[ending];
    hand_on(one,
            {now.share - then.share, now.alone_ns - then.alone_ns, now.without_kernel_ns - then.without_kernel_ns});
  }
  return sweep.take(start_ns, events[by_end.back()].end_ns);
}

}  // namespace varve
