#include "compare/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "compare/items/bundles.h"
#include "compare/items/command_difference.h"
#include "compare/items/items.h"
#include "compare/not_measured.h"

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

// What units were clients of, and what of it is set.
bool is_server(const ControlItem& item) { return item.id == "server" || item.id.starts_with("server."); }

bool is_environment(const ControlItem& item) { return item.id == "packages" || item.id == "python"; }

bool is_image(const ControlItem& item) { return item.id == kImage; }

// How the units ran: nobody sets it but by something else.
bool is_use(const ControlItem& item) { return item.id == "threads" || item.id == "cpus"; }

// A value that the plan scans; where there is one, whatever else differs between the variants came of it.
bool is_scanned(const ControlItem& item) { return item.id.starts_with("scanned."); }

// What may have been changed on purpose: a setting, the command, or the one file or
// environment that the other command is about.
bool is_planned(const ControlItem& item, ItemState command, bool environment_chosen) {
  if (item.state != ItemState::different) return false;
  if (is_environment(item) && environment_chosen) return true;
  if (item.id == "program" || is_file(item) || is_environment(item) || is_image(item)) {
    return command == ItemState::follows;
  }
  return item.id == "command" || item.id == kToolkit || item.id == "directory" || is_server(item) || is_setting(item);
}

// The items that a change of the command or of a setting brings about by itself when both sides ran on one machine.
bool may_follow(const ControlItem& item) {
  return item.id == "program" || is_file(item) || is_environment(item) || is_image(item) || item.id == kToolkit ||
         item.id.starts_with("library.") || item.id.starts_with("framework.") || is_use(item);
}

// The values are under test, and what they were put into follows; so does the work that the metric itself is over, as a
// larger batch does more of it.
void mark_scanned(const Sides& sides, std::vector<ControlItem>& items) {
  const bool counts_work = !metric_values(sides, "work").a.empty();
  for (ControlItem& item : items) {
    if (is_scanned(item)) item.under_test = true;
    const bool filled = item.id == "command" || item.id == "directory" || is_server(item) || is_setting(item);
    const bool of_metric = item.id == "work" && !counts_work;
    if (item.state == ItemState::different && !is_scanned(item) && (filled || of_metric || may_follow(item))) {
      item.state = ItemState::follows;
      item.unrecorded.clear();
    }
  }
}

// What the plan changed on purpose is under test; program and libraries that differ then follow from it.
void mark_planned(const Sides& sides, std::vector<ControlItem>& items, bool environment_chosen) {
  if (std::any_of(items.begin(), items.end(), is_scanned)) return mark_scanned(sides, items);
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

bool any_differs(const std::vector<ControlItem>& items, bool (*is_such)(const ControlItem&)) {
  return std::any_of(items.begin(), items.end(),
                     [&](const ControlItem& item) { return item.state == ItemState::different && is_such(item); });
}

// Two documents: another program or file in another command is one change, not two; and so are another environment, its
// interpreter, and what a framework says of itself where nobody told it anything else.
void let_files_follow(std::vector<ControlItem>& items) {
  const ItemState command = find_item(items, "command")->state;
  const bool other_environment = any_differs(items, is_environment);
  const bool told = any_differs(items, is_setting) || any_differs(items, is_file) || command == ItemState::different;
  for (ControlItem& item : items) {
    if (item.state != ItemState::different) continue;
    const bool named = item.id == "program" || is_file(item) || is_use(item);
    const bool of_environment = item.id == "program" || is_use(item) || item.id.starts_with("framework.");
    if (named && command == ItemState::different) item.state = ItemState::follows;
    if (of_environment && other_environment && !told) item.state = ItemState::follows;
  }
}

void mark_differing(std::vector<ControlItem>& items) {
  for (ControlItem& item : items) item.under_test = item.state == ItemState::different;
}

// "torch": the packages are under test where they are it and what came with it, and no others.
bool mark_package(const Sides& sides, const std::string& name, std::vector<ControlItem>& items,
                  std::set<std::string>& covered) {
  const std::vector<std::string> bundle = packages_with(sides, name);
  if (bundle.empty()) return false;
  covered.insert(bundle.begin(), bundle.end());
  ControlItem& packages = *find_item(items, "packages");
  packages.under_test = true;
  std::vector<std::string> beside;
  for (const std::string& changed : changed_packages(sides)) {
    if (!covered.contains(changed)) beside.push_back(changed);
  }
  packages.unrecorded = beside.empty() ? "" : fmt::format("beside {} so do {}", name, and_more(beside, 4));
  return true;
}

Status mark_named(const Sides& sides, std::vector<ControlItem>& items, const std::vector<Bundle>& bundles,
                  const std::vector<std::string>& named) {
  for (ControlItem& item : items) item.under_test = false;
  std::set<std::string> covered;
  for (const std::string& id : named) {
    ControlItem* item = find_item(items, id);
    if (item == nullptr && mark_package(sides, id, items, covered)) continue;
    const Bundle* bundle =
        item == nullptr || item->state == ItemState::follows ? bundle_that_holds(bundles, id) : nullptr;
    if (bundle != nullptr) item = find_item(items, bundle->item);
    if (item == nullptr) {
      std::vector<std::string> ids;
      for (const ControlItem& each : items) ids.push_back(each.id);
      const auto near = nearest(id, ids);
      return Error{"reading --variable", id, "nothing of this name is compared here",
                   near ? fmt::format("did you mean {}?", *near) : "varve compare --explain lists what is compared"};
    }
    item->under_test = item->state == ItemState::different;
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

bool is_of_the_machine(Layer layer) {
  return layer == Layer::hardware || layer == Layer::os || layer == Layer::container || layer == Layer::kernel_driver ||
         layer == Layer::user_driver;
}

// Something of the machine differs, and of what ran everything is known to be the same.
bool only_the_machine_differs(const Sides& sides, const std::vector<ControlItem>& items) {
  bool machine = false, code = false;
  for (const ControlItem& item : items) {
    const bool of_code = !is_of_the_machine(item.layer) || item.id.starts_with("library.") || item.id == "program";
    const bool equal = item.state == ItemState::same || item.state == ItemState::not_applicable;
    if (of_code && item.id != "other_variables" && !is_use(item) && !equal) return false;
    code = code || (of_code && item.id.starts_with("library.") && item.state == ItemState::same);
    machine = machine || (!of_code && item.state == ItemState::different);
  }
  return machine && code && !sides.one_document;
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
  if (only_the_machine_differs(sides, verdict.items)) {
    reasons.push_back(
        "the machine differs; program, files, packages and libraries are the same: the code cannot be the cause");
  }
  if (const std::size_t unknown = state_count(ItemState::unknown); unknown > 0) {
    reasons.push_back(
        fmt::format("unknown on at least one side: {}", name_items(verdict.items, ItemState::unknown, 12)));
  }
  if (const ControlItem& command = *find_item(verdict.items, "command");
      command.state == ItemState::different && !command.unrecorded.empty()) {
    reasons.push_back(
        "two commands may differ in packages, threads, processors and files that none of them names: run one command "
        "with one setting changed (--against-env), or let it differ in one argument, one program or one file of the "
        "same "
        "folder");
  }
  for (const Bundle& bundle : verdict.bundles) {
    if (bundle.members.size() < 2) continue;
    std::vector<std::string> members;
    for (const BundleMember& member : bundle.members) members.push_back(member_text(member));
    reasons.push_back(
        fmt::format("{} moved together as one bundle ({}): no member of it is established as the cause. "
                    "Exchange them one at a time to tell them apart",
                    members.size(), and_more(members, 8)));
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
    if (command_follows_from_a_file(sides) || command_follows_from_an_environment(sides) ||
        command_follows_from_an_image(sides)) {
      command.state = ItemState::follows;
    } else if (!differs_by_one_argument(sides)) {
      command.unrecorded = "what differs inside it is not recorded";
    }
  }
  ControlItem& program = *find_item(verdict.items, "program");
  const bool other_program = program.state == ItemState::different;
  if (other_program && program_follows_from_an_environment(sides)) program.state = ItemState::follows;
  let_packages_explain(sides, verdict.items);
  let_toolkit_explain(sides, verdict.items);
  let_image_explain(sides, verdict.items);
  verdict.bundles = find_bundles(sides, verdict.items);
  const bool environment_chosen = settings_follow_from_an_environment(sides);
  for (const char* id : {"settings.PATH", "settings.VIRTUAL_ENV"}) {
    ControlItem* item = find_item(verdict.items, id);
    if (environment_chosen && item != nullptr) item->state = ItemState::follows;
  }
  if (sides.one_document) {
    mark_planned(sides, verdict.items, environment_chosen);
    if (pair_unknown) {
      if (ControlItem* driver = find_item(verdict.items, "driver.kernel_mode.version"))
        driver->state = ItemState::unknown;
    }
  } else {
    let_files_follow(verdict.items);
    mark_differing(verdict.items);
  }
  if (!named.empty()) {
    if (Status status = mark_named(sides, verdict.items, verdict.bundles, named); !status) return status.error();
  }

  for (const ControlItem& item : verdict.items) {
    if (item.under_test) verdict.variable.push_back(item.id);
  }
  for (Bundle& bundle : verdict.bundles) bundle.under_test = find_item(verdict.items, bundle.item)->under_test;
  const bool other_differs = count(verdict.items, [](const ControlItem& item) {
                               return item.state == ItemState::different && !item.under_test;
                             }) > 0;
  const bool unknown =
      count(verdict.items, [](const ControlItem& item) { return item.state == ItemState::unknown; }) > 0;
  // Two documents may differ by a bundle that can only move together, such as both halves of a driver: if it is named.
  const bool bundle = !sides.one_document && !named.empty();
  const std::vector<std::string> faults = why_not_measured(sides, verdict.items);
  if (!faults.empty()) {
    verdict.control = Control::not_measured;
    verdict.reasons = faults;
  } else if (pair_unknown) {
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
