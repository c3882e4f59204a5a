#include "model/stack.h"

#include <map>

#include "model/fact_catalog.h"

namespace varve {

namespace {
bool moved(const Fact& before, const Fact& after) {
  if (before.is_known() != after.is_known()) return true;
  return before.is_known() ? *before.value != *after.value : before.missing != after.missing;
}

const Fact& fact_or_absent(const Stack& stack, const std::string& id) {
  static const Fact absent = missing_fact(Missing::absent, "", "not captured");
  const auto found = stack.facts.find(id);
  return found == stack.facts.end() ? absent : found->second;
}
}  // namespace

std::vector<FactChange> changed_facts(const Stack& before, const Stack& after) {
  std::map<std::string, bool> ids;
  for (const Stack* stack : {&before, &after}) {
    for (const auto& [id, fact] : stack->facts) ids.emplace(id, true);
  }
  std::vector<FactChange> changes;
  const auto add_if_moved = [&](const std::string& id) {
    const Fact& was = fact_or_absent(before, id);
    const Fact& is = fact_or_absent(after, id);
    if (moved(was, is)) changes.push_back({id, was, is});
  };
  for (const FactDefinition& definition : fact_catalog()) {
    if (!definition.identity && !definition.control) continue;
    if (!definition.id.ends_with(".*")) {
      if (ids.contains(definition.id)) add_if_moved(definition.id);
      continue;
    }
    for (const auto& [id, present] : ids) {
      if (find_fact_definition(id) == &definition) add_if_moved(id);
    }
  }
  return changes;
}

}  // namespace varve
