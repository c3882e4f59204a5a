#include "compare/items/component_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "compare/items/bundles.h"
#include "model/answers/stack_components.h"
#include "tables/libraries.h"

namespace varve {

namespace {
std::string name_without_cuda(const std::string& name) {
  const std::size_t at = name.rfind("-cu");
  if (at == std::string::npos) return name;
  std::string_view release = std::string_view(name).substr(at + 3);
  if (release.starts_with("da") && release.ends_with('x')) release = release.substr(2, release.size() - 3);
  const bool is_suffix = !release.empty() && release.find_first_not_of("0123456789") == std::string_view::npos;
  return is_suffix ? name.substr(0, at) : name;
}

// The row of a library that a wheel of this name holds ("nvidia-cublas-cu12"), or that is called so ("cublas").
const LibraryRow* row_of_component(const std::string& name) {
  for (const LibraryRow& row : libraries()) {
    for (const LibraryName& each : row.sonames) {
      if (each.package == name) return &row;
    }
  }
  return library_of("lib" + name);
}

struct ComponentPair {
  const Component* a = nullptr;
  const Component* b = nullptr;
  const Component& any() const { return a != nullptr ? *a : *b; }
  std::string version(const Component* side) const {
    if (side == nullptr) return {};
    const Component* other = side == a ? b : a;
    return other == nullptr ? side->version : version_beside(side->name, side->version, other->name, other->version);
  }
  bool differs() const { return version(a) != version(b); }
};
using ComponentPairs = std::map<std::string, ComponentPair>;

std::vector<std::string> names_of(const std::vector<Component>& components) {
  std::vector<std::string> names;
  for (const Component& component : components) names.push_back(component.name);
  return names;
}

// A wheel that is called after another CUDA ("nvidia-cublas-cu12", "nvidia-cublas") goes by what both names share.
std::string shown_name(const std::string& key, const ComponentPair& pair) {
  const bool renamed = pair.a != nullptr && pair.b != nullptr && pair.a->name != pair.b->name;
  return renamed ? key : pair.any().name;
}

// Who asks for it, and for that one, up to one that none of these asks for; itself where that leads round.
std::string first_asker(const std::string& key, const ComponentPairs& pairs) {
  std::string at = key;
  for (std::size_t steps = 0; steps < pairs.size(); ++steps) {
    const ComponentPair& pair = pairs.at(at);
    std::string next;
    for (const Component* side : {pair.a, pair.b}) {
      if (side == nullptr || side->because.empty()) continue;
      const std::string name = to_lower(side->because);
      for (const std::string& each : {name, name_without_cuda(name)}) {
        if (next.empty() && each != at && pairs.contains(each)) next = each;
      }
    }
    if (next.empty()) return at;
    at = next;
  }
  return key;
}
}  // namespace

ComponentNames::ComponentNames(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (const std::vector<std::string>* side : {&a, &b}) {
    std::set<std::string> names;
    for (const std::string& name : *side) {
      const std::string plain = name_without_cuda(to_lower(name));
      if (!names.insert(plain).second) several_.insert(plain);
    }
  }
}

std::string ComponentNames::of(const std::string& name) const {
  const std::string own = to_lower(name), plain = name_without_cuda(own);
  return several_.contains(plain) ? own : plain;
}

std::string version_beside(const std::string& name, const std::string& version, const std::string& other_name,
                           const std::string& other_version) {
  const bool other_build = version == other_version && to_lower(name) != to_lower(other_name);
  return other_build ? fmt::format("{} ({})", version, name) : version;
}

int changed_part(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return 0;
  int part = 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i) part += a[i] == '.' ? 1 : 0;
  return part;
}

int rank_of(const Component& component) {
  switch (component.role) {
    case PackageRole::framework:
      return 0;
    case PackageRole::extension:
      return 1;
    case PackageRole::runtime: {
      const LibraryRow* row = row_of_component(to_lower(component.name));
      return row != nullptr && row->layer == Layer::kernel_library ? 2 : 3;
    }
    case PackageRole::compiler:
      return 4;
    case PackageRole::library:
      break;
  }
  if (component.name == "Python") return 1;
  const bool is_ground = component.name == kDistribution || component.name == kCLibrary;
  return is_ground ? 6 : 5;
}

Bundle bundle_of(const std::string& item, const std::vector<Component>& a, const std::vector<Component>& b) {
  ComponentPairs by_name;
  const ComponentNames common(names_of(a), names_of(b));
  for (const Component& component : a) by_name[common.of(component.name)].a = &component;
  for (const Component& component : b) by_name[common.of(component.name)].b = &component;
  std::erase_if(by_name, [](const auto& entry) { return !entry.second.differs(); });
  std::vector<std::pair<std::tuple<int, int, std::string>, BundleMember>> members;
  for (const auto& [name, pair] : by_name) {
    BundleMember member{shown_name(name, pair), pair.version(pair.a), pair.version(pair.b), ""};
    if (const std::string asker = first_asker(name, by_name); asker != name) {
      member.because = shown_name(asker, by_name.at(asker));
    }
    const int part = changed_part(member.a, member.b);
    members.push_back({{rank_of(pair.any()), part, name}, std::move(member)});
  }
  std::sort(members.begin(), members.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  Bundle bundle{.item = item, .title = {}, .members = {}};
  for (auto& [order, member] : members) bundle.members.push_back(std::move(member));
  return bundle;
}

std::string title_of_images(const std::string& a, const std::string& b, const Bundle& bundle) {
  const auto brief = [](const std::string& reference) {
    for (const std::string_view start : {"oci:", "oci-archive:", "docker-archive:", "/", ".", "~"}) {
      if (reference.starts_with(start)) return file_name(reference.substr(start.size() > 1 ? start.size() : 0));
    }
    return reference;
  };
  const std::string title = fmt::format("image {} → {}", brief(a), brief(b));
  if (!bundle.unknown.empty()) return title;
  if (bundle.members.empty()) return title + " (nothing that is known differs in it)";
  const std::string more = bundle.members.size() == 1 ? "" : fmt::format(" and {} more", bundle.members.size() - 1);
  return fmt::format("{} ({}{})", title, member_text(bundle.members.front()), more);
}

}  // namespace varve
