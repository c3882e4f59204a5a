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
// The row of a library that a wheel of this name holds ("nvidia-cublas-cu12"), or that is called so ("cublas").
const LibraryRow* row_of_component(const std::string& name) {
  for (const LibraryRow& row : libraries()) {
    for (const LibraryName& each : row.sonames) {
      if (each.package == name) return &row;
    }
  }
  return library_of("lib" + name);
}

// What more than one of the components is called without its CUDA.
std::set<std::string> names_of_several(const std::vector<Component>& components) {
  std::set<std::string> names, several;
  for (const Component& component : components) {
    const std::string name = name_without_cuda(to_lower(component.name));
    if (!names.insert(name).second) several.insert(name);
  }
  return several;
}

struct ComponentPair {
  const Component* a = nullptr;
  const Component* b = nullptr;
  const Component& any() const { return a != nullptr ? *a : *b; }
  std::string version(const Component* side) const { return side == nullptr ? std::string() : side->version; }
  bool differs() const { return a == nullptr || b == nullptr || a->version != b->version; }
};
using ComponentPairs = std::map<std::string, ComponentPair>;

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

std::string name_without_cuda(const std::string& name) {
  const std::size_t at = name.rfind("-cu");
  const bool is_suffix = at != std::string::npos && at + 3 < name.size() &&
                         name.find_first_not_of("0123456789", at + 3) == std::string::npos;
  return is_suffix ? name.substr(0, at) : name;
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
  const bool is_ground = component.name == kDistribution || component.name == kCLibrary;
  return is_ground ? 6 : 5;
}

Bundle bundle_of(const std::string& item, const std::vector<Component>& a, const std::vector<Component>& b) {
  ComponentPairs by_name;
  const std::set<std::string> twice_a = names_of_several(a), twice_b = names_of_several(b);
  const auto key_of = [&](const Component& component) {
    const std::string name = to_lower(component.name), plain = name_without_cuda(name);
    return twice_a.contains(plain) || twice_b.contains(plain) ? name : plain;
  };
  for (const Component& component : a) by_name[key_of(component)].a = &component;
  for (const Component& component : b) by_name[key_of(component)].b = &component;
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
