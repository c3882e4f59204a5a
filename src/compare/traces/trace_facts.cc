#include "compare/traces/trace_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "model/fact_catalog.h"

namespace varve {

namespace {
// A fact of all traces of a side: where two of them tell it differently, both values.
std::map<std::string, Fact> facts_of(const KernelsRecord& record) {
  std::map<std::string, Fact> facts;
  for (const TraceSource& source : record.sources) {
    for (const auto& [id, fact] : source.facts) {
      if (id == "trace.base_time_ns") continue;  // when it was taken is nothing of the stack
      const auto [known, is_new] = facts.try_emplace(id, fact);
      if (is_new || same_fact(known->second, fact)) continue;
      const std::string before = fact_text(known->second), now = fact_text(fact);
      if (before.find(now) == std::string::npos) known->second.value = before + " and " + now;
    }
  }
  return facts;
}

// Of two long lists only what the other one does not hold: two packages of three hundred.
void keep_what_differs(const Fact& a, const Fact& b, ControlItem& item) {
  constexpr std::size_t kLong = 8;
  const auto* list_a = a.value ? std::get_if<std::vector<std::string>>(&*a.value) : nullptr;
  const auto* list_b = b.value ? std::get_if<std::vector<std::string>>(&*b.value) : nullptr;
  if (list_a == nullptr || list_b == nullptr || std::min(list_a->size(), list_b->size()) < kLong) return;
  const auto without = [](const std::vector<std::string>& list, const std::vector<std::string>& other) {
    const std::set<std::string> known(other.begin(), other.end());
    std::vector<std::string> left;
    for (const std::string& one : list) {
      if (!known.contains(one)) left.push_back(one);
    }
    return left;
  };
  const std::vector<std::string> only_a = without(*list_a, *list_b), only_b = without(*list_b, *list_a);
  if (only_a.empty() && only_b.empty()) return;
  item.a = only_a.empty() ? "none that B has not" : join(only_a, ", ");
  item.b = only_b.empty() ? "none that A has not" : join(only_b, ", ");
}

const Fact* find(const std::map<std::string, Fact>& facts, const std::string& id) {
  const auto found = facts.find(id);
  return found == facts.end() ? nullptr : &found->second;
}
}  // namespace

std::string shown_trace_fact(const Fact& fact) {
  const auto* list = fact.value ? std::get_if<std::vector<std::string>>(&*fact.value) : nullptr;
  if (list == nullptr || list->size() < 2) return fact_text(fact);
  const bool all_equal = std::all_of(list->begin(), list->end(), [&](const auto& one) { return one == list->front(); });
  return all_equal ? fmt::format("{} × {}", list->size(), list->front()) : fact_text(fact);
}

std::vector<ControlItem> compare_trace_facts(const KernelsRecord& a, const KernelsRecord& b) {
  const std::map<std::string, Fact> facts_a = facts_of(a), facts_b = facts_of(b);
  std::set<std::string> ids;
  for (const auto* facts : {&facts_a, &facts_b}) {
    for (const auto& [id, fact] : *facts) ids.insert(id);
  }
  std::vector<ControlItem> items;
  for (const std::string& id : ids) {
    const FactDefinition* definition = find_fact_definition(id);
    const Fact *of_a = find(facts_a, id), *of_b = find(facts_b, id);
    ControlItem item{.id = id,
                     .layer = definition != nullptr ? definition->layer : Layer::hardware,
                     .title = definition != nullptr && !definition->id.ends_with("*") ? definition->title : id,
                     .a = of_a == nullptr ? "not told" : shown_trace_fact(*of_a),
                     .b = of_b == nullptr ? "not told" : shown_trace_fact(*of_b),
                     .state = ItemState::unknown};
    const bool both = of_a != nullptr && of_b != nullptr && of_a->is_answer() && of_b->is_answer();
    if (both) item.state = same_fact(*of_a, *of_b) ? ItemState::same : ItemState::different;
    if (item.state == ItemState::different) keep_what_differs(*of_a, *of_b, item);
    items.push_back(std::move(item));
  }
  std::stable_sort(items.begin(), items.end(),
                   [](const ControlItem& x, const ControlItem& y) { return x.layer < y.layer; });
  return items;
}

}  // namespace varve
