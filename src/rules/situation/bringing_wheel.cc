#include "rules/situation/bringing_wheel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace varve {

std::string listing_package(const ConsumerView& view, const std::string& name) {
  if (view.environment == nullptr) return {};
  for (const FileFault& fault : view.environment->file_faults) {
    if (fault.kind == FileFaultKind::missing && base_name(fault.path) == name && !fault.packages.empty()) {
      return fault.packages.front();
    }
  }
  return {};
}

std::string bringing_wheel(const ConsumerView& view, const LibraryIndex& index, const std::string& name) {
  const std::string listed = listing_package(view, name);
  if (!listed.empty()) return listed + " lists it: install it again";
  std::vector<std::string> wheels = index.wheels_with(name);
  if (view.environment != nullptr) {
    for (const Package& package : view.environment->packages) {
      for (const Requirement& wanted : package.requirements) {
        if (std::find(wheels.begin(), wheels.end(), wanted.name) == wheels.end()) continue;
        if (!wanted.installed.empty()) {
          const auto& same = index.with_stem(library_words(name).stem);
          const bool holds = std::any_of(same.begin(), same.end(), [&](const Binary* binary) {
            return binary->environment == view.environment->path && binary->package == wanted.name &&
                   (base_name(binary->path) == name || binary->soname == name);
          });
          return fmt::format("{} {} is installed and {}", wanted.name, wanted.installed,
                             holds ? "holds it, where nothing looks for it" : "does not bring it");
        }
        return fmt::format("{}{} would bring it, which {} asks for and which is not installed", wanted.name,
                           wanted.specifier, package.name);
      }
    }
  }
  const std::vector<int> majors = view.package == nullptr ? std::vector<int>{} : cuda_majors(view.package->cuda);
  if (wheels.size() > 1 && majors.size() == 1) {
    const std::string suffix = "-cu" + std::to_string(majors[0]);
    const auto of_major =
        std::find_if(wheels.begin(), wheels.end(), [&](const std::string& wheel) { return wheel.ends_with(suffix); });
    if (of_major != wheels.end()) wheels = {*of_major};
  }
  return wheels.empty() ? std::string() : join(wheels, " or ") + " would bring it";
}

std::string bringing_wheels(const ConsumerView& view, const LibraryIndex& index,
                            const std::vector<std::string>& names) {
  constexpr std::string_view kBrings = " would bring it";
  constexpr std::size_t kMostWheels = 4;
  std::vector<std::string> wheels;
  for (const std::string& name : names) {
    std::string text = bringing_wheel(view, index, name);
    if (!text.ends_with(kBrings) || text.find(" or ") != std::string::npos) continue;
    text.resize(text.size() - kBrings.size());
    if (std::find(wheels.begin(), wheels.end(), text) == wheels.end()) wheels.push_back(std::move(text));
  }
  if (wheels.size() < 2) return names.empty() ? std::string() : bringing_wheel(view, index, names.front());
  return and_more(wheels, kMostWheels) + " would bring them";
}

}  // namespace varve
