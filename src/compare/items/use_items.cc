// What only a run can see of how its units ran, as control items: threads at work, CPUs, and how many variables were
// set that nobody names.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "compare/items/items.h"
#include "stats/descriptive.h"
#include "stats/paired_verdict.h"

namespace varve {

namespace {
ItemState threads_state(const std::vector<double>& a, const std::vector<double>& b) {
  const bool enough = a.size() >= kFewestPairs && b.size() >= kFewestPairs;
  return enough && side_with_more_threads(a, b) != 0 ? ItemState::different : ItemState::same;
}

void add_threads(const Sides& sides, std::vector<ControlItem>& items) {
  const std::vector<double> a = threads_at_work(sides.units_a), b = threads_at_work(sides.units_b);
  if (a.empty() || b.empty()) return;
  const auto text = [](const std::vector<double>& threads) { return fmt::format("{:.0f}", median(threads)); };
  items.push_back(
      {"threads", Layer::settings, "threads at work in a unit", text(a), text(b), threads_state(a, b), false});
}

// The CPUs that a side's units might run on; empty when they are those of Varve itself, or not known.
std::string own_cpus(const std::vector<const Unit*>& units, const Run& run) {
  std::set<std::string> allowed;
  for (const Unit* unit : units) {
    if (!unit->cpus_allowed.empty()) allowed.insert(unit->cpus_allowed);
  }
  const auto inherited = run.stack.facts.find("process.affinity");
  if (inherited != run.stack.facts.end() && inherited->second.is_known()) {
    allowed.erase(value_text(*inherited->second.value));
  }
  return join({allowed.begin(), allowed.end()}, " or ");
}

// What Varve itself may run on is a fact of the stack. This is about commands that choose for themselves (taskset).
void add_cpus(const Sides& sides, std::vector<ControlItem>& items) {
  const std::string a = own_cpus(sides.units_a, *sides.run_a), b = own_cpus(sides.units_b, *sides.run_b);
  if (a.empty() && b.empty()) return;
  const auto text = [](const std::string& cpus) { return cpus.empty() ? "as Varve itself" : cpus; };
  items.push_back({"cpus", Layer::settings, "CPUs a unit may run on", text(a), text(b),
                   a == b ? ItemState::same : ItemState::different, false});
}

// Names and values stay unknown: that there are as many says little, that there are not says that something differs.
void add_other_variables(const Sides& sides, std::vector<ControlItem>& items) {
  const std::optional<int>& a = sides.variant_a->other_variables;
  const std::optional<int>& b = sides.variant_b->other_variables;
  if (sides.one_document || !a || !b) return;
  items.push_back({"other_variables", Layer::settings, "number of variables outside the list", fmt::to_string(*a),
                   fmt::to_string(*b), *a == *b ? ItemState::same : ItemState::unknown, false});
}

// The work of the primary metric, where every unit of a side did the same; empty where units do as much as they can.
std::optional<double> fixed_work(const std::vector<const Unit*>& units, const std::string& metric) {
  std::optional<double> work;
  for (const Unit* unit : units) {
    const std::optional<Metric> found = find_metric(*unit, metric);
    if (!found || !found->work || (work && *work != *found->work)) return std::nullopt;
    work = found->work;
  }
  return work;
}

void add_work_of_metric(const Sides& sides, std::vector<ControlItem>& items) {
  const std::optional<double> a = fixed_work(sides.units_a, sides.run_a->protocol.primary_metric);
  const std::optional<double> b = fixed_work(sides.units_b, sides.run_b->protocol.primary_metric);
  if (!a || !b) return;
  items.push_back({"work", Layer::settings, "work done in a unit", format_quantity(*a, ""), format_quantity(*b, ""),
                   *a == *b ? ItemState::same : ItemState::different, false});
}
}  // namespace

void add_use_items(const Sides& sides, std::vector<ControlItem>& items) {
  add_threads(sides, items);
  add_cpus(sides, items);
  add_other_variables(sides, items);
  const bool has_work =
      std::any_of(items.begin(), items.end(), [](const ControlItem& item) { return item.id == "work"; });
  if (!has_work) add_work_of_metric(sides, items);
}

}  // namespace varve
