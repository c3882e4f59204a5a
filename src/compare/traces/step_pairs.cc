#include "compare/traces/step_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace varve {

namespace {
using Basis = TraceComparison::Basis;
using Stream = TraceSequence::Stream;

std::size_t complete_steps(const TraceSequence& sequence) {
  return static_cast<std::size_t>(std::count_if(sequence.steps.begin(), sequence.steps.end(),
                                                [](const TraceSequence::Step& step) { return step.complete; }));
}

std::string found_by(const TraceSteps& steps) {
  return steps.found == TraceSteps::Found::annotated ? "marked by " + steps.detail : "by the period of what ran";
}

// Streams that go together; nullptr: that of the other side has no counterpart.
using StreamPair = std::pair<const Stream*, const Stream*>;

std::unordered_map<std::uint32_t, std::uint64_t> times_of(const Stream& stream, const CommonNames& names, bool of_b) {
  std::unordered_map<std::uint32_t, std::uint64_t> times;
  for (const TraceSequence::Item& item : stream.items) ++times[names.item(of_b, item.kernel, kNoKernel).name];
  return times;
}

// The streams of one device: those that share most first.
void pair_streams(const std::vector<const Stream*>& a, const std::vector<const Stream*>& b, const CommonNames& names,
                  std::vector<StreamPair>& pairs) {
  struct Shared {
    std::uint64_t times = 0;
    std::size_t a = 0, b = 0;
  };
  std::vector<std::unordered_map<std::uint32_t, std::uint64_t>> times_b;
  for (const Stream* stream : b) times_b.push_back(times_of(*stream, names, true));
  std::vector<Shared> all;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto times_a = times_of(*a[i], names, false);
    for (std::size_t j = 0; j < b.size(); ++j) {
      Shared shared{0, i, j};
      for (const auto& [name, times] : times_a) {
        const auto other = times_b[j].find(name);
        if (other != times_b[j].end()) shared.times += std::min(times, other->second);
      }
      all.push_back(shared);
    }
  }
  std::sort(all.begin(), all.end(), [](const Shared& x, const Shared& y) {
    const auto rank = [](const Shared& one) {
      const auto [low, high] = std::minmax(one.a, one.b);
      return std::tuple(~one.times, high - low, high, one.a);
    };
    return rank(x) < rank(y);
  });
  std::vector<bool> done_a(a.size()), done_b(b.size());
  for (const Shared& shared : all) {
    if (done_a[shared.a] || done_b[shared.b]) continue;
    done_a[shared.a] = done_b[shared.b] = true;
    pairs.emplace_back(a[shared.a], b[shared.b]);
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!done_a[i]) pairs.emplace_back(a[i], nullptr);
  }
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (!done_b[j]) pairs.emplace_back(nullptr, b[j]);
  }
}

std::map<DeviceKey, std::vector<const Stream*>> devices_of(const TraceSequence& sequence) {
  std::map<DeviceKey, std::vector<const Stream*>> devices;
  for (const Stream& stream : sequence.streams) devices[{stream.place.rank, stream.place.device}].push_back(&stream);
  return devices;
}

// The compared steps of one side, by their numbers, and behind them what is in none where that is compared too.
std::vector<StepItems> cut(const TraceSequence& sequence, const std::vector<StreamPair>& pairs, bool of_b,
                           Basis basis) {
  std::vector<std::size_t> place(sequence.steps.size() + 1);  // the last: in no step
  std::size_t steps = 0;
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    place[i] = steps;
    if (basis == Basis::steps || (basis == Basis::a_step && sequence.steps[i].complete)) ++steps;
  }
  if (basis == Basis::whole) place.assign(place.size(), 0);
  place.back() = steps;
  std::vector<StepItems> cut_up(basis == Basis::a_step ? steps : steps + 1);
  for (StepItems& step : cut_up) step.streams.resize(pairs.size());
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const Stream* stream = of_b ? pairs[p].second : pairs[p].first;
    if (stream == nullptr) continue;
    for (const TraceSequence::Item& item : stream->items) {
      if (item.part != Part::kernel || !is_compared(sequence, item, basis)) continue;
      const std::size_t step = item.step < 0 ? place.back() : place[static_cast<std::size_t>(item.step)];
      cut_up[step].streams[p].push_back(&item);
    }
  }
  return cut_up;
}
}  // namespace

ChosenBasis choose_basis(const TraceSequence& a, const TraceSteps& steps_a, const TraceSequence& b,
                         const TraceSteps& steps_b) {
  if (a.empty() || b.empty()) {
    return {Basis::totals, fmt::format("{} no order of what ran", a.empty() && b.empty() ? "both sides tell"
                                                                  : a.empty()            ? "A tells"
                                                                                         : "B tells")};
  }
  const bool none_a = a.steps.empty(), none_b = b.steps.empty();
  if (none_a || none_b || steps_a.found != steps_b.found) {
    if (!none_a && !none_b) return {Basis::whole, "the steps of the two sides are found in different ways"};
    return {Basis::whole, none_a && none_b ? "no steps were found" : none_a ? "A shows no steps" : "B shows no steps"};
  }
  const std::size_t whole_a = complete_steps(a), whole_b = complete_steps(b);
  if (a.steps.size() == b.steps.size() && steps_a.found == TraceSteps::Found::repeated && whole_a != whole_b) {
    return {Basis::whole, fmt::format("{} rounds each, which begin at different places", a.steps.size())};
  }
  if (a.steps.size() == b.steps.size()) {
    return {Basis::steps,
            fmt::format("{} step{} each, {}", a.steps.size(), a.steps.size() == 1 ? "" : "s", found_by(steps_a))};
  }
  if (whole_a == 0 || whole_b == 0) return {Basis::whole, "a side shows no complete step"};
  return {Basis::a_step, fmt::format("{} complete steps in A, {} in B, {}", whole_a, whole_b, found_by(steps_a))};
}

bool is_compared(const TraceSequence& sequence, const TraceSequence::Item& item, Basis basis) {
  if (basis != Basis::a_step) return true;
  return item.step >= 0 && sequence.steps[static_cast<std::size_t>(item.step)].complete;
}

std::vector<DevicePair> pair_devices(const TraceSequence& a, const TraceSequence& b) {
  const auto devices_a = devices_of(a), devices_b = devices_of(b);
  std::vector<DevicePair> pairs;
  std::vector<DeviceKey> rest_a, rest_b;
  const bool in_order = devices_a.size() == devices_b.size();
  for (const auto& [key, streams] : devices_a) {
    if (!in_order && devices_b.contains(key)) {
      pairs.push_back({key, key});
    } else {
      rest_a.push_back(key);
    }
  }
  for (const auto& [key, streams] : devices_b) {
    if (in_order || !devices_a.contains(key)) rest_b.push_back(key);
  }
  for (std::size_t i = 0; i < std::max(rest_a.size(), rest_b.size()); ++i) {
    DevicePair pair;
    if (i < rest_a.size()) pair.a = rest_a[i];
    if (i < rest_b.size()) pair.b = rest_b[i];
    pairs.push_back(pair);
  }
  return pairs;
}

PairedSteps pair_steps(const TraceSequence& a, const TraceSequence& b, const CommonNames& names, Basis basis) {
  const auto devices_a = devices_of(a), devices_b = devices_of(b);
  const auto streams_of = [](const auto& devices, const std::optional<DeviceKey>& key) {
    return key ? devices.at(*key) : std::vector<const Stream*>{};
  };
  PairedSteps paired;
  std::size_t device = 0;
  for (const DevicePair& pair : pair_devices(a, b)) {
    std::vector<StreamPair> streams;
    pair_streams(streams_of(devices_a, pair.a), streams_of(devices_b, pair.b), names, streams);
    std::vector<StepItems> steps_a = cut(a, streams, false, basis), steps_b = cut(b, streams, true, basis);
    const std::size_t first_a = paired.a.size(), first_b = paired.b.size(), n_a = steps_a.size(), n_b = steps_b.size();
    const auto add = [&](std::size_t i, std::size_t j, bool count_a, bool count_b) {
      paired.pairs.push_back({first_a + i, first_b + j, count_a, count_b, device});
    };
    if (basis != Basis::a_step) {
      for (std::size_t i = 0; i < n_a; ++i) add(i, i, true, true);
    } else {
      for (std::size_t i = 0; i < n_a; ++i) add(i, i % n_b, true, false);
      for (std::size_t i = 0; i < n_b; ++i) add(i % n_a, i, false, true);
    }
    std::move(steps_a.begin(), steps_a.end(), std::back_inserter(paired.a));
    std::move(steps_b.begin(), steps_b.end(), std::back_inserter(paired.b));
    ++device;
  }
  return paired;
}

}  // namespace varve
