#include "kernels/kineto/operator_links.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "model/kernels/durations.h"

namespace varve {

namespace {
std::int64_t end_of(const TraceEvent& event) { return add_ns(event.start_ns, event.duration_ns); }
}  // namespace

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
  const auto [known, is_new] = launch_ids_.emplace(extra.launch, static_cast<std::uint32_t>(launches_.size()));
  if (is_new) launches_.push_back(extra.launch);
  one.launch = known->second;
  if (extra.group != kNoName || extra.sequence != kNoNumber) {
    one.collective = static_cast<std::uint32_t>(collectives_.size());
    collectives_.push_back({extra.group, extra.sequence});
  }
  waiting_.push_back(one);
}

// Walks over the calls of each thread in the order of time, with the operators that are open then on a stack.
void OperatorLinks::find_enclosing(std::vector<Asked> asked, std::vector<NameId>& found) {
  std::sort(operations_.begin(), operations_.end(), [](const Operation& a, const Operation& b) {
    return std::tie(a.track, a.start_ns, b.end_ns) < std::tie(b.track, b.start_ns, a.end_ns);
  });
  std::sort(asked.begin(), asked.end(), [](const Asked& a, const Asked& b) {
    return std::tie(a.track, a.start_ns) < std::tie(b.track, b.start_ns);
  });
  std::vector<const Operation*> open;
  auto next = operations_.begin();
  for (const Asked& call : asked) {
    if (!open.empty() && open.back()->track != call.track) open.clear();
    for (; next != operations_.end() && std::tie(next->track, next->start_ns) <= std::tie(call.track, call.start_ns);
         ++next) {
      if (next->track != call.track) continue;
      while (!open.empty() && open.back()->end_ns <= next->start_ns) open.pop_back();
      open.push_back(&*next);
    }
    while (!open.empty() && open.back()->end_ns < call.start_ns) open.pop_back();
    if (!open.empty()) found[call.waiting] = open.back()->name;
  }
}

const OperatorLinks::Call* OperatorLinks::call_of(std::uint64_t correlation) const {
  if (correlation == 0) return nullptr;
  const auto found = std::lower_bound(calls_.begin(), calls_.end(), correlation,
                                      [](const Call& call, std::uint64_t wanted) { return call.correlation < wanted; });
  return found != calls_.end() && found->correlation == correlation ? &*found : nullptr;
}

const OperatorLinks::Operation* OperatorLinks::operation_of(std::uint64_t external, const Call* call) const {
  if (external == 0) return nullptr;
  const auto found =
      std::lower_bound(operations_.begin(), operations_.end(), external,
                       [](const Operation& operation, std::uint64_t wanted) { return operation.external < wanted; });
  if (found == operations_.end() || found->external != external) return nullptr;
  if (equal_ <= different_) return &*found;
  const bool is_around = call != nullptr && found->track == call->track && found->start_ns <= call->start_ns &&
                         call->start_ns <= found->end_ns;
  return is_around ? &*found : nullptr;
}

NameId OperatorLinks::operator_of(const Waiting& one, const Call* call) const {
  const Operation* known = operation_of(one.numbers.external, call);
  if (known == nullptr && call != nullptr) known = operation_of(call->external, call);
  return known == nullptr ? kNoName : known->name;
}

// One for each that waits. Needs calls and operations by their numbers, and leaves the operations in another order.
std::vector<NameId> OperatorLinks::find_operators() {
  std::vector<NameId> found(waiting_.size(), kNoName);
  std::vector<Asked> asked;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const Call* call = call_of(waiting_[i].numbers.correlation);
    found[i] = operator_of(waiting_[i], call);
    if (found[i] == kNoName && call != nullptr) asked.push_back({call->track, call->start_ns, i});
  }
  if (!asked.empty()) find_enclosing(std::move(asked), found);
  return found;
}

void OperatorLinks::tell(TraceSink& sink) {
  const auto by_external = [](const Operation& a, const Operation& b) {
    return std::tie(a.external, a.start_ns) < std::tie(b.external, b.start_ns);
  };
  const auto by_correlation = [](const Call& a, const Call& b) {
    return std::tie(a.correlation, a.start_ns) < std::tie(b.correlation, b.start_ns);
  };
  std::sort(operations_.begin(), operations_.end(), by_external);
  std::sort(calls_.begin(), calls_.end(), by_correlation);
  const std::vector<NameId> operators = find_operators();
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const Waiting& one = waiting_[i];
    const Call* call = call_of(one.numbers.correlation);
    Extra extra{.operation = operators[i],
                .correlation = one.numbers.correlation,
                .bytes = one.bytes,
                .launch = launches_[one.launch],
                .graph_node = one.graph_node,
                .group = collectives_[one.collective].group,
                .sequence = collectives_[one.collective].sequence};
    if (extra.graph_node == 0 && call != nullptr && call->launches_graph) extra.graph_node = kGraphUnknown;
    sink.event(one.event, &extra);
  }
  *this = OperatorLinks();
}

}  // namespace varve
