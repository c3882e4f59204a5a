#include "rules/situation/bringing_wheel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
std::string faulty_package(const ConsumerView& view, const std::string& name, FileFaultKind kind) {
  if (view.environment == nullptr) return {};
  for (const FileFault& fault : view.environment->file_faults) {
    if (fault.kind == kind && base_name(fault.path) == name && !fault.packages.empty()) return fault.packages.front();
  }
  return {};
}
}  // namespace

std::string listing_package(const ConsumerView& view, const std::string& name) {
  return faulty_package(view, name, FileFaultKind::missing);
}

namespace {
// The CUDA that a consumer is of: that of its package, else that of the runtime that it lacks, else the only one that
// names which it lacks are of.
std::optional<int> cuda_of(const ConsumerView& view, const LibraryIndex& index, const std::vector<std::string>& names) {
  std::vector<int> majors = view.package == nullptr ? std::vector<int>{} : cuda_majors(view.package->cuda);
  if (majors.empty()) {
    for (const std::string& name : names) {
      const std::optional<int> major = index.cuda_major(name);
      if (major && library_words(name).stem == "cudart") return major;
      if (major && std::find(majors.begin(), majors.end(), *major) == majors.end()) majors.push_back(*major);
    }
  }
  return majors.size() == 1 ? std::optional(majors[0]) : std::nullopt;
}

std::string installed_wheel(const ConsumerView& view, const LibraryIndex& index, const std::string& wheel,
                            const std::string& version, const std::string& name) {
  const auto& same = index.with_stem(library_words(name).stem);
  const bool holds = std::any_of(same.begin(), same.end(), [&](const Binary* binary) {
    return binary->environment == view.environment->path && binary->package == wheel &&
           (base_name(binary->path) == name || binary->soname == name);
  });
  return fmt::format("{} {} is installed and {}", wheel, version,
                     holds ? "holds it, where nothing looks for it" : "does not bring it");
}

std::string bringing_wheel(const ConsumerView& view, const LibraryIndex& index, const std::string& name,
                           std::optional<int> cuda_major) {
  const std::string listed = listing_package(view, name);
  if (!listed.empty()) return listed + " lists it: install it again";
  // It is there and is not what was installed, and the loader takes it for none of this name: cut short, say.
  const std::string replaced = faulty_package(view, name, FileFaultKind::replaced);
  if (!replaced.empty()) return replaced + " lists it, and what is there is not what it installed: install it again";
  std::vector<std::string> wheels = index.wheels_with(name);
  if (view.environment != nullptr) {
    for (const Package& package : view.environment->packages) {
      for (const Requirement& wanted : package.requirements) {
        if (std::find(wheels.begin(), wheels.end(), wanted.name) == wheels.end()) continue;
        if (!wanted.installed.empty()) return installed_wheel(view, index, wanted.name, wanted.installed, name);
        return fmt::format("{}{} would bring it, which {} asks for and which is not installed", wanted.name,
                           wanted.specifier, package.name);
      }
    }
  }
  for (const std::string& wheel : wheels) {
    const Package* there = view.environment == nullptr ? nullptr : find_package(*view.environment, wheel);
    if (there != nullptr) return installed_wheel(view, index, wheel, there->version, name);
  }
  if (cuda_major) wheels = index.wheels_with(name, *cuda_major);
  return wheels.empty() ? std::string() : join(wheels, " or ") + " would bring it";
}
}  // namespace

std::string bringing_wheels(const ConsumerView& view, const LibraryIndex& index,
                            const std::vector<std::string>& names) {
  constexpr std::string_view kBrings = " would bring it";
  constexpr std::size_t kMostWheels = 4;
  const std::optional<int> cuda_major = cuda_of(view, index, names);
  std::vector<std::string> wheels;
  std::size_t brought = 0;
  for (const std::string& name : names) {
    std::string text = bringing_wheel(view, index, name, cuda_major);
    if (!text.ends_with(kBrings) || text.find(" or ") != std::string::npos) continue;
    ++brought;
    text.resize(text.size() - kBrings.size());
    if (std::find(wheels.begin(), wheels.end(), text) == wheels.end()) wheels.push_back(std::move(text));
  }
  if (wheels.size() < 2) {
    return names.empty() ? std::string() : bringing_wheel(view, index, names.front(), cuda_major);
  }
  const std::string whom = brought == names.size() ? "them" : std::to_string(brought) + " of them";
  return and_more(wheels, kMostWheels) + " would bring " + whom;
}

}  // namespace varve
