#include "compare/stacks/compare_stacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "base/version.h"
#include "compare/items/component_bundle.h"
#include "compare/items/items.h"
#include "compare/stacks/stack_bundles.h"
#include "model/answers/environment_pair.h"
#include "model/fact_catalog.h"

namespace varve {

namespace {
constexpr std::string_view kNotStated = "not stated";  // of one GPU in a list of several
const std::string kSettingStart = "settings.", kUnreadVariables = "settings.environment";

const Fact& fact_at(const Stack& stack, const std::string& id) {
  static const Fact nowhere = missing_fact(Missing::not_asked, "", "not told");
  const auto at = stack.facts.find(id);
  return at == stack.facts.end() ? nowhere : at->second;
}

// A value, or that there is none: somebody looked. What an answer without a source says ("only a running machine has
// it") is of the kind of subject and no look at one.
bool tells(const Fact& fact) { return fact.is_known() || (fact.is_answer() && !fact.source.empty()); }

// What is compared beside the facts that steer a measurement: two reports are about what was installed, too.
bool is_compared(const FactDefinition& definition) {
  return (definition.control || definition.id == "toolkit.nvcc.version" || definition.id == "driver.user_mode.role") &&
         definition.id.find('*') == std::string::npos;
}

void add_fact_items(const StackSide& a, const StackSide& b, std::vector<ControlItem>& items) {
  for (const FactDefinition& definition : fact_catalog()) {
    if (!is_compared(definition)) continue;
    const Fact& first = fact_at(a.stack, definition.id);
    const Fact& second = fact_at(b.stack, definition.id);
    if (!tells(first) && !tells(second)) continue;
    ControlItem item = fact_item(definition.id, definition, first, second);
    const bool is_partial =
        item.a.find(kNotStated) != std::string::npos || item.b.find(kNotStated) != std::string::npos;
    if (item.state == ItemState::different && is_partial) item.state = ItemState::unknown;
    // Somebody looked on both sides, and there is none.
    const bool is_absent = !first.is_known() && !second.is_known() && first.missing == Missing::absent &&
                           second.missing == Missing::absent;
    if (is_absent) item.state = ItemState::same;
    items.push_back(std::move(item));
  }
}

// A variable that is not listed was not set, unless nobody could read them all.
void add_setting_items(const StackSide& a, const StackSide& b, std::vector<ControlItem>& items) {
  std::set<std::string> ids;
  for (const StackSide* side : {&a, &b}) {
    for (const auto& [id, fact] : side->stack.facts) {
      if (id.starts_with(kSettingStart) && id != kUnreadVariables) ids.insert(id);
    }
  }
  const auto text = [](const StackSide& side, const std::string& id) {
    const auto at = side.stack.facts.find(id);
    if (at != side.stack.facts.end()) return fact_text(at->second);
    return std::string(side.stack.facts.contains(kUnreadVariables) ? "(not told)" : "(not set)");
  };
  for (const std::string& id : ids) {
    ControlItem item{id, Layer::settings, id.substr(kSettingStart.size()), text(a, id), text(b, id)};
    const bool is_told = item.a != "(not told)" && item.b != "(not told)";
    item.state = !is_told ? ItemState::unknown : item.a == item.b ? ItemState::same : ItemState::different;
    items.push_back(std::move(item));
  }
}

struct PairedPackage {
  const Package* a = nullptr;
  const Package* b = nullptr;
};

ItemState state_of_package(const PairedPackage& pair, bool a_is_partial, bool b_is_partial) {
  if (pair.a != nullptr && pair.b != nullptr) {
    const bool is_same_build = to_lower(pair.a->name) == to_lower(pair.b->name);
    if (pair.a->version == pair.b->version) return is_same_build ? ItemState::same : ItemState::different;
    return may_be_same_release(pair.a->version, pair.b->version) ? ItemState::unknown : ItemState::different;
  }
  return (pair.a == nullptr ? a_is_partial : b_is_partial) ? ItemState::unknown : ItemState::different;
}

std::string version_of(const Package* one, const Package* other) {
  if (one == nullptr) return {};
  return other == nullptr ? one->version : version_beside(one->name, one->version, other->name, other->version);
}

std::vector<std::string> names_of(const Environment& environment) {
  std::vector<std::string> names;
  for (const Package& package : environment.packages) names.push_back(package.name);
  return names;
}

void add_packages(const StackSide& a, const StackSide& b, const EnvironmentPair& pair, StackComparison& comparison) {
  std::map<std::string, PairedPackage> packages;
  const ComponentNames common(names_of(*pair.a), names_of(*pair.b));
  for (const Package& package : pair.a->packages) packages[common.of(package.name)].a = &package;
  for (const Package& package : pair.b->packages) packages[common.of(package.name)].b = &package;
  for (const auto& [name, both] : packages) {
    const Package& known = both.a != nullptr ? *both.a : *both.b;
    const bool renamed = both.a != nullptr && both.b != nullptr && to_lower(both.a->name) != to_lower(both.b->name);
    comparison.packages.push_back({.name = renamed ? name : known.name,
                                   .role = known.role,
                                   .a = version_of(both.a, both.b),
                                   .b = version_of(both.b, both.a),
                                   .state = state_of_package(both, is_of_text(a.stack), is_of_text(b.stack))});
  }
  std::stable_sort(comparison.packages.begin(), comparison.packages.end(),
                   [](const PackageItem& left, const PackageItem& right) { return left.role < right.role; });
}

void add_python(const EnvironmentPair& pair, std::vector<ControlItem>& items) {
  const Fact &first = pair.a->python, &second = pair.b->python;
  if (!first.is_known() && !second.is_known()) return;
  ControlItem item{"python", Layer::framework, "Python", fact_text(first), fact_text(second)};
  const bool is_known = first.is_known() && second.is_known();
  const bool is_short = is_known && (item.a.starts_with(item.b) || item.b.starts_with(item.a)) && item.a != item.b;
  item.state = !is_known || is_short ? ItemState::unknown : item.a == item.b ? ItemState::same : ItemState::different;
  items.push_back(std::move(item));
}

std::string frameworks_of(const Stack& stack) {
  std::vector<std::string> names;
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (package.role == PackageRole::framework) names.push_back(package.name + " " + package.version);
    }
  }
  return names.empty() ? "no framework" : and_more(names, 3);
}

std::string verdict_of(const StackComparison& comparison) {
  const auto image = std::find_if(comparison.bundles.begin(), comparison.bundles.end(),
                                  [](const Bundle& bundle) { return bundle.item == "image"; });
  if (image != comparison.bundles.end()) {
    return fmt::format(
        "one bundle differs: {}; were their speeds to differ, no part of it would be established as the cause",
        image->title);
  }
  const std::size_t different = count_items(comparison, ItemState::different);
  const std::size_t packages = count_packages(comparison, ItemState::different);
  const std::size_t unknown =
      count_items(comparison, ItemState::unknown) + count_packages(comparison, ItemState::unknown);
  const std::string gaps = unknown == 0 ? "" : fmt::format("; {} told by one side only", unknown);
  if (different + packages == 0) {
    const std::size_t same = count_items(comparison, ItemState::same) + count_packages(comparison, ItemState::same);
    if (same == 0) return "nothing that both sides tell can be compared" + gaps;
    return fmt::format("nothing that both sides tell differs: {} the same{}", same, gaps);
  }
  std::vector<std::string> parts;
  if (different > 0) parts.push_back(fmt::format("{} thing{} of the machine", different, different == 1 ? "" : "s"));
  if (packages > 0) parts.push_back(fmt::format("{} package{}", packages, packages == 1 ? "" : "s"));
  return join(parts, " and ") + (different + packages == 1 ? " differs" : " differ") + gaps;
}
}  // namespace

StackComparison compare_stacks(const StackSide& a, const StackSide& b) {
  StackComparison comparison{.created_at = {}, .tool_version = std::string(tool_version()), .a = a.label, .b = b.label};
  add_fact_items(a, b, comparison.items);
  const EnvironmentPair pair = pair_environments(a.stack, b.stack, a.environment);
  if (pair.a != nullptr) {
    comparison.environment_a = pair.a->path;
    comparison.environment_b = pair.b->path;
    add_python(pair, comparison.items);
    add_packages(a, b, pair, comparison);
    const std::size_t others = std::min(a.stack.environments.size(), b.stack.environments.size()) - 1;
    if (others > 0) {
      comparison.notes.push_back(
          fmt::format("environments that are most alike are compared; {} more stand in both", others));
    }
  } else if (!a.stack.environments.empty() || !b.stack.environments.empty()) {
    comparison.no_environment = fmt::format("no environment of {} is like one of {}: {} against {}", a.label, b.label,
                                            frameworks_of(a.stack), frameworks_of(b.stack));
  }
  add_setting_items(a, b, comparison.items);
  std::stable_sort(comparison.items.begin(), comparison.items.end(),
                   [](const ControlItem& left, const ControlItem& right) { return left.layer < right.layer; });
  comparison.bundles = find_stack_bundles(a.stack, b.stack, pair, comparison);
  comparison.verdict = verdict_of(comparison);
  return comparison;
}

}  // namespace varve
