#include "loading/imports/opened_by_import.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "loading/imports/cuda_opener.h"
#include "loading/imports/made_up_names.h"
#include "loading/python/package_start.h"
#include "model/words/lookup_way.h"
#include "tables/libraries.h"
#include "world/world.h"

namespace varve {

namespace {
// Whether the one is asked for by the other.
bool is_part_of(const EnvironmentGround& here, const HeldLibrary& part, const HeldLibrary& whole) {
  const std::optional<DynamicSection> dynamic = dynamic_of(here.ground, whole.real_path);
  return dynamic && std::any_of(dynamic->needed.begin(), dynamic->needed.end(), [&](const std::string& name) {
           return name == part.soname || name == file_name(part.path);
         });
}
}  // namespace

void open_imported_modules(EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported) {
  const std::set<std::string>& imports = imported.start.all_imports();
  for (const auto& [name, libraries] : here.own) {
    const PackageRole role = libraries.front()->role.value_or(PackageRole::library);
    const bool uses_cuda = role == PackageRole::framework || role == PackageRole::extension;
    if (name == imported.name || !uses_cuda) continue;
    const ImportedPackage other = here.imported(name, libraries);
    for (const HeldLibrary* library : libraries) {
      if (!imports.contains(other.module_of(*library)) || !here.is_module(*library)) continue;
      loading.open(*library, DependencyKind::needed, lookup_text(LookupWay::of_framework, name));
      loading.make_required(*library);
    }
  }
}

void open_import(EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& package,
                 const std::string& why) {
  std::vector<const HeldLibrary*> modules, failed;
  bool any = false;
  for (const HeldLibrary* library : package.libraries) {
    if (here.is_module(*library)) {
      modules.push_back(library);
    } else if (package.start.opens(file_name(library->path))) {
      loading.open(*library, DependencyKind::needed, lookup_text(LookupWay::by_python));
      loading.make_required(*library);
    }
  }
  std::stable_partition(modules.begin(), modules.end(), [&](const HeldLibrary* module) {
    return package.start.imports().contains(package.module_of(*module));
  });
  for (const HeldLibrary* module : modules) {
    const bool opens = loading.open(*module, DependencyKind::needed, why);
    any = any || opens;
    if (package.start.imports().contains(package.module_of(*module)) || package.is_one_module()) {
      loading.make_required(*module);
    } else if (!opens) {
      failed.push_back(module);
    } else if (module->has_gpu_code && package.is_apart(*module)) {
      loading.make_optional(*module);
    }
  }
  if (failed.empty()) return;
  // What a frozen program holds it imports, and its Python is in the program: one of the modules has to load.
  if (!here.libraries.interpreter.empty() && package.tops.empty() && !any) {
    for (const HeldLibrary* module : failed) loading.make_required(*module);
    return;
  }
  const std::set<std::string> imports = package.start.all_imports();
  for (const HeldLibrary* module : failed) {
    if (imports.contains(package.module_of(*module))) {
      loading.make_required(*module);
    } else if (any || package.runs_nothing_for(*module) || package.start.does_without(package.module_of(*module))) {
      loading.make_optional(*module);
    }
  }
}

void open_sought(ConsumerLoading& loading, const ImportedPackage& imported) {
  for (const auto& [file, names] : imported.start.names_opened_at_top()) {
    std::map<std::string, std::vector<std::string>> by_library;
    for (const std::string& name : names) {
      if (has_role(name, LibraryRole::cuda)) by_library[library_of(name)->name].push_back(name);
    }
    for (const auto& [library, alternatives] : by_library) loading.open_one_from_python(file, alternatives);
  }
}

void open_others(EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& package) {
  std::vector<const HeldLibrary*> loaded, failed;
  for (const HeldLibrary* library : package.libraries) {
    if (here.is_module(*library)) continue;
    (loading.open(*library, DependencyKind::opened, lookup_text(LookupWay::of_package)) ? loaded : failed)
        .push_back(library);
  }
  if (failed.empty()) return;
  std::vector<std::string> names;
  for (const auto* group : {&loaded, &failed}) {
    for (const HeldLibrary* library : *group) names.push_back(file_name(library->path));
  }
  const std::set<std::string> opened = package.start.opened_by_import(names);
  const auto by_import = [&](const HeldLibrary* library) { return opened.contains(file_name(library->path)); };
  std::erase_if(failed, [&](const HeldLibrary* library) { return !by_import(library); });
  std::erase_if(loaded, [&](const HeldLibrary* library) { return !by_import(library); });
  for (const HeldLibrary* library : failed) {
    const bool is_alone = std::all_of(loaded.begin(), loaded.end(),
                                      [&](const HeldLibrary* part) { return is_part_of(here, *part, *library); });
    if (is_alone) loading.make_required(*library);
  }
}

void open_made_up(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported,
                  const Package& package) {
  std::vector<const HeldLibrary*> askers;
  for (const HeldLibrary* library : imported.libraries) {
    if (std::any_of(library->opened.begin(), library->opened.end(), is_driver_library)) askers.push_back(library);
  }
  std::stable_partition(askers.begin(), askers.end(),
                        [](const HeldLibrary* library) { return has_role(library->path, LibraryRole::of_framework); });
  for (const std::string& name : made_up_names(here.ground.files, imported.folder, package)) {
    (void)std::any_of(askers.begin(), askers.end(),
                      [&](const HeldLibrary* asker) { return loading.open_from(*asker, name); });
  }
}

void open_bound(const EnvironmentGround& here, ConsumerLoading& loading, const Package& package,
                const ImportedPackage& imported) {
  if (!asks_for_opener(package)) return;
  for (const HeldLibrary* library : imported.libraries) {
    loading.open_one_from(*library, of_bindings_first(here, bound_names(library->path)), folders_of_opener(here));
  }
}

}  // namespace varve
