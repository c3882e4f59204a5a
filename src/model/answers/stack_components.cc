#include "model/answers/stack_components.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace varve {

namespace {
// By name: the version of the first of that name, and those beside it that are of another.
class ComponentList {
 public:
  void add(Component component, const std::string& where) {
    const auto known = versions_.find(component.name);
    if (known != versions_.end() && known->second == component.version) return;
    if (known != versions_.end()) component.name += " in " + where;
    versions_.emplace(component.name, component.version);
    components_.push_back(std::move(component));
  }

  std::vector<Component> in_order() && {
    std::stable_sort(components_.begin(), components_.end(),
                     [](const Component& left, const Component& right) { return left.role < right.role; });
    return std::move(components_);
  }

 private:
  std::map<std::string, std::string> versions_;
  std::vector<Component> components_;
};

// Libraries of a CUDA stack that no package and no toolkit brought.
void add_loose_libraries(const Stack& stack, ComponentList& list) {
  for (const Binary& binary : stack.binaries) {
    if (!binary.environment.empty() || !binary.package.empty() || !binary.version.is_known()) continue;
    list.add({component_of_library(binary.path), value_text(*binary.version.value), PackageRole::runtime},
             binary.path.substr(0, binary.path.rfind('/')));
  }
}

void add_distribution(const Stack& stack, ComponentList& list) {
  const auto release = stack.facts.find("os.name");
  if (release != stack.facts.end() && release->second.is_known()) {
    list.add({kDistribution, value_text(*release->second.value)}, "");
  }
  const auto library = stack.facts.find("os.libc");
  if (library != stack.facts.end() && library->second.is_known()) {
    list.add({kCLibrary, value_text(*library->second.value)}, "");
  }
}

PackageRole role_of_part(const std::string& name) {
  static const std::set<std::string> kCompilers = {"nvcc", "ptxas",    "nvrtc",   "nvjitlink",
                                                   "nvvm", "nvfatbin", "tileiras"};
  return kCompilers.contains(to_lower(name)) ? PackageRole::compiler : PackageRole::runtime;
}

bool is_of_another_installer(const std::string& name) {
  return name == "nvidia_driver" || name == "fabricmanager" || name == "nvidia_fs" || name == "imex";
}
}  // namespace

std::string component_of_library(const std::string& path) {
  std::string name(file_name(path));
  name = name.substr(0, name.find(".so"));
  return name.starts_with("lib") ? name.substr(3) : name;
}

std::vector<Component> components_of(const Environment& environment) {
  std::map<std::string, std::string> because;
  for (const bool framework : {true, false}) {  // a library that a framework asks for came along with that
    for (const Package& package : environment.packages) {
      if ((package.role == PackageRole::framework) != framework) continue;
      for (const Requirement& wanted : package.requirements) because.emplace(to_lower(wanted.name), package.name);
    }
  }
  std::vector<Component> components;
  for (const Package& package : environment.packages) {
    const auto asked = because.find(to_lower(package.name));
    components.push_back(
        {package.name, package.version, package.role, asked == because.end() ? std::string() : asked->second});
  }
  if (!components.empty() && environment.python.is_known()) {
    components.push_back({"Python", value_text(*environment.python.value)});
  }
  return components;
}

std::vector<Component> components_of(const Toolkit& toolkit, const std::vector<Binary>& binaries) {
  std::vector<Component> components;
  if (toolkit.nvcc.is_known()) components.push_back({"nvcc", value_text(*toolkit.nvcc.value), PackageRole::compiler});
  for (const auto& [name, version] : toolkit.components) {
    if (name == "nvcc" || is_of_another_installer(name)) continue;
    components.push_back({name, version, role_of_part(name)});
  }
  std::map<std::size_t, std::vector<const Binary*>> by_length;  // libnvrtc before libnvrtc-builtins
  for (const Binary& binary : binaries) {
    if (binary.environment != toolkit.path || !binary.version.is_known()) continue;
    by_length[component_of_library(binary.path).size()].push_back(&binary);
  }
  for (const auto& [length, alike] : by_length) {
    for (const Binary* binary : alike) {
      const std::string name = component_of_library(binary->path);
      // libcublasLt is a part of cublas.
      const bool told = std::any_of(components.begin(), components.end(), [&](const Component& component) {
        return to_lower(name).starts_with(to_lower(component.name));
      });
      if (!told) components.push_back({name, value_text(*binary->version.value), role_of_part(name)});
    }
  }
  return components;
}

std::vector<Component> components_of(const Stack& stack) {
  ComponentList list;
  for (const Environment& environment : stack.environments) {
    for (Component& component : components_of(environment)) list.add(std::move(component), environment.path);
  }
  for (const Toolkit& toolkit : stack.toolkits) {
    constexpr const char* kName = "CUDA toolkit";
    if (toolkit.version.is_known()) {
      list.add({kName, value_text(*toolkit.version.value), PackageRole::compiler}, toolkit.path);
    }
    std::vector<Component> parts = components_of(toolkit, stack.binaries);
    for (Component& part : parts) {
      part.because = kName;
      list.add(std::move(part), toolkit.path);
    }
  }
  add_loose_libraries(stack, list);
  add_distribution(stack, list);
  return std::move(list).in_order();
}

}  // namespace varve
