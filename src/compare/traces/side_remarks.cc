#include "compare/traces/side_remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "compare/traces/step_pairs.h"

namespace varve {

namespace {
struct DeviceSums {
  std::int64_t window_ns = 0, items_ns = 0, collective_ns = 0, waiting_ns = -1;
};

std::map<DeviceKey, DeviceSums> sums_of(const TraceSequence& sequence) {
  std::map<DeviceKey, DeviceSums> all;
  for (const TraceSequence::DeviceWindow& device : sequence.devices) {
    all[{device.rank, device.device}].window_ns += device.window.length_ns;
  }
  for (const TraceSequence::Stream& stream : sequence.streams) {
    DeviceSums& sums = all[{stream.place.rank, stream.place.device}];
    for (const TraceSequence::Item& item : stream.items) {
      if (item.part == Part::kernel) sums.items_ns += item.duration_ns;
      if (item.part != Part::collective) continue;
      sums.collective_ns += item.duration_ns;
      if (item.waiting_ns >= 0) sums.waiting_ns = std::max<std::int64_t>(sums.waiting_ns, 0) + item.waiting_ns;
    }
  }
  return all;
}

// Whether a side has collectives, and knows of any what it waited.
struct Collectives {
  bool any = false, told = false;
};
Collectives collectives_of(const TraceSequence& sequence) {
  Collectives found;
  for (const TraceSequence::Stream& stream : sequence.streams) {
    for (const TraceSequence::Item& item : stream.items) {
      if (item.part != Part::collective) continue;
      found.any = true;
      found.told = found.told || item.waiting_ns >= 0;
    }
  }
  return found;
}

std::string side_detail(const char* side, const ComparedTrace& trace, const Collectives& collectives) {
  if (!collectives.any) return "";
  if (collectives.told) return fmt::format("{}: {}. ", side, trace.record.ranks.detail);
  const TraceSource& source = trace.record.sources.front();
  const std::string job = source.ranks > 1 ? fmt::format(" of {}", source.ranks) : "";
  const std::string rank = source.rank >= 0 ? fmt::format("rank {}{}", source.rank, job) : "one rank";
  if (trace.record.sources.size() > 1) return fmt::format("{}: no collective is seen on two of its ranks. ", side);
  return fmt::format("{} shows {} alone, and what its collectives waited for others cannot be told. ", side, rank);
}

// Steps that took more than twice the median, of three or more.
std::string unlike_steps(const std::string& side, const ComparedTrace& trace) {
  const std::vector<TraceSequence::Step>& steps = trace.sequence.steps;
  std::vector<std::int64_t> lengths;
  for (const TraceSequence::Step& step : steps) {
    if (step.complete) lengths.push_back(step.window.length_ns);
  }
  if (lengths.size() < 3) return "";
  std::nth_element(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2), lengths.end());
  const std::int64_t median_ns = lengths[lengths.size() / 2];
  const std::vector<TraceStep>& named = trace.record.sources.front().steps.steps;
  std::vector<std::string> longer;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].complete || steps[i].window.length_ns <= 2 * median_ns) continue;
    const std::string name =
        i < named.size() && named.size() == steps.size() ? named[i].name : fmt::format("step {}", i + 1);
    longer.push_back(fmt::format("{} ({:.1f} times)", name,
                                 static_cast<double>(steps[i].window.length_ns) / static_cast<double>(median_ns)));
  }
  if (longer.empty()) return "";
  return fmt::format("{}: not all steps are alike. Longer than twice the median of {:.2f} ms: {}", side,
                     static_cast<double>(median_ns) / 1e6, and_more(longer, 3));
}
}  // namespace

std::vector<RankChange> compare_ranks(const TraceSequence& a, const TraceSequence& b) {
  const std::map<DeviceKey, DeviceSums> sums_a = sums_of(a), sums_b = sums_of(b);
  if (a.of_operations || b.of_operations || std::max(sums_a.size(), sums_b.size()) < 2) return {};
  std::vector<RankChange> ranks;
  for (const DevicePair& pair : pair_devices(a, b)) {
    const DeviceKey& key = pair.a ? *pair.a : *pair.b;
    RankChange change{.rank = key.rank, .device = key.device};
    if (pair.a) {
      const DeviceSums& one = sums_a.at(*pair.a);
      change.a_window_ns = one.window_ns, change.a_items_ns = one.items_ns;
      change.a_collective_ns = one.collective_ns, change.a_waiting_ns = one.waiting_ns;
    }
    if (pair.b) {
      const DeviceSums& one = sums_b.at(*pair.b);
      change.b_window_ns = one.window_ns, change.b_items_ns = one.items_ns;
      change.b_collective_ns = one.collective_ns, change.b_waiting_ns = one.waiting_ns;
    }
    ranks.push_back(change);
  }
  std::sort(ranks.begin(), ranks.end(), [](const RankChange& x, const RankChange& y) {
    return x.rank != y.rank ? x.rank < y.rank : x.device < y.device;
  });
  return ranks;
}

std::string collectives_detail(const ComparedTrace& a, const ComparedTrace& b) {
  const std::string text =
      side_detail("A", a, collectives_of(a.sequence)) + side_detail("B", b, collectives_of(b.sequence));
  return std::string(trim(text));
}

std::vector<std::string> side_remarks(const std::string& side, const ComparedTrace& trace) {
  std::vector<std::string> remarks;
  if (std::string unlike = unlike_steps(side, trace); !unlike.empty()) remarks.push_back(std::move(unlike));
  const bool several = trace.record.sources.size() > 1;
  for (const TraceSource& source : trace.record.sources) {
    const std::string of = several ? fmt::format("{}, {}", side, source.file) : side;
    for (const std::string& sentence : source.tally.sentences) remarks.push_back(fmt::format("{}: {}", of, sentence));
  }
  return remarks;
}

}  // namespace varve
