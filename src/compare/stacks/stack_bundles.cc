#include "compare/stacks/stack_bundles.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "compare/items/bundles.h"
#include "compare/items/component_bundle.h"
#include "model/answers/stack_components.h"

namespace varve {

namespace {
// "pytorch:2.4", else the file that was captured.
std::string name_of_image(const Stack& stack) {
  constexpr std::string_view kStart = "image ";
  if (!stack.image->name.empty()) return stack.image->name;
  return stack.subject.starts_with(kStart) ? stack.subject.substr(kStart.size()) : stack.subject;
}

const Toolkit* active_toolkit(const Stack& stack) {
  const auto active = stack.facts.find("toolkit.active");
  if (active == stack.facts.end() || !active->second.is_known()) return nullptr;
  const std::string path = value_text(*active->second.value);
  const auto at = std::find_if(stack.toolkits.begin(), stack.toolkits.end(),
                               [&](const Toolkit& toolkit) { return toolkit.path == path; });
  return at == stack.toolkits.end() ? nullptr : &*at;
}

void add_toolkit(const Stack& a, const Stack& b, std::vector<Bundle>& bundles) {
  const Toolkit *of_a = active_toolkit(a), *of_b = active_toolkit(b);
  if (of_a == nullptr || of_b == nullptr) return;
  Bundle bundle = bundle_of("toolkit.nvcc.version", components_of(*of_a, a.binaries), components_of(*of_b, b.binaries));
  if (bundle.members.empty()) return;
  bundle.title = fmt::format("CUDA toolkit {} → {}", fact_text(of_a->version), fact_text(of_b->version));
  bundles.push_back(std::move(bundle));
}

// Of lists that may name a part only what is known to differ.
void add_packages(const EnvironmentPair& pair, const StackComparison& comparison, std::vector<Bundle>& bundles) {
  if (pair.a == nullptr) return;
  std::set<std::string> changed = {"python"};
  for (const PackageItem& package : comparison.packages) {
    if (package.state == ItemState::different) changed.insert(to_lower(package.name));
  }
  Bundle bundle = bundle_of("packages", components_of(*pair.a), components_of(*pair.b));
  std::erase_if(bundle.members, [&](const BundleMember& member) {
    const bool one_sided_python = member.name == "Python" && (member.a.empty() || member.b.empty());
    return one_sided_python || !changed.contains(to_lower(member.name));
  });
  for (BundleMember& member : bundle.members) {
    if (!changed.contains(to_lower(member.because))) member.because.clear();
  }
  if (bundle.members.size() < 2) return;
  bundle.title = title_of_packages(bundle.members);
  bundles.push_back(std::move(bundle));
}
}  // namespace

std::vector<Bundle> find_stack_bundles(const Stack& a, const Stack& b, const EnvironmentPair& pair,
                                       const StackComparison& comparison) {
  std::vector<Bundle> bundles;
  if (a.image && b.image) {
    Bundle bundle = bundle_of("image", components_of(a), components_of(b));
    bundle.title = title_of_images(name_of_image(a), name_of_image(b), bundle);
    if (!bundle.members.empty()) bundles.push_back(std::move(bundle));
    return bundles;
  }
  std::vector<ControlItem> items = comparison.items;
  if (std::optional<Bundle> driver = find_driver_bundle(items)) bundles.push_back(std::move(*driver));
  add_toolkit(a, b, bundles);
  add_packages(pair, comparison, bundles);
  return bundles;
}

}  // namespace varve
