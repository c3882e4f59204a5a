// Packages that were installed side by side.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/situation/overwritten_files.h"
#include "rules/situation/package_row.h"
#include "rules/software/listed_packages.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
constexpr const char* kPackaging = "Python packaging specifications: Recording installed projects, Version specifiers";

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

// What others load or start and that decides nothing for a framework: NVIDIA's libraries, and the compilers of its
// toolkit, of which a later release takes what an older one does.
bool is_of_toolkit(const Package& package) {
  const PackageRow* row = row_of(package);
  return package.role == PackageRole::runtime || (row != nullptr && row->version_is_cuda);
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
    const bool is_framework = there == nullptr ? package.role == PackageRole::extension : !is_of_toolkit(*there);
    if (is_framework != of_frameworks) continue;
    const std::optional<bool> met = meets_specifier(requirement.installed, requirement.specifier);
    if (!met || *met) continue;
    unmet.texts.push_back(requirement.name + requirement.specifier + " (there: " + requirement.installed + ")");
    unmet.serious = unmet.serious || of_frameworks || !is_later_of_same_major(requirement);
  }
  return unmet;
}

// Versions that packages ask for and do not get, one finding a package. `of_frameworks`: of frameworks, extensions and
// compilers; else of packages with nothing but libraries.
std::vector<Found> unmet_requirements(const Analysis& analysis, bool of_frameworks) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
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

// Files that two packages wrote. `of_frameworks`: two distributions of a framework; else libraries.
std::vector<Found> files_written_twice(const Analysis& analysis, bool of_frameworks) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    for (const OverwrittenFiles& files : overwritten_files(environment)) {
      const bool frameworks = std::any_of(files.packages.begin(), files.packages.end(), [&](const std::string& label) {
        return role_of(environment, label) == PackageRole::framework;
      });
      if (frameworks != of_frameworks) continue;
      const std::string there =
          files.owners.empty()
              ? "whose is there cannot be told by the sizes"
              : "there is what " + join({files.owners.begin(), files.owners.end()}, " and ") + " wrote";
      found.push_back({.evidence = fmt::format("{} both write {} in {}; {}", join(files.packages, " and "),
                                               files.names(), environment.path, there)});
    }
  }
  return found;
}

std::vector<Found> replaced_files(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    std::map<std::pair<std::string, FileFaultKind>, std::vector<std::string>> by_package;  // names
    for (const FileFault& fault : environment.file_faults) {
      if (fault.kind == FileFaultKind::overwritten || fault.packages.empty()) continue;
      by_package[{fault.packages.front(), fault.kind}].push_back(base_name(fault.path));
    }
    for (const auto& [key, names] : by_package) {
      const auto& [package, kind] = key;
      const auto of_package = std::count_if(analysis.subject.binaries.begin(), analysis.subject.binaries.end(),
                                            [&, name = name_of(package)](const Binary& binary) {
                                              return binary.environment == environment.path && binary.package == name;
                                            });
      // Whoever strips a whole image changes all files of a package; one that differs was put there.
      const bool some = kind == FileFaultKind::replaced && role_of(environment, package) == PackageRole::runtime &&
                        static_cast<std::int64_t>(names.size()) < of_package;
      found.push_back(
          {.evidence = fmt::format("{} in {} installed files that are {}: {}", package, environment.path,
                                   kind == FileFaultKind::missing ? "not there" : "not of the size that was installed",
                                   and_more(names, kFilesTold)),
           .severity = some ? Severity::warning : Severity::note});
    }
  }
  return found;
}

// Distributions that write one folder, where no file tells who wrote last. conda's are parts of one that is split.
std::vector<Found> frameworks_of_one_folder(const Environment& environment) {
  std::map<std::string, std::map<std::string, std::string>> by_folder;
  for (const Package& package : environment.packages) {
    const PackageRow* row = row_of(package);
    const bool is_one = row != nullptr && package.role == PackageRole::framework && !row->folders.empty();
    if (is_one && !package.is_of_conda()) {
      by_folder[row->folders.front()][package.name] = package.name + " " + package.version;
    }
  }
  std::vector<Found> found;
  for (const auto& [folder, packages] : by_folder) {
    if (packages.size() < 2) continue;
    std::vector<std::string> texts;
    for (const auto& entry : packages) texts.push_back(entry.second);
    found.push_back({.evidence = fmt::format("{} write the folder {} in {}; whose files are there is not told",
                                             join(texts, " and "), folder, environment.path)});
  }
  return found;
}

std::vector<Found> frameworks_twice(const Analysis& analysis) {
  std::vector<Found> found = files_written_twice(analysis, true);
  for (const Environment& environment : analysis.subject.environments) {
    if (is_a_list(environment)) {
      for (Found& one : frameworks_of_one_folder(environment)) found.push_back(std::move(one));
    }
    std::map<const PackageRow*, std::vector<const Package*>> by_row;
    for (const Package& package : environment.packages) {
      const PackageRow* row = row_of(package);
      if (row == nullptr || package.role != PackageRole::framework || row->name.find('*') != std::string::npos)
        continue;
      by_row[row].push_back(&package);
    }
    for (const auto& [row, packages] : by_row) {
      std::set<std::string> versions;
      std::vector<std::string> texts;
      for (const Package* package : packages) {
        if (!versions.insert(package->version).second) continue;
        const std::string installer = package->installer.empty() ? std::string() : " by " + package->installer;
        texts.push_back(package->name + " " + package->version + installer);
      }
      if (texts.size() < 2) continue;
      found.push_back({.evidence = fmt::format("{} holds {}", environment.path, join(texts, " and "))});
    }
  }
  return found;
}

std::vector<Found> both(std::vector<Found> found, std::vector<Found> more) {
  std::move(more.begin(), more.end(), std::back_inserter(found));
  return found;
}

std::vector<Found> unmet_library_pins(const Analysis& analysis) {
  return both(both(unmet_requirements(analysis, false), listed_library_pins(analysis)), listed_host_cuda(analysis));
}
std::vector<Found> unmet_framework_pins(const Analysis& analysis) {
  return both(unmet_requirements(analysis, true), listed_framework_pins(analysis));
}
std::vector<Found> overwritten_libraries(const Analysis& analysis) {
  return both(files_written_twice(analysis, false), listed_twice(analysis));
}
}  // namespace

const std::vector<Rule>& package_mix_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-LIBRARY-OVERWRITTEN",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "No two packages of an environment write the same library",
       .consequence = "The one that was installed last is what everybody gets, whatever version the other package "
                      "claims; removing either takes the file away from both",
       .fix = "Remove both packages and install the one that the framework asks for again",
       .source = kPackaging,
       .judge = overwritten_libraries},
      {.id = "VRV-LIBRARY-PIN",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "The libraries that a package asks for are there in a version that it accepts",
       .consequence = "It runs with libraries that it was not tested with; an older one may lack symbols or kernels",
       .fix =
           "Let the installer put the versions back: pip install again the framework, or pip check for the whole list",
       .source = kPackaging,
       .judge = unmet_library_pins},
      {.id = "VRV-LIBRARY-REPLACED",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "Libraries are the files that their packages installed",
       .consequence =
           "What the package's version says does not hold for them; parts of one library may be of several releases",
       .fix = "Install the package again, unless the change is wanted (stripped or trimmed images)",
       .source = kPackaging,
       .judge = replaced_files},
      {.id = "VRV-FRAMEWORK-PIN",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "Frameworks, extensions, plugins and compilers are there in versions that accept each other",
       .consequence = "Compiled parts fail to load or are passed over (JAX ignores a plugin of another version), often "
                      "without an error",
       .fix = "Install them together in one command, so that the installer picks versions that fit; pip check lists "
              "the rest",
       .source = "Python packaging specifications, Version specifiers; JAX documentation, Installation",
       .judge = unmet_framework_pins},
      {.id = "VRV-FRAMEWORK-NO-WHEEL",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "Of what an installer was asked for there are wheels for this Python",
       .consequence = "pip finds no matching distribution, takes another release, or builds it from its source",
       .fix = "Make an environment with a Python that the release has wheels for, or take a release for this one",
       .source = "Python packaging specifications, Platform compatibility tags; file lists of the package index",
       .judge = listed_without_wheel},
      {.id = "VRV-FRAMEWORK-TWICE",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "A framework is installed once in an environment",
       .consequence = "Both write the same folder: what runs is a mixture, often the CPU build over the GPU build",
       .fix = "Remove all distributions of it, then install the one that is wanted",
       .source = "Python packaging specifications, Recording installed projects; ONNX Runtime documentation, Install: "
                 "only one of its packages at a time",
       .judge = frameworks_twice},
  };
  return rules;
}

}  // namespace varve
