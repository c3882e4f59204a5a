#include "compare/items/bundles.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "compare/items/component_bundle.h"
#include "compare/items/items.h"
#include "tables/package_table.h"

namespace varve {

namespace {
// The halves of one driver, and what is loaded onto the GPU with it.
constexpr const char* kDriverParts[] = {"driver.kernel_mode.version", "driver.user_mode.version",
                                        "driver.api_level",           "gpu.gsp_firmware",
                                        "driver.kernel_mode.modules", "driver.kernel_mode.flavour"};

using Askers = std::map<std::string, std::set<std::string>>;  // by package, the changed ones that ask for it

std::string version_in(const Variant& variant, const std::string& package) {
  if (!variant.packages) return "";
  const auto found = variant.packages->versions.find(package);
  return found == variant.packages->versions.end() ? "" : found->second;
}

Askers askers_of(const Sides& sides, const std::vector<std::string>& changed) {
  Askers askers;
  const std::set<std::string> names(changed.begin(), changed.end());
  for (const Variant* variant : {sides.variant_a, sides.variant_b}) {
    for (const auto& [package, asked] : variant->packages->requirements) {
      if (!names.contains(package)) continue;
      for (const std::string& name : asked) {
        if (names.contains(name) && name != package) askers[name].insert(package);
      }
    }
  }
  return askers;
}

bool owns_mapped_libraries(const Sides& sides, const std::string& package) {
  for (const Variant* variant : {sides.variant_a, sides.variant_b}) {
    for (const auto& [path, owner] : variant->packages->libraries) {
      if (owner == package) return true;
    }
  }
  return false;
}

// Frameworks, what extends them and makes code for them, whose libraries were mapped, runtimes, the rest.
int rank_of(const Sides& sides, const std::string& package) {
  const PackageRow* row = find_package_row(to_lower(package));
  const PackageRole role = row == nullptr ? PackageRole::library : row->role;
  if (role == PackageRole::framework) return 0;
  const bool mapped = owns_mapped_libraries(sides, package);
  if (role == PackageRole::extension || role == PackageRole::compiler) return mapped ? 1 : 3;
  if (role == PackageRole::runtime) return mapped ? 2 : 4;
  return mapped ? 2 : 5;
}

// Everything that `package` asks for among what changed, itself first.
std::vector<std::string> closure_of(const std::string& package, const Askers& askers) {
  std::vector<std::string> members{package};
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (const auto& [asked, by] : askers) {
      const bool known = std::find(members.begin(), members.end(), asked) != members.end();
      if (!known && by.contains(members[i])) members.push_back(asked);
    }
  }
  return members;
}

// Nobody who changed asks for it: what somebody set out to change is among these.
std::vector<std::string> leaders_of(const std::vector<std::string>& changed, const Askers& askers) {
  std::vector<std::string> leaders;
  for (const std::string& name : changed) {
    if (!askers.contains(name)) leaders.push_back(name);
  }
  return leaders.empty() ? changed : leaders;
}

// "torch 2.1.2 and 24 more packages"
std::string text_of_side(const BundleMember& first, const std::string& version, std::size_t more) {
  const std::string text = first.name + " " + (version.empty() ? "(not there)" : version);
  return more == 0 ? text : fmt::format("{} and {} more package{}", text, more, more == 1 ? "" : "s");
}

ControlItem* item_of(std::vector<ControlItem>& items, const std::string& id) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const ControlItem& item) { return item.id == id; });
  return found == items.end() ? nullptr : &*found;
}

bool differs(const ControlItem* item) { return item != nullptr && item->state == ItemState::different; }

void add_environment(const Sides& sides, std::vector<ControlItem>& items, std::vector<Bundle>& bundles) {
  std::vector<std::string> changed = changed_packages(sides);
  if (changed.empty()) return;
  std::stable_sort(changed.begin(), changed.end(), [&](const std::string& left, const std::string& right) {
    return rank_of(sides, left) < rank_of(sides, right);
  });
  const Askers askers = askers_of(sides, changed);
  std::map<std::string, std::string> because;
  for (const std::string& leader : leaders_of(changed, askers)) {
    for (const std::string& member : closure_of(leader, askers)) {
      if (member != leader) because.emplace(member, leader);
    }
  }
  std::stable_partition(changed.begin(), changed.end(), [&](const auto& name) { return !because.contains(name); });
  Bundle bundle{.item = "packages", .title = {}, .members = {}};
  for (const std::string& name : changed) {
    const auto asked = because.find(name);
    bundle.members.push_back({name, version_in(*sides.variant_a, name), version_in(*sides.variant_b, name),
                              asked == because.end() ? std::string() : asked->second});
  }
  if (ControlItem* python = item_of(items, "python"); differs(python)) {
    // Behind a framework, and before all that is no more than a library.
    const bool is_led = rank_of(sides, changed.front()) == 0;
    bundle.members.insert(bundle.members.begin() + (is_led ? 1 : 0), {"Python", python->a, python->b, ""});
    python->state = ItemState::follows;
  }
  const BundleMember& first = bundle.members.front();
  ControlItem* packages = item_of(items, "packages");
  packages->a = text_of_side(first, first.a, bundle.members.size() - 1);
  packages->b = text_of_side(first, first.b, bundle.members.size() - 1);
  bundle.title = title_of_packages(bundle.members);
  bundles.push_back(std::move(bundle));
}

void add_image(const Sides& sides, std::vector<ControlItem>& items, std::vector<Bundle>& bundles) {
  const std::optional<ContainerImage>&a = sides.variant_a->image, &b = sides.variant_b->image;
  if (!differs(item_of(items, kImage)) || !a || !b) return;
  Bundle bundle{.item = kImage, .title = {}, .members = {}};
  const bool known = a->missing.empty() && b->missing.empty();
  if (known) bundle = bundle_of(kImage, a->components, b->components);
  bundle.unknown = known ? "" : !a->missing.empty() ? a->missing : b->missing;
  bundle.title = title_of_images(a->reference, b->reference, bundle);
  bundles.push_back(std::move(bundle));
}

void add_toolkit(const Sides& sides, std::vector<ControlItem>& items, std::vector<Bundle>& bundles) {
  const std::optional<Toolkit>&a = sides.variant_a->toolkit, &b = sides.variant_b->toolkit;
  if (!differs(item_of(items, kToolkit)) || !a || !b) return;
  Bundle bundle = bundle_of(kToolkit, components_of_toolkit(*sides.variant_a, sides.units_a),
                            components_of_toolkit(*sides.variant_b, sides.units_b));
  bundle.title = fmt::format("CUDA toolkit {} → {}", fact_text(a->version), fact_text(b->version));
  for (const ControlItem& each : items) {
    if (each.state == ItemState::follows && each.id.starts_with("settings.")) bundle.follows.push_back(each.id);
  }
  bundles.push_back(std::move(bundle));
}

}  // namespace

std::optional<Bundle> find_driver_bundle(std::vector<ControlItem>& items) {
  Bundle bundle;
  for (const char* id : kDriverParts) {
    ControlItem* item = item_of(items, id);
    if (!differs(item)) continue;
    bundle.members.push_back({item->title, item->a, item->b, ""});
    if (bundle.item.empty()) {
      bundle.item = id;
    } else {
      item->state = ItemState::follows;
      bundle.follows.emplace_back(id);
    }
  }
  if (bundle.members.size() < 2) return std::nullopt;
  bundle.title = member_text(bundle.members.front()) + " and its other half";
  if (bundle.members.size() > 2) bundle.title = member_text(bundle.members.front()) + " and its other parts";
  return bundle;
}

// What nobody who changed asks for was changed by itself, and is named.
std::string title_of_packages(const std::vector<BundleMember>& members) {
  const std::string first = member_text(members.front());
  std::vector<std::string> beside;
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i].because.empty()) beside.push_back(member_text(members[i]));
  }
  const bool led = std::any_of(members.begin(), members.end(),
                               [&](const BundleMember& member) { return member.because == members.front().name; });
  if (led) return first + " and what came with it" + (beside.empty() ? "" : ", beside it " + and_more(beside, 1));
  if (members.size() <= 2) return first + (members.size() == 2 ? " and " + member_text(members[1]) : "");
  return fmt::format("{} and {} more packages", first, members.size() - 1);
}

std::string member_text(const BundleMember& member) {
  if (member.a.empty()) return fmt::format("{} {} (only in B)", member.name, member.b);
  if (member.b.empty()) return fmt::format("{} {} (only in A)", member.name, member.a);
  return fmt::format("{} {} → {}", member.name, member.a, member.b);
}

std::vector<Bundle> find_bundles(const Sides& sides, std::vector<ControlItem>& items) {
  std::vector<Bundle> bundles;
  if (std::optional<Bundle> driver = find_driver_bundle(items)) bundles.push_back(std::move(*driver));
  add_toolkit(sides, items, bundles);
  add_environment(sides, items, bundles);
  add_image(sides, items, bundles);
  return bundles;
}

const Bundle* bundle_that_holds(const std::vector<Bundle>& bundles, const std::string& name) {
  for (const Bundle& bundle : bundles) {
    // One package of an environment is a variable of its own: what came along with it is known.
    if (bundle.item == "packages") continue;
    const bool follows = std::any_of(bundle.follows.begin(), bundle.follows.end(),
                                     [&](const std::string& id) { return id == name || id == "settings." + name; });
    const bool member = std::any_of(bundle.members.begin(), bundle.members.end(),
                                    [&](const BundleMember& each) { return to_lower(each.name) == to_lower(name); });
    if (follows || member) return &bundle;
  }
  return nullptr;
}

std::vector<std::string> packages_with(const Sides& sides, const std::string& package) {
  const std::vector<std::string> changed = changed_packages(sides);
  const auto named = std::find_if(changed.begin(), changed.end(),
                                  [&](const std::string& name) { return to_lower(name) == to_lower(package); });
  if (named == changed.end()) return {};
  return closure_of(*named, askers_of(sides, changed));
}

}  // namespace varve
