#include "kernels/kineto/operator_links.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/sort_runs.h"
#include "model/kernels/durations.h"

namespace varve {

namespace {
std::int64_t end_of(const TraceEvent& event) { return add_ns(event.start_ns, event.duration_ns); }
}  // namespace

template <class Before>
void NumberIndex::sort(Before before) {
  sort_runs(entries_, [&](const Entry& a, const Entry& b) {
    return a.number != b.number ? a.number < b.number : before(a.place, b.place);
  });
}

std::optional<std::size_t> NumberIndex::find(std::uint64_t number) {
  std::size_t from = near_, to = near_, step = 1;
  if (from < entries_.size() && entries_[from].number < number) {
    for (to = from + 1; to < entries_.size() && entries_[to].number < number; to += step, step *= 2) from = to;
  } else {
    for (; from > 0 && entries_[from - 1].number >= number; step *= 2) {
      to = from - 1;
      from = to - std::min(to, step - 1);
    }
  }
  const auto at = [&](std::size_t place) { return entries_.begin() + static_cast<std::ptrdiff_t>(place); };
  const auto found = std::lower_bound(at(from), at(std::min(to, entries_.size())), number,
                                      [](const Entry& entry, std::uint64_t wanted) { return entry.number < wanted; });
  near_ = static_cast<std::size_t>(found - entries_.begin());
  if (found == entries_.end() || found->number != number) return std::nullopt;
  return found->place;
}

std::uint32_t OperatorLinks::launch_number(const Launch& launch) {
  if (!waiting_.empty() && launches_[waiting_.back().launch] == launch) return waiting_.back().launch;
  const auto [known, is_new] = launch_numbers_.try_emplace(launch, static_cast<std::uint32_t>(launches_.size()));
  if (is_new) launches_.push_back(launch);
  return known->second;
}

void OperatorLinks::count(Numbers numbers) {
  if (numbers.external == 0 || numbers.correlation == 0) return;
  ++(numbers.external == numbers.correlation ? equal_ : different_);
}

void OperatorLinks::add_operation(const TraceEvent& operation, std::uint64_t external) {
  operations_.push_back({external, operation.start_ns, end_of(operation), operation.track, operation.name});
}

void OperatorLinks::add_call(const TraceEvent& call, Numbers numbers, bool launches_graph) {
  count(numbers);
  if (numbers.correlation == 0) return;
  calls_.push_back({numbers.correlation, numbers.external, call.start_ns, call.track, launches_graph});
}

void OperatorLinks::add_device_event(const TraceEvent& event, const Extra& extra, std::uint64_t external) {
  count({external, extra.correlation});
  Waiting one{
      .event = event, .numbers = {external, extra.correlation}, .bytes = extra.bytes, .graph_node = extra.graph_node};
  one.launch = launch_number(extra.launch);
  if (extra.group != kNoName || extra.sequence != kNoNumber) {
    one.collective = static_cast<std::uint32_t>(collectives_.size());
    collectives_.push_back({extra.group, extra.sequence});
  }
  waiting_.push_back(one);
}

// Walks over the calls of each thread in the order of time, with the operators that are open then on a stack.
void OperatorLinks::find_enclosing(std::vector<Asked> asked, std::vector<NameId>& found) {
  sort_runs(asked, [](const Asked& a, const Asked& b) {
    return std::tie(a.track, a.start_ns) < std::tie(b.track, b.start_ns);
  });
  std::vector<std::vector<std::uint32_t>> by_track(static_cast<std::size_t>(asked.back().track) + 1);
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    const auto track = static_cast<std::size_t>(operations_[i].track);
    if (track < by_track.size()) by_track[track].push_back(static_cast<std::uint32_t>(i));
  }
  std::vector<const Operation*> open;
  for (auto call = asked.begin(); call != asked.end();) {
    auto& operations = by_track[static_cast<std::size_t>(call->track)];
    sort_runs(operations, [&](std::uint32_t a, std::uint32_t b) {
      return std::tie(operations_[a].start_ns, operations_[b].end_ns) <
             std::tie(operations_[b].start_ns, operations_[a].end_ns);
    });
    open.clear();
    auto next = operations.begin();
    for (const TrackId track = call->track; call != asked.end() && call->track == track; ++call) {
      for (; next != operations.end() && operations_[*next].start_ns <= call->start_ns; ++next) {
        const Operation& operation = operations_[*next];
        while (!open.empty() && open.back()->end_ns <= operation.start_ns) open.pop_back();
        open.push_back(&operation);
      }
      while (!open.empty() && open.back()->end_ns < call->start_ns) open.pop_back();
      if (!open.empty()) found[call->waiting] = open.back()->name;
    }
  }
}

const OperatorLinks::Operation* OperatorLinks::operation_of(std::uint64_t external, const Call* call,
                                                            NumberIndex& by_external) const {
  if (external == 0) return nullptr;
  const auto place = by_external.find(external);
  if (!place) return nullptr;
  const Operation& found = operations_[*place];
  if (equal_ <= different_) return &found;
  const bool is_around = call != nullptr && found.track == call->track && found.start_ns <= call->start_ns &&
                         call->start_ns <= found.end_ns;
  return is_around ? &found : nullptr;
}

// One for each that waits; marks those that a launch of a graph started.
std::vector<NameId> OperatorLinks::find_operators() {
  NumberIndex by_external, by_correlation;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    if (operations_[i].external != 0) by_external.add(operations_[i].external, i);
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) by_correlation.add(calls_[i].correlation, i);
  by_external.sort([&](auto a, auto b) { return operations_[a].start_ns < operations_[b].start_ns; });
  by_correlation.sort([&](auto a, auto b) { return calls_[a].start_ns < calls_[b].start_ns; });
  std::vector<NameId> found(waiting_.size(), kNoName);
  std::vector<Asked> asked;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& one = waiting_[i];
    const auto place = one.numbers.correlation == 0 ? std::nullopt : by_correlation.find(one.numbers.correlation);
    const Call* call = place ? &calls_[*place] : nullptr;
    if (one.graph_node == 0 && call != nullptr && call->launches_graph) one.graph_node = kGraphUnknown;
    const Operation* known = operation_of(one.numbers.external, call, by_external);
    if (known == nullptr && call != nullptr) known = operation_of(call->external, call, by_external);
    if (known != nullptr) found[i] = known->name;
    if (found[i] == kNoName && call != nullptr) asked.push_back({call->track, call->start_ns, i});
  }
  if (!asked.empty()) find_enclosing(std::move(asked), found);
  return found;
}

void OperatorLinks::tell(TraceSink& sink) {
  const std::vector<NameId> operators = find_operators();
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const Waiting& one = waiting_[i];
    Extra extra{.operation = operators[i],
                .correlation = one.numbers.correlation,
                .bytes = one.bytes,
                .launch = launches_[one.launch],
                .graph_node = one.graph_node,
                .group = collectives_[one.collective].group,
                .sequence = collectives_[one.collective].sequence};
    sink.event(one.event, &extra);
  }
  *this = OperatorLinks();
}

}  // namespace varve
