#include "rules/software/package_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/software/library_facts.h"

namespace varve {

namespace {
constexpr std::size_t kFilesTold = 4;

std::string files_text(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(paths.size(), kFilesTold); ++i) names.push_back(base_name(paths[i]));
  std::string text = join(names, ", ");
  if (paths.size() > names.size()) text += fmt::format(" and {} more", paths.size() - names.size());
  return text;
}

// "nvidia-nccl-cu11 2.14.3" → "nvidia-nccl-cu11"
std::string name_of(const std::string& labelled) { return labelled.substr(0, labelled.find(' ')); }

std::optional<PackageRole> role_of(const Environment& environment, const std::string& labelled) {
  const Package* package = find_package(environment, name_of(labelled));
  return package == nullptr ? std::nullopt : std::optional(package->role);
}

// A later release of the same major version where one release was asked for: people do that on purpose.
bool is_later_of_same_major(const Requirement& requirement) {
  if (!requirement.specifier.starts_with("==")) return false;
  const auto wanted = dotted_version_from(std::string_view(requirement.specifier).substr(2));
  const auto there = dotted_version_from(requirement.installed);
  return wanted && there && wanted->major() == there->major() && *wanted < *there;
}

struct Unmet {
  std::vector<std::string> texts;
  bool serious = false;
};

Unmet unmet_of(const Environment& environment, const Package& package, bool of_frameworks) {
  Unmet unmet;
  for (const Requirement& requirement : package.requirements) {
    if (requirement.installed.empty()) continue;  // a library that is not found says so itself
    const Package* there = find_package(environment, requirement.name);
    const bool is_framework =
        there == nullptr ? package.role == PackageRole::extension : there->role != PackageRole::runtime;
    if (is_framework != of_frameworks) continue;
    const std::optional<bool> met = meets_specifier(requirement.installed, requirement.specifier);
    if (!met || *met) continue;
    unmet.texts.push_back(requirement.name + requirement.specifier + " (there: " + requirement.installed + ")");
    unmet.serious = unmet.serious || of_frameworks || !is_later_of_same_major(requirement);
  }
  return unmet;
}
}  // namespace

std::vector<Found> unmet_requirements(const Situation& situation, bool of_frameworks) {
  std::vector<Found> found;
  for (const Environment& environment : situation.subject.environments) {
    for (const Package& package : environment.packages) {
      const Unmet unmet = unmet_of(environment, package, of_frameworks);
      if (unmet.texts.empty()) continue;
      found.push_back({.evidence = fmt::format("{} {} in {} asks for {}", package.name, package.version,
                                               environment.path, join(unmet.texts, ", "))});
      if (!unmet.serious) found.back().severity = Severity::note;
    }
  }
  return found;
}

std::vector<Found> overwritten_files(const Situation& situation, bool of_frameworks) {
  std::vector<Found> found;
  for (const Environment& environment : situation.subject.environments) {
    std::map<std::vector<std::string>, std::vector<const FileFault*>> by_packages;
    for (const FileFault& fault : environment.file_faults) {
      if (fault.kind == FileFaultKind::overwritten) by_packages[fault.packages].push_back(&fault);
    }
    for (const auto& [packages, faults] : by_packages) {
      const bool frameworks = std::any_of(packages.begin(), packages.end(), [&](const std::string& package) {
        return role_of(environment, package) == PackageRole::framework;
      });
      if (frameworks != of_frameworks) continue;
      std::vector<std::string> paths;
      std::set<std::string> owners;
      for (const FileFault* fault : faults) {
        paths.push_back(fault->path);
        if (!fault->owner.empty()) owners.insert(fault->owner);
      }
      const std::string there = owners.empty()
                                    ? "whose is there cannot be told by the sizes"
                                    : "there is what " + join({owners.begin(), owners.end()}, " and ") + " wrote";
      found.push_back({.evidence = fmt::format("{} both write {} in {}; {}", join(packages, " and "), files_text(paths),
                                               environment.path, there)});
    }
  }
  return found;
}

std::vector<Found> replaced_files(const Situation& situation) {
  std::vector<Found> found;
  for (const Environment& environment : situation.subject.environments) {
    std::map<std::pair<std::string, FileFaultKind>, std::vector<std::string>> by_package;
    for (const FileFault& fault : environment.file_faults) {
      if (fault.kind == FileFaultKind::overwritten || fault.packages.empty()) continue;
      by_package[{fault.packages.front(), fault.kind}].push_back(fault.path);
    }
    for (const auto& [key, paths] : by_package) {
      const auto& [package, kind] = key;
      const auto of_package = std::count_if(situation.subject.binaries.begin(), situation.subject.binaries.end(),
                                            [&, name = name_of(package)](const Binary& binary) {
                                              return binary.environment == environment.path && binary.package == name;
                                            });
      // Whoever strips a whole image changes all files of a package; one that differs was put there.
      const bool some = kind == FileFaultKind::replaced && role_of(environment, package) == PackageRole::runtime &&
                        static_cast<std::int64_t>(paths.size()) < of_package;
      found.push_back(
          {.evidence = fmt::format("{} in {} installed files that are {}: {}", package, environment.path,
                                   kind == FileFaultKind::missing ? "not there" : "not of the size that was installed",
                                   files_text(paths)),
           .severity = some ? Severity::warning : Severity::note});
    }
  }
  return found;
}

}  // namespace varve
