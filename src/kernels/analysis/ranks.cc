#include "kernels/analysis/ranks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/sort_runs.h"
#include "base/text.h"

namespace varve {

namespace {
std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 31);
}

// The same in every process and on every machine, unlike std::hash.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

std::int64_t median(std::vector<std::int64_t>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Where a collective stands on the lists of several ranks.
struct Seen {
  std::uint32_t rank = 0, index = 0;
};
using Common = std::vector<std::vector<Seen>>;

// The collectives that at least two ranks show, each rank once. A rank that shows one twice (several devices in one
// trace) has its first.
Common find_common(std::span<const RankCollectives> ranks) {
  std::unordered_map<std::uint64_t, std::uint32_t> numbers;
  Common all;
  for (std::uint32_t rank = 0; rank < ranks.size(); ++rank) {
    for (std::uint32_t i = 0; i < ranks[rank].all.size(); ++i) {
      const auto [at, is_new] = numbers.try_emplace(ranks[rank].all[i].key, static_cast<std::uint32_t>(all.size()));
      if (is_new) all.emplace_back();
      std::vector<Seen>& seen = all[at->second];
      if (seen.empty() || seen.back().rank != rank) seen.push_back({rank, i});
    }
  }
  std::erase_if(all, [](const std::vector<Seen>& seen) { return seen.size() < 2; });
  return all;
}

// Clocks of ranks as they become known.
class Clocks {
 public:
  Clocks(std::span<const RankCollectives> ranks, const Common& common)
      : ranks_(ranks), common_(common), offsets_(ranks.size()), residuals_(ranks.size()) {
    for (const std::vector<Seen>& seen : common) {
      if (offsets_[seen.front().rank]) continue;
      offsets_[seen.front().rank] = 0;
      ++groups_;
      while (align_more()) {
      }
    }
  }

  // Sets of ranks that are aligned with each other.
  std::size_t groups() const { return groups_; }

  bool is_known(std::size_t rank) const { return offsets_[rank].has_value(); }
  std::int64_t offset(std::size_t rank) const { return offsets_[rank].value_or(0); }
  std::int64_t residual(std::size_t rank) const { return residuals_[rank]; }

 private:
  const RankCollectives::One& of(const Seen& seen) const { return ranks_[seen.rank].all[seen.index]; }

  // Aligns every rank that shares collectives with those that are aligned already.
  bool align_more() {
    std::vector<std::vector<std::int64_t>> differences(ranks_.size());
    for (const std::vector<Seen>& seen : common_) {
      const auto known =
          std::find_if(seen.begin(), seen.end(), [&](const Seen& one) { return offsets_[one.rank].has_value(); });
      if (known == seen.end()) continue;
      const std::int64_t end_ns = of(*known).end_ns - *offsets_[known->rank];
      for (const Seen& one : seen) {
        if (!offsets_[one.rank]) differences[one.rank].push_back(of(one).end_ns - end_ns);
      }
    }
    bool any = false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      std::vector<std::int64_t>& found = differences[rank];
      if (found.empty()) continue;
      any = true;
      const std::int64_t offset = median(found);
      offsets_[rank] = offset;
      for (std::int64_t& difference : found) difference = std::abs(difference - offset);
      residuals_[rank] = median(found);
    }
    return any;
  }

  std::span<const RankCollectives> ranks_;
  const Common& common_;
  std::vector<std::optional<std::int64_t>> offsets_;
  std::vector<std::int64_t> residuals_;
  std::size_t groups_ = 0;
};

std::int32_t number_of(std::span<const RankCollectives> ranks, std::size_t index) {
  return ranks[index].rank >= 0 ? ranks[index].rank : static_cast<std::int32_t>(index);
}

void book(std::span<const RankCollectives> ranks, const std::vector<Seen>& seen, const Clocks& clocks,
          const BookWaiting& booked, RankReport& report) {
  const auto of = [&](const Seen& one) -> const RankCollectives::One& { return ranks[one.rank].all[one.index]; };
  const auto length = [&](const Seen& one) { return of(one).end_ns - of(one).start_ns; };
  const auto shortest =
      std::min_element(seen.begin(), seen.end(), [&](const Seen& a, const Seen& b) { return length(a) < length(b); });
  const auto start = [&](const Seen& one) { return of(one).start_ns - clocks.offset(one.rank); };
  const auto last =
      std::max_element(seen.begin(), seen.end(), [&](const Seen& a, const Seen& b) { return start(a) < start(b); });
  const std::int64_t transfer_ns = length(*shortest);
  for (const Seen& one : seen) {
    RankWaiting& row = report.ranks[one.rank];
    const std::int64_t waiting_ns = length(one) - transfer_ns;
    if (booked) booked(one.rank, one.index, waiting_ns);
    ++row.common;
    row.transfer_ns = add_ns(row.transfer_ns, transfer_ns);
    row.waiting_ns = add_ns(row.waiting_ns, waiting_ns);
    row.exposed_waiting_ns =
        add_ns(row.exposed_waiting_ns, std::clamp<std::int64_t>(of(one).exposed_ns - transfer_ns, 0, waiting_ns));
    // Waiting of the last one itself is for nobody that is seen: it was late, and still not the shortest.
    if (one.rank == last->rank || waiting_ns == 0) continue;
    std::int64_t& sum = row.waiting_for[number_of(ranks, last->rank)];
    sum = add_ns(sum, waiting_ns);
    report.ranks[last->rank].waited_for_ns = add_ns(report.ranks[last->rank].waited_for_ns, waiting_ns);
  }
}

// Those that may be one collective: of ranks that count their own, what was counted alike may be two. No rank leaves a
// collective before the last one has entered it, so that all are in it together for about as long as the shortest
// takes. With `tolerant` clocks may differ by what the ends of collectives do.
Common overlapping(std::span<const RankCollectives> ranks, const Common& common, const Clocks& clocks, bool tolerant) {
  Common kept;
  for (const std::vector<Seen>& seen : common) {
    std::int64_t last_start_ns = INT64_MIN, first_end_ns = INT64_MAX, shortest_ns = INT64_MAX, tolerance_ns = 0;
    bool counted = false;
    for (const Seen& one : seen) {
      const RankCollectives::One& times = ranks[one.rank].all[one.index];
      last_start_ns = std::max(last_start_ns, times.start_ns - clocks.offset(one.rank));
      first_end_ns = std::min(first_end_ns, times.end_ns - clocks.offset(one.rank));
      shortest_ns = std::min(shortest_ns, times.end_ns - times.start_ns);
      tolerance_ns = std::max(tolerance_ns, tolerant ? clocks.residual(one.rank) : 0);
      counted = counted || !ranks[one.rank].by_sequence;
    }
    const bool together = add_ns(first_end_ns, tolerance_ns) - last_start_ns >= shortest_ns / 2;
    if (!counted || together) kept.push_back(seen);
  }
  return kept;
}

// The common collectives without those that only their count joins: first what overlaps for certain, then, by its
// clock, the rest.
Common without_strangers(std::span<const RankCollectives> ranks, Common common) {
  const Common certain = overlapping(ranks, common, Clocks(ranks, common), false);
  if (certain.size() == common.size()) return common;
  return overlapping(ranks, common, Clocks(ranks, certain), true);
}

std::string describe(std::span<const RankCollectives> ranks, const Clocks& clocks, const RankReport& report,
                     std::size_t strangers) {
  if (report.collectives == 0 && strangers > 0) {
    return "the collectives carry no numbers, and of those that were counted alike none overlap: there is no common "
           "clock";
  }
  if (report.collectives == 0) return "no collective is seen on two ranks: there is no common clock";
  std::size_t aligned = 0;
  std::int64_t worst_ns = 0;
  std::int32_t told = 0;
  bool counted = false;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (clocks.is_known(i)) ++aligned;
    worst_ns = std::max(worst_ns, clocks.residual(i));
    told = std::max(told, ranks[i].ranks);
    counted = counted || !ranks[i].by_sequence;
  }
  std::string text =
      fmt::format("{} of {} ranks are aligned on the ends of {} common collectives, half of them to {:.1f} µs", aligned,
                  ranks.size(), report.collectives, static_cast<double>(worst_ns) / 1e3);
  if (clocks.groups() > 1) text += fmt::format("; they are {} sets without a common clock", clocks.groups());
  if (counted) text += "; they carry no numbers and were counted";
  if (strangers > 0)
    text += fmt::format(", and {} more that were counted alike do not overlap: they are left out", strangers);
  if (told > static_cast<std::int32_t>(ranks.size())) {
    text += fmt::format("; {} ranks of the job are not here, and who came last may be one of them",
                        told - static_cast<std::int32_t>(ranks.size()));
  }
  return text;
}
}  // namespace

void CollectiveList::add(std::string_view name, std::string_view group, std::int64_t sequence,
                         const RankCollectives::One& times) {
  if (list_.all.size() >= RankCollectives::kMost) {
    ++list_.left_out;
    return;
  }
  const auto [at, is_new] = names_.try_emplace(std::string(name), static_cast<std::uint32_t>(list_.names.size()));
  if (is_new) list_.names.emplace_back(name);
  if (sequence == kNoNumber) list_.by_sequence = false;
  list_.all.push_back(times);
  // The counts of a list are its own: an order that only this trace knows joins nothing when another lacks one.
  list_.all.back().key = list_.all.size() - 1;
  list_.all.back().name = at->second;
  counted_.push_back({mixed(hash_of(name), hash_of(group)), sequence});
}

RankCollectives CollectiveList::take(std::int32_t rank, std::int32_t ranks) {
  sort_runs(list_.all, [](const RankCollectives::One& a, const RankCollectives::One& b) {
    return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.end_ns < b.end_ns;
  });
  std::unordered_map<std::uint64_t, std::uint64_t> counts;
  for (RankCollectives::One& one : list_.all) {
    const Counted& counted = counted_[one.key];
    const std::uint64_t number = counted.sequence == kNoNumber ? mixed(counts[counted.identity]++, 1)
                                                               : mixed(static_cast<std::uint64_t>(counted.sequence), 2);
    one.key = mixed(counted.identity, number);
  }
  list_.rank = rank;
  list_.ranks = ranks;
  return std::move(list_);
}

RankReport rank_report(std::span<const RankCollectives> ranks, const BookWaiting& booked) {
  RankReport report;
  const Common all = find_common(ranks), common = without_strangers(ranks, all);
  const Clocks clocks(ranks, common);
  report.collectives = common.size();
  report.has_common_clock = clocks.groups() == 1;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    report.ranks.push_back(
        {.rank = number_of(ranks, i), .offset_ns = clocks.offset(i), .residual_ns = clocks.residual(i)});
    report.has_common_clock = report.has_common_clock && clocks.is_known(i);
  }
  for (const std::vector<Seen>& seen : common) book(ranks, seen, clocks, booked, report);
  report.detail = describe(ranks, clocks, report, all.size() - common.size());
  return report;
}

namespace {
// Takes up to so much of the collectives' time for waiting: what of it found none there is left.
std::int64_t take_for_waiting(std::int64_t waiting_ns, std::map<Part, std::int64_t>& parts) {
  const auto collective = parts.find(Part::collective);
  const std::int64_t moved = collective == parts.end() ? 0 : std::min(waiting_ns, collective->second);
  if (moved == 0) return waiting_ns;
  collective->second -= moved;
  parts[Part::waiting] = add_ns(parts[Part::waiting], moved);
  return waiting_ns - moved;
}

// The number by which a report knows a device's window: of a trace of one process its devices are the ranks.
std::int32_t number_in_report(const TraceSource& source, const DividedWindow& window) {
  return window.rank < 0 && source.windows.size() > 1 ? window.device : window.rank;
}
}  // namespace

void book_waiting(RankReport&& report, KernelsRecord& record) {
  std::int64_t waiting_ns = 0;
  std::map<std::int32_t, std::int64_t> of_rank;
  for (const RankWaiting& rank : report.ranks) {
    waiting_ns = add_ns(waiting_ns, rank.exposed_waiting_ns);
    of_rank[rank.rank] = add_ns(of_rank[rank.rank], rank.exposed_waiting_ns);
  }
  for (auto& [kind, profile] : record.record.profiles.by_kind) {
    if (kind.quantity == Quantity::device_time) waiting_ns = take_for_waiting(waiting_ns, profile.parts);
  }
  for (TraceSource& source : record.sources) {
    for (DividedWindow& window : source.windows) {
      const auto waited = of_rank.find(number_in_report(source, window));
      if (waited != of_rank.end()) waited->second = take_for_waiting(waited->second, window.parts);
    }
  }
  record.ranks = std::move(report);
}

}  // namespace varve
