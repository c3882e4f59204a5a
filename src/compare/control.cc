#include "compare/control.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "compare/command_difference.h"
#include "compare/items.h"
#include "compare/matching/library_name.h"

namespace varve {

namespace {
constexpr std::string_view kSettings = "settings.";

bool is_setting(const ControlItem& item) { return item.id.starts_with(kSettings); }

ControlItem* find_item(std::vector<ControlItem>& items, const std::string& id) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const ControlItem& item) {
    return item.id == id || (is_setting(item) && item.id.substr(kSettings.size()) == id);
  });
  return found == items.end() ? nullptr : &*found;
}

template <class Condition>
std::size_t count(const std::vector<ControlItem>& items, Condition condition) {
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), condition));
}

bool is_file(const ControlItem& item) { return item.id.starts_with("file."); }

bool is_environment(const ControlItem& item) { return item.id == "packages" || item.id == "python"; }

// How the units ran: nobody sets it but by something else.
bool is_use(const ControlItem& item) { return item.id == "threads" || item.id == "cpus"; }

// What may have been changed on purpose: a setting, the command, or the one file or
// environment that the other command is about.
bool is_planned(const ControlItem& item, ItemState command, bool environment_chosen) {
  if (item.state != ItemState::different) return false;
  if (is_environment(item) && environment_chosen) return true;
  if (item.id == "program" || is_file(item) || is_environment(item)) return command == ItemState::follows;
  return item.id == "command" || item.id == "directory" || item.id == "server" || is_setting(item);
}

// The items that a change of the command or of a setting brings about by itself when both sides ran on one machine.
bool may_follow(const ControlItem& item) {
  return item.id == "program" || is_file(item) || is_environment(item) || item.id.starts_with("library.") ||
         item.id.starts_with("framework.") || is_use(item);
}

// What the plan changed on purpose is under test; program and libraries that differ then follow from it.
void mark_planned(std::vector<ControlItem>& items, bool environment_chosen) {
  const ItemState command = find_item(items, "command")->state;
  bool any = false;
  for (ControlItem& item : items) {
    if (!is_planned(item, command, environment_chosen)) continue;
    item.under_test = true;
    any = true;
  }
  if (!any) return;
  for (ControlItem& item : items) {
    if (item.state == ItemState::different && !item.under_test && may_follow(item)) item.state = ItemState::follows;
  }
}

// Two documents: another program or file in another command is one change, not two.
void let_files_follow(std::vector<ControlItem>& items) {
  if (find_item(items, "command")->state != ItemState::different) return;
  for (ControlItem& item : items) {
    const bool named = item.id == "program" || is_file(item) || is_use(item);
    if (named && item.state == ItemState::different) item.state = ItemState::follows;
  }
}

void mark_differing(std::vector<ControlItem>& items) {
  for (ControlItem& item : items) item.under_test = item.state == ItemState::different;
}

Status mark_named(std::vector<ControlItem>& items, const std::vector<std::string>& named) {
  for (ControlItem& item : items) item.under_test = false;
  for (const std::string& id : named) {
    ControlItem* item = find_item(items, id);
    if (item == nullptr) {
      std::vector<std::string> ids;
      for (const ControlItem& each : items) ids.push_back(each.id);
      const auto near = nearest(id, ids);
      return Error{"reading --variable", id, "nothing of this name is compared here",
                   near ? fmt::format("did you mean {}?", *near) : "varve compare --explain lists what is compared"};
    }
    item->under_test = item->state == ItemState::different;
    if (is_environment(*item)) item->unrecorded.clear();  // named, it is one bundle
  }
  return Done{};
}

// The host's driver and the loaded runtime decide together which GPU kernels can run. Their names are found here.
bool pair_is_unknown(const Sides& sides, const std::vector<ControlItem>& items) {
  if (!used_gpu(sides.units_a) && !used_gpu(sides.units_b)) return false;
  for (const Run* run : {sides.run_a, sides.run_b}) {
    const auto driver = run->stack.facts.find("driver.kernel_mode.version");
    if (driver == run->stack.facts.end() || !driver->second.is_known()) return true;
  }
  return count(items, [](const ControlItem& item) {
           return item.id == "runtime.loaded" && item.state == ItemState::unknown;
         }) > 0;
}

bool has_unrecorded_difference(const std::vector<ControlItem>& items) {
  return std::any_of(items.begin(), items.end(), [](const ControlItem& item) {
    return item.state == ItemState::different && !item.unrecorded.empty();
  });
}

void explain(const Sides& sides, bool pair_unknown, ControlVerdict& verdict) {
  const auto state_count = [&](ItemState state) {
    return count(verdict.items, [&](const ControlItem& item) { return item.state == state; });
  };
  std::vector<std::string>& reasons = verdict.reasons;
  if (sides.one_document) {
    reasons.push_back("both sides ran in turns on one machine: what the machine is, known or not, is shared");
  }
  for (const ControlItem& item : verdict.items) {
    if (item.state != ItemState::different) continue;
    reasons.push_back(fmt::format("{}: {} differs: {} against {}{}{}", layer_title(item.layer), item_name(item), item.a,
                                  item.b, item.under_test ? " (under test)" : "",
                                  item.unrecorded.empty() ? "" : "; " + item.unrecorded));
  }
  if (const std::size_t follows = state_count(ItemState::follows); follows > 0) {
    reasons.push_back(
        fmt::format("{} moved with the variable under test: this comparison cannot tell which of the components that "
                    "moved together "
                    "is responsible. Exchange them one at a time to find out",
                    name_items(verdict.items, ItemState::follows)));
  }
  if (const std::size_t unknown = state_count(ItemState::unknown); unknown > 0) {
    reasons.push_back(
        fmt::format("unknown on at least one side: {}", name_items(verdict.items, ItemState::unknown, 12)));
  }
  if (const ControlItem& command = *find_item(verdict.items, "command");
      command.state == ItemState::different && !command.unrecorded.empty()) {
    reasons.push_back(
        "two commands may differ in packages, threads, processors and files that none of them names: run one command "
        "with one setting changed (--against-env), or let it differ in one program or one file of the same folder");
  }
  if (const std::vector<std::string> changed = changed_packages(sides); changed.size() > 1) {
    reasons.push_back(fmt::format("{} packages differ ({}): this comparison cannot tell their parts in it apart",
                                  changed.size(), and_more(changed, 8)));
  }
  if (verdict.control == Control::confounded && state_count(ItemState::different) > 1) {
    reasons.push_back(
        "the differences stand in the order of the layers; no order of importance is meant. Change one of them at a "
        "time "
        "to tell them apart");
  } else if (verdict.variable.size() > 1) {
    reasons.push_back("the variables named are taken as one bundle: this comparison cannot tell them apart");
  }
  if (pair_unknown) {
    reasons.push_back(
        "a GPU was used, and its kernel driver or the runtime that was loaded is not known: they decide "
        "which kernels can run. Capture driver.kernel_mode.version and load the runtime as a library");
  }
}
}  // namespace

Result<ControlVerdict> judge_control(const Sides& sides, const std::vector<std::string>& named) {
  ControlVerdict verdict;
  verdict.items = list_items(sides);
  const bool pair_unknown = pair_is_unknown(sides, verdict.items);
  if (ControlItem& command = *find_item(verdict.items, "command"); command.state == ItemState::different) {
    if (command_follows_from_a_file(sides) || command_follows_from_an_environment(sides)) {
      command.state = ItemState::follows;
    } else {
      command.unrecorded = "what differs inside it is not recorded";
    }
  }
  let_packages_explain(sides, verdict.items);
  const bool environment_chosen = settings_follow_from_an_environment(sides);
  for (const char* id : {"settings.PATH", "settings.VIRTUAL_ENV"}) {
    ControlItem* item = find_item(verdict.items, id);
    if (environment_chosen && item != nullptr) item->state = ItemState::follows;
  }
  if (sides.one_document) {
    mark_planned(verdict.items, environment_chosen);
    if (pair_unknown) {
      if (ControlItem* driver = find_item(verdict.items, "driver.kernel_mode.version"))
        driver->state = ItemState::unknown;
    }
  } else {
    let_files_follow(verdict.items);
    mark_differing(verdict.items);
  }
  if (!named.empty()) {
    if (Status status = mark_named(verdict.items, named); !status) return status.error();
  }

  for (const ControlItem& item : verdict.items) {
    if (item.under_test) verdict.variable.push_back(item.id);
  }
  const bool other_differs = count(verdict.items, [](const ControlItem& item) {
                               return item.state == ItemState::different && !item.under_test;
                             }) > 0;
  const bool unknown =
      count(verdict.items, [](const ControlItem& item) { return item.state == ItemState::unknown; }) > 0;
  // Two documents may differ by a bundle that can only move together, such as both halves of a driver: if it is named.
  const bool bundle = !sides.one_document && !named.empty();
  if (pair_unknown) {
    verdict.control = Control::undecidable;
  } else if (other_differs || has_unrecorded_difference(verdict.items) || (verdict.variable.size() > 1 && !bundle)) {
    verdict.control = Control::confounded;
  } else {
    verdict.control = unknown ? Control::controlled_with_gaps : Control::controlled;
  }
  explain(sides, pair_unknown, verdict);
  return verdict;
}

bool is_null(const Sides& sides, const ControlVerdict& verdict) {
  return sides.one_document &&
         count(verdict.items, [](const ControlItem& item) { return item.state == ItemState::different; }) == 0;
}

std::string item_name(const ControlItem& item) {
  if (item.id.starts_with("library.")) return item.id.substr(8);
  return item.title.empty() ? item.id : item.title;
}

std::string name_items(const std::vector<ControlItem>& items, ItemState state, std::size_t limit) {
  std::vector<std::string> names;
  for (const ControlItem& item : items) {
    if (item.state == state) names.push_back(item_name(item));
  }
  return and_more(names, limit);
}

}  // namespace varve
