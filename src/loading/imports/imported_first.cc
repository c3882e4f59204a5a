#include "loading/imports/imported_first.h"

#include <algorithm>

#include "base/text.h"
#include "loading/python/package_start.h"
#include "model/words/lookup_way.h"

namespace varve {

namespace {
// An extension imports the framework that its package asks for, whether or not its libraries name any of it.
std::vector<std::string> frameworks_asked_for(const EnvironmentGround& here, const Package& package) {
  std::vector<std::string> frameworks;
  for (const Requirement& requirement : package.requirements) {
    const auto held = here.by_package.find(requirement.name);
    if (package.role != PackageRole::extension || held == here.by_package.end() || held->second.empty()) continue;
    if (held->second.front()->role == PackageRole::framework) frameworks.push_back(requirement.name);
  }
  return frameworks;
}

// The package of another framework that holds a library of this name; empty: none.
std::string framework_with(const EnvironmentGround& here, const std::string& name, const std::string& but) {
  const auto [begin, end] = here.held.equal_range(name);
  const auto found = std::find_if(begin, end, [&](const auto& row) {
    return row.second->role == PackageRole::framework && row.second->package != but;
  });
  return found == end ? std::string() : found->second->package;
}
}  // namespace

std::vector<std::string> frameworks_needed(const EnvironmentGround& here, const Package& package,
                                           const std::vector<const HeldLibrary*>& libraries) {
  std::vector<std::string> frameworks = frameworks_asked_for(here, package);
  for (const HeldLibrary* library : libraries) {
    const Result<LoadedSet> alone = start_loaded_set(here.context, library->path);
    if (!alone) continue;
    for (const std::string& name : alone->objects[0].dynamic.needed) {
      const std::string framework = framework_with(here, name, package.name);
      if (framework.empty() || std::find(frameworks.begin(), frameworks.end(), framework) != frameworks.end()) continue;
      const LookupWay way = lookup_way(resolve_dependency(here.context, *alone, 0, name).why);
      if (way != LookupWay::cache && way != LookupWay::default_directory) frameworks.push_back(framework);
    }
  }
  return frameworks;
}

std::vector<const Package*> imported_before(const EnvironmentGround& here, const Package& package,
                                            const PackageStart& start, const std::vector<std::string>& frameworks) {
  std::vector<const Package*> before;
  for (const Package& other : here.environment().packages) {
    const bool needed = std::find(frameworks.begin(), frameworks.end(), other.name) != frameworks.end();
    const bool asked = std::any_of(package.requirements.begin(), package.requirements.end(),
                                   [&](const Requirement& wanted) { return wanted.name == other.name; });
    const std::vector<const HeldLibrary*>& libraries = here.of_package(other.name);
    if ((!needed && !asked) || other.name == package.name || libraries.empty()) continue;
    const std::vector<std::string> tops = here.imported(other.name, libraries).tops;
    const auto is_first = [&](const std::string& top) { return start.all_imports().contains(top); };
    if (other.role == PackageRole::framework || std::any_of(tops.begin(), tops.end(), is_first)) {
      before.push_back(&other);
    }
  }
  return before;
}

// cuda-pathfinder looks into folders that Python knows as site-packages (site.getsitepackages and the user's, in
// find_sub_dirs.py of 1.9.1), not into those of PYTHONPATH and of pip --target.
Preloading::Preloading(EnvironmentGround& here)
    : here_(here),
      opener_looks_(here.environment().kind != EnvironmentKind::folder ||
                    here.environment().path.ends_with("-packages")) {}

Preloads Preloading::of(const Package& package, const PackageStart& start,
                        const std::vector<const Package*>& before) const {
  const std::optional<bool> own = opens_wheels_first(package, start, opener_looks_);
  if (!own) return Preloads::unknown;
  if (*own) return Preloads::wheels;
  const bool any = std::any_of(before.begin(), before.end(), [&](const Package* other) {
    const ImportedPackage imported = here_.imported(other->name, here_.of_package(other->name));
    return opens_wheels_first(*other, imported.start, opener_looks_).value_or(other->role == PackageRole::framework);
  });
  return any ? Preloads::wheels : Preloads::nothing;
}

bool Preloading::takes(Preloads preloads, const ImportedPackage& imported, const std::string& asker,
                       const HeldLibrary& held) {
  if (held.role == PackageRole::compiler) return false;
  if (preloads == Preloads::unknown) return true;
  const bool of_wheels = held.role == PackageRole::runtime;
  if (of_wheels && preloads == Preloads::wheels) return true;
  if (here_.openers.opens(imported.tops, held.path)) return true;
  if (of_wheels && here_.openers.opens_below(imported.tops, held.path)) return true;
  // What another package opens for this one (libcudf.so for pylibcudf) brings its own needs along.
  const std::vector<Package>& packages = here_.environment().packages;
  const auto package =
      std::find_if(packages.begin(), packages.end(), [&](const Package& one) { return one.name == asker; });
  const std::vector<const HeldLibrary*>& libraries = here_.of_package(asker);
  if (package == packages.end() || libraries.empty() || asker == imported.name) return false;
  const auto [at, is_new] = of_others_.try_emplace(asker);
  if (is_new) {
    const ImportedPackage other = here_.imported(asker, libraries);
    at->second = {other.tops, opens_wheels_first(*package, other.start, opener_looks_).value_or(true)};
  }
  return (of_wheels && at->second.opens_wheels) || here_.openers.opens(at->second.tops, held.path);
}

}  // namespace varve
