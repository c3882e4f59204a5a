#include "loading/imports/package_consumers.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "loading/imports/absent_from_import.h"
#include "loading/imports/environment_ground.h"
#include "loading/imports/imported_first.h"
#include "loading/imports/lacking_requirements.h"
#include "loading/imports/opened_by_import.h"
#include "model/words/lookup_way.h"

namespace varve {

namespace {
constexpr std::size_t kMostConsumers = 512;

Consumer consumer_of(const Environment& environment, const Package& package) {
  return {.kind = consumer_kind_of(package),
          .name = clean_utf8(package.version.empty() ? package.name : package.name + " " + package.version),
          .package = package.name,
          .environment = environment.path,
          .libraries = {},
          .symbols_checked = false,
          .remark = {}};
}

// Whether some want a version of a file that they have no NEEDED entry for: then somebody opens that before.
bool wants_versions_of_others(const EnvironmentGround& here, const std::vector<const HeldLibrary*>& libraries) {
  return std::any_of(libraries.begin(), libraries.end(), [&](const HeldLibrary* library) {
    const std::optional<DynamicSection> dynamic = dynamic_of(here.ground, library->real_path);
    if (!dynamic) return false;
    const std::vector<std::string>& needed = dynamic->needed;
    return std::any_of(dynamic->version_needs.begin(), dynamic->version_needs.end(), [&](const VersionNeed& need) {
      return std::find(needed.begin(), needed.end(), need.file) == needed.end();
    });
  });
}

// Packages whose files this one wrote over: what they left beside is opened by files that are there no more
// (onnxruntime installed over onnxruntime-gpu: its libonnxruntime.so is built without CUDA).
std::set<std::string> written_over(const Environment& environment, const Package& writer) {
  const std::string label = writer.name + " " + writer.version;
  std::set<std::string> names;
  for (const FileFault& fault : environment.file_faults) {
    if (fault.kind != FileFaultKind::overwritten || fault.owner != label) continue;
    for (const std::string& other : fault.packages) {
      if (other != label) names.insert(other.substr(0, other.find(' ')));
    }
  }
  return names;
}

// Files of a package that this Python, or this machine, loads none of.
std::vector<HeldLibrary> libraries_for_others(const EnvironmentGround& here, const std::string& name) {
  std::vector<HeldLibrary> libraries;
  for (const auto& [path, package] : here.libraries.for_other_pythons) {
    if (package == name) libraries.push_back({.path = path, .real_path = path, .package = package});
  }
  for (const HeldLibrary* library : here.for_other_machines) {
    if (library->package == name) libraries.push_back(*library);
  }
  return libraries;
}

// The package, by the files that would be imported. Those that cannot be are none of its libraries.
ImportedPackage imported_of(const EnvironmentGround& here, const std::string& name,
                            const std::vector<HeldLibrary>& for_others) {
  const auto own = here.own.find(name);
  if (own != here.own.end()) return here.imported(name, own->second);
  std::vector<const HeldLibrary*> files;
  for (const HeldLibrary& library : for_others) files.push_back(&library);
  ImportedPackage imported = here.imported(name, files);
  imported.libraries.clear();
  return imported;
}

std::vector<std::string> lacking_packages(const EnvironmentGround& here, const ImportedPackage& imported) {
  // PYTHONPATH of whoever asks holds for a Python that is started here.
  std::vector<std::string> folders = here.libraries.folders;
  const auto python_path = here.ground.environment.find("PYTHONPATH");
  if (python_path != here.ground.environment.end()) {
    for (const std::string_view folder : split(python_path->second, ':')) {
      if (folder.starts_with('/')) folders.emplace_back(folder);
    }
  }
  std::vector<std::string> lacking = lacking_modules(here.ground.files, folders, imported.start);
  for (std::string& module : lacking_requirements(here.ground.files, folders, imported)) {
    if (std::find(lacking.begin(), lacking.end(), module) == lacking.end()) lacking.push_back(std::move(module));
  }
  return lacking;
}

Consumer follow(EnvironmentGround& here, Preloading& preloading, const Package& package) {
  Consumer consumer = consumer_of(here.environment(), package);
  const bool has_own = here.own.contains(package.name);
  const std::vector<HeldLibrary> for_others =
      has_own ? std::vector<HeldLibrary>{} : libraries_for_others(here, package.name);
  if (!has_own && for_others.empty()) {
    consumer.remark = "it has no libraries of its own";
    if (!here.is_whole) return consumer;
    const ImportedPackage imported = here.imported(package.name, {});
    consumer.lacks_packages = lacking_packages(here, imported);
    note_uncompiled(here, imported.start, consumer);
    note_lost_files(here, package, imported, consumer);
    return consumer;
  }
  const ImportedPackage imported = imported_of(here, package.name, for_others);
  here.read_symbols_of(imported.libraries);
  if (here.is_whole) {
    consumer.lacks_packages = lacking_packages(here, imported);
  }
  const std::vector<std::string> frameworks = frameworks_needed(here, package, imported.libraries);
  const std::vector<const Package*> before = imported_before(here, package, imported.start, frameworks);
  const Preloads preloads = preloading.of(package, imported.start, before);
  const std::set<std::string> lost = written_over(here.environment(), package);
  ConsumerLoading loading(here.context, here.files, here.held, here.libraries.program, consumer,
                          [&](const std::string& asker, const HeldLibrary& held) {
                            return !lost.contains(held.package) && preloading.takes(preloads, imported, asker, held);
                          });
  loading.leave(lost);
  if (!here.libraries.interpreter.empty()) {
    loading.open_for_all(here.libraries.interpreter, lookup_text(LookupWay::by_python));
  }
  for (const std::string& framework : frameworks) {
    open_import(here, loading, here.imported(framework, here.of_package(framework)),
                lookup_text(LookupWay::of_framework, framework));
  }
  open_imported_modules(here, loading, imported);
  const std::size_t first = loading.loaded();
  if (wants_versions_of_others(here, imported.libraries)) {
    for (const std::string& name : imported.start.opened_names()) {
      loading.open_for_all(name, lookup_text(LookupWay::by_python));
    }
  }
  open_import(here, loading, imported, lookup_text(LookupWay::of_import));
  open_sought(loading, imported);
  note_absent_files(here, loading, package, imported);
  note_foreign_modules(here, loading, imported);
  note_absent_runtime(here, loading, imported);
  note_files_for_others(here, loading, imported);
  open_others(here, loading, imported);
  open_made_up(here, loading, imported, package);
  open_bound(here, loading, package, imported);
  loading.open_late_names(first);
  for (const Package* other : before) loading.may_be_given_by(here.of_package(other->name));
  loading.finish();
  return consumer;
}

// A compiler that is a package (triton) is told only where a file is gone that its import opens: what it compiles is
// for whoever uses it.
std::optional<Consumer> broken_compiler(const EnvironmentGround& here, const Package& package) {
  if (package.role != PackageRole::compiler || !here.is_whole) return std::nullopt;
  Consumer consumer = consumer_of(here.environment(), package);
  note_lost_files(here, package, here.imported(package.name, here.of_package(package.name)), consumer);
  return consumer.libraries.empty() ? std::nullopt : std::optional(std::move(consumer));
}
}  // namespace

void add_package_consumers(const LoadingGround& ground, const std::vector<LibrariesOfEnvironment>& environments,
                           Stack& stack) {
  for (const LibrariesOfEnvironment& libraries : environments) {
    EnvironmentGround here(ground, libraries, environments, stack);
    Preloading preloading(here);
    for (const Package& package : here.environment().packages) {
      if (stack.consumers.size() >= kMostConsumers) break;
      if (package.is_consumer()) {
        stack.consumers.push_back(follow(here, preloading, package));
      } else if (std::optional<Consumer> broken = broken_compiler(here, package)) {
        stack.consumers.push_back(std::move(*broken));
      }
    }
  }
}

}  // namespace varve
