// What the interpreter could import and what the framework was told, as control items.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "compare/items/items.h"
#include "tables/settings.h"

namespace varve {

namespace {
constexpr const char* kPackages = "packages";
constexpr const char* kPython = "python";
constexpr std::string_view kFramework = "framework.";

const ImportedPackages* packages_of(const Variant& variant) {
  const bool known = variant.packages && !variant.packages->environment.empty();
  return known ? &*variant.packages : nullptr;
}

std::string text_of_packages(const ImportedPackages& packages) {
  return fmt::format("{} packages in {}", packages.versions.size(), packages.environment);
}

std::string why_unknown(const Variant& variant) {
  return variant.packages ? "not known: " + variant.packages->missing : "not known: no Python was seen";
}

std::string python_text(const ImportedPackages& packages) {
  return packages.python.empty() ? "not known" : packages.python;
}

ItemState equality(bool equal) { return equal ? ItemState::same : ItemState::different; }

bool is_changed(const ImportedPackages& a, const ImportedPackages& b, const std::string& package) {
  const auto in_a = a.versions.find(package), in_b = b.versions.find(package);
  if (in_a == a.versions.end() || in_b == b.versions.end()) return in_a != a.versions.end() || in_b != b.versions.end();
  return in_a->second != in_b->second;
}

// What is asked while the window of a recording is open, which a short program may not live to see: that a side tells
// nothing of it does not say that it was otherwise there.
bool is_of_the_window(std::string_view id) {
  return id == "torch.grad_enabled" || id == "torch.inference_mode" || id.starts_with("torch.autocast.");
}

// What the build of a framework decides, and so its package.
bool is_of_the_build(std::string_view id) {
  id.remove_prefix(kFramework.size());
  if (is_of_the_window(id)) return false;  // "torch.autocast.cuda"
  return id.find(".config.") != std::string_view::npos || id.find(".build.") != std::string_view::npos ||
         id.ends_with(".version") || id.ends_with(".git") || id.ends_with(".cuda") || id.ends_with(".hip") ||
         id.ends_with(".jaxlib");
}

ControlItem framework_item(const std::string& id, const Variant& a, const Variant& b) {
  const auto named = framework_facts().find(id);
  const std::string full = std::string(kFramework) + id;
  ControlItem item{full,
                   is_of_the_build(full) ? Layer::framework : Layer::settings,
                   named == framework_facts().end() ? id : named->second.title,
                   "(not there)",
                   "(not there)",
                   ItemState::different,
                   false};
  const auto in_a = a.framework.find(id), in_b = b.framework.find(id);
  if (in_a != a.framework.end()) item.a = fact_text(in_a->second);
  if (in_b != b.framework.end()) item.b = fact_text(in_b->second);
  if (in_a == a.framework.end() || in_b == b.framework.end()) {
    if (!is_of_the_window(id)) return item;
    (in_a == a.framework.end() ? item.a : item.b) = "(not seen)";
    item.state = ItemState::unknown;
    return item;
  }
  const bool known = in_a->second.is_known() && in_b->second.is_known();
  item.state = known ? equality(same_fact(in_a->second, in_b->second)) : ItemState::unknown;
  return item;
}
// Modules of the interpreter's own, which code of packages imports or does not.
std::set<std::string> modules_of_python(const Sides& sides) {
  std::set<std::string> titles;
  for (const auto* units : {&sides.units_a, &sides.units_b}) {
    for (const Unit* unit : *units) {
      for (const Library& library : unit->libraries) {
        if (library.path.find("/lib-dynload/") == std::string::npos) continue;
        titles.insert(library_item_title(library.path));
      }
    }
  }
  return titles;
}
}  // namespace

std::vector<std::string> changed_packages(const Sides& sides) {
  const ImportedPackages* a = packages_of(*sides.variant_a);
  const ImportedPackages* b = packages_of(*sides.variant_b);
  if (a == nullptr || b == nullptr) return {};
  std::set<std::string> names;
  for (const ImportedPackages* each : {a, b}) {
    for (const auto& [name, version] : each->versions) names.insert(name);
  }
  std::vector<std::string> changed;
  for (const std::string& name : names) {
    if (is_changed(*a, *b, name)) changed.push_back(name);
  }
  return changed;
}

void add_package_items(const Sides& sides, std::vector<ControlItem>& items) {
  if (!sides.variant_a->packages && !sides.variant_b->packages) return;
  const ImportedPackages* a = packages_of(*sides.variant_a);
  const ImportedPackages* b = packages_of(*sides.variant_b);
  ControlItem item{kPackages,
                   Layer::framework,
                   "Python environment",
                   why_unknown(*sides.variant_a),
                   why_unknown(*sides.variant_b),
                   ItemState::unknown,
                   false};
  if (a != nullptr) item.a = text_of_packages(*a);
  if (b != nullptr) item.b = text_of_packages(*b);
  if (a != nullptr && b != nullptr) item.state = equality(changed_packages(sides).empty());
  items.push_back(std::move(item));
  if (a == nullptr || b == nullptr) return;
  const bool known = !a->python.empty() && !b->python.empty();
  items.push_back({kPython, Layer::framework, "Python", python_text(*a), python_text(*b),
                   known ? equality(a->python == b->python) : ItemState::unknown, false});
}

void add_framework_items(const Sides& sides, std::vector<ControlItem>& items) {
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  if (a.framework.empty() && b.framework.empty()) return;
  if (a.framework.empty() || b.framework.empty()) {
    const auto text = [](const Variant& variant) { return variant.framework.empty() ? "not known" : "known"; };
    items.push_back(
        {"framework", Layer::framework, "what the framework was told", text(a), text(b), ItemState::unknown, false});
    return;
  }
  std::set<std::string> ids;
  for (const Variant* variant : {&a, &b}) {
    for (const auto& [id, fact] : variant->framework) ids.insert(id);
  }
  for (const std::string& id : ids) items.push_back(framework_item(id, a, b));
}

void let_packages_explain(const Sides& sides, std::vector<ControlItem>& items) {
  const ImportedPackages* a = packages_of(*sides.variant_a);
  const ImportedPackages* b = packages_of(*sides.variant_b);
  if (a == nullptr || b == nullptr || changed_packages(sides).empty()) return;
  std::set<std::string> owned;  // titles of libraries of packages that have changed
  for (const ImportedPackages* each : {a, b}) {
    for (const auto& [path, package] : each->libraries) {
      if (is_changed(*a, *b, package)) owned.insert(library_item_title(path));
    }
  }
  const std::set<std::string> modules = modules_of_python(sides);
  std::size_t loaded_a = 0, loaded_b = 0;
  const auto is_explained = [&](const ControlItem& item) {
    const bool open = item.state == ItemState::different || item.state == ItemState::unknown;
    if (!open || !item.id.starts_with("library.")) return false;
    const bool is_on_one_side = item.a == kNotLoaded || item.b == kNotLoaded;
    if (!owned.contains(item.title) && !(is_on_one_side && modules.contains(item.title))) return false;
    loaded_a += item.a != kNotLoaded ? 1 : 0;
    loaded_b += item.b != kNotLoaded ? 1 : 0;
    return true;
  };
  std::erase_if(items, is_explained);
  for (ControlItem& item : items) {
    const bool open = item.state == ItemState::different || item.state == ItemState::unknown;
    if (open && item.id.starts_with(kFramework) && is_of_the_build(item.id)) item.state = ItemState::follows;
  }
  if (loaded_a + loaded_b == 0) return;
  const auto packages = std::find_if(items.begin(), items.end(), [](const auto& item) { return item.id == kPackages; });
  items.insert(packages + 1,
               {"packages.libraries", Layer::framework, "libraries of its packages", fmt::format("{} loaded", loaded_a),
                fmt::format("{} loaded", loaded_b), ItemState::follows, false});
}

}  // namespace varve
