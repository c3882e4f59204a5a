#include "rules/situation/bringing_wheel.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/situation/consumer_runtimes.h"

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

// The only major version of what own files of the consumer carry, else of what its environment holds.
std::optional<int> major_beside(const ConsumerView& view) {
  std::set<int> majors;
  for (const LibraryView& library : view.libraries) {
    if (library.binary == nullptr || !is_own(view, library)) continue;
    for (const int major : cuda_majors(library.binary->runtime)) majors.insert(major);
  }
  if (majors.empty() && view.environment != nullptr) {
    for (const int major : cuda_majors(view.environment->runtimes)) majors.insert(major);
  }
  return majors.size() == 1 ? std::optional(*majors.begin()) : std::nullopt;
}

// Where a library is wanted of several majors of CUDA, any of them does (coptpy tries libcublas.so.11, .12 and .13):
// the names of the consumer's CUDA, else of what is beside it, else of the newest. Else all names.
std::vector<std::string> of_one_cuda(const ConsumerView& view, const LibraryIndex& index,
                                     const std::vector<std::string>& names) {
  std::map<std::string, std::set<int>> majors;  // by stem
  for (const std::string& name : names) {
    if (const std::optional<int> major = index.cuda_major(name)) majors[library_words(name).stem].insert(*major);
  }
  std::set<int> offered;  // of all that are wanted of several
  for (const auto& entry : majors) {
    if (entry.second.size() > 1) offered.insert(entry.second.begin(), entry.second.end());
  }
  if (offered.empty()) return names;
  std::optional<int> chosen = cuda_of(view, index, names);
  if (!chosen || !offered.contains(*chosen)) chosen = major_beside(view);
  if (!chosen || !offered.contains(*chosen)) chosen = *offered.rbegin();
  std::vector<std::string> kept = names;
  std::erase_if(kept, [&](const std::string& name) { return index.cuda_major(name).value_or(*chosen) != *chosen; });
  // What stood among the names for another CUDA alone, and is wanted of this one too.
  for (const ConsumedLibrary& library : view.consumer.libraries) {
    const std::string stem = library_words(library.name).stem;
    const bool is_kept = std::any_of(kept.begin(), kept.end(),
                                     [&](const std::string& name) { return library_words(name).stem == stem; });
    const bool is_wanted = library.path.empty() && majors.contains(stem) && !is_kept;
    if (is_wanted && index.cuda_major(library.name).value_or(*chosen) == *chosen &&
        !index.wheels_with(library.name, *chosen).empty())
      kept.push_back(library.name);
  }
  return kept;
}
}  // namespace

std::string bringing_wheels(const ConsumerView& view, const LibraryIndex& index,
                            const std::vector<std::string>& all_names) {
  const std::vector<std::string> names = of_one_cuda(view, index, all_names);
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
