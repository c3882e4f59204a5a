#include "loading/imports/absent_from_import.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "loading/imports/cuda_opener.h"
#include "model/words/lookup_way.h"
#include "package/packages.h"
#include "tables/libraries.h"
#include "world/world.h"

namespace varve {

void note_uncompiled(const EnvironmentGround& here, const PackageStart& start, Consumer& consumer) {
  // nvcc of a conda environment comes onto PATH with it.
  const std::string folder_of_python = here.libraries.program.substr(0, here.libraries.program.rfind('/') + 1);
  bool has_toolkit = here.ground.files.exists("/usr/local/cuda") ||
                     (!folder_of_python.empty() && here.ground.files.exists(folder_of_python + "nvcc"));
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    has_toolkit = has_toolkit || !environment_value(here.ground.environment, variable).empty();
  }
  const std::string search = environment_value(here.ground.environment, "PATH");
  for (const std::string_view folder : split(search, ':')) {
    has_toolkit = has_toolkit || (!folder.empty() && here.ground.files.exists(std::string(folder) + "/nvcc"));
  }
  if (has_toolkit) return;
  for (const std::string& module : modules_to_compile(here.ground.files, here.libraries.folders, start)) {
    ConsumedLibrary row{.name = clean_utf8(module, 256), .at_start = true, .unresolved = {}};
    row.why = std::string(to_string(LookupWay::nowhere)) + "; its import compiles it and finds no CUDA toolkit";
    consumer.libraries.push_back(std::move(row));
  }
}

namespace {
constexpr const char* kNoLibrary = "what is there is no library";

bool is_wanted(const ImportedPackage& imported, const std::string& path) {
  const std::string module = imported.module_of({.path = path});
  return imported.start.imports().contains(module) || imported.start.opens(file_name(path)) ||
         imported.start.all_imports().contains(module);
}

// Cut short, or emptied.
bool is_no_library(const EnvironmentGround& here, const std::string& path) {
  const Looked<std::string> real = here.ground.files.resolve(path);
  return real && here.ground.files.open(*real) && !dynamic_of(here.ground, *real);
}

// What auditwheel put beside a package.
bool is_copy(const HeldLibrary* library) {
  const std::size_t slash = library->path.rfind('/');
  return slash != std::string::npos && library->path.substr(0, slash).ends_with(".libs");
}

struct FaultOfPackage {
  const FileFault* fault = nullptr;
  std::string path;  // as the import would open it
};

// Files of the package's own folder that are not there, or not what it installed.
std::vector<FaultOfPackage> faults_of(const EnvironmentGround& here, const Package& package,
                                      const ImportedPackage& imported) {
  std::vector<FaultOfPackage> faults;
  const std::string folder = here.files.shown(imported.folder) + "/";
  for (const FileFault& fault : here.environment().file_faults) {
    if (fault.kind == FileFaultKind::overwritten || !fault.path.starts_with(folder)) continue;
    const bool own = std::any_of(fault.packages.begin(), fault.packages.end(),
                                 [&](const std::string& label) { return label.starts_with(package.name + " "); });
    if (own) faults.push_back({&fault, imported.folder + "/" + fault.path.substr(folder.size())});
  }
  return faults;
}
}  // namespace

void note_absent_files(EnvironmentGround& here, ConsumerLoading& loading, const Package& package,
                       const ImportedPackage& imported) {
  const std::vector<FaultOfPackage> faults = faults_of(here, package, imported);
  std::vector<std::string> names;
  for (const FaultOfPackage& one : faults) names.push_back(file_name(one.path));
  // Copies of what its libraries need (xgboost.libs) are no libraries that its Python opens.
  const bool has_copies_alone = std::all_of(imported.libraries.begin(), imported.libraries.end(), is_copy);
  const std::set<std::string> opened =
      has_copies_alone && !names.empty() ? imported.start.opened_by_import(names) : std::set<std::string>();
  for (const auto& [fault, path] : faults) {
    const std::string name = file_name(fault->path);
    const bool wanted = is_wanted(imported, path) || opened.contains(name);
    if (fault->kind == FileFaultKind::replaced) {
      if (is_no_library(here, path)) loading.note_absent(name, wanted, kNoLibrary);
      continue;
    }
    // A number behind ".so" is for those who link with it: such a library is missed by the files that ask for it, if
    // nobody's Python names it. What has none may be opened under a name that is made up (libcaffe2_nvrtc.so).
    const bool counts =
        wanted || name.ends_with(".so") || is_part_of_compiler(path) || here.openers.mentions(imported.tops, name);
    if (counts) loading.note_absent(name, wanted);
  }
}

void note_lost_files(const EnvironmentGround& here, const Package& package, const ImportedPackage& imported,
                     Consumer& consumer) {
  const std::vector<FaultOfPackage> faults = faults_of(here, package, imported);
  std::vector<std::string> names;
  for (const FaultOfPackage& one : faults) names.push_back(file_name(one.path));
  // What is left may do where one of several is opened; conda's packages may have theirs in the environment's lib.
  const bool is_all = imported.libraries.empty() && !faults.empty() && !package.is_of_conda();
  const std::set<std::string> opened = is_all ? imported.start.opened_by_import(names) : std::set<std::string>();
  for (const auto& [fault, path] : faults) {
    const bool is_gone = fault->kind == FileFaultKind::missing;
    const bool wanted = is_wanted(imported, path) || opened.contains(file_name(path));
    // Where nothing is left, what no Python names is missed by whoever opens it: jax finds the plug-in of
    // jax-cuda12-pjrt by its entry point.
    const bool counts = wanted || (is_all && package.is_consumer() && file_name(path).ends_with(".so")) ||
                        (is_gone && is_part_of_compiler(path));
    if (!counts || !(is_gone || is_no_library(here, path))) continue;
    ConsumedLibrary row{.name = clean_utf8(file_name(fault->path), 256), .at_start = wanted, .unresolved = {}};
    if (!wanted) row.kind = DependencyKind::opened;
    row.why = std::string(to_string(LookupWay::nowhere));
    if (!is_gone) row.why.append("; ").append(kNoLibrary);
    consumer.libraries.push_back(std::move(row));
  }
}

void note_absent_runtime(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported) {
  const LibraryRow* runtime = library_of("libcudart.so");
  if (runtime == nullptr || imported.libraries.empty() || !imported.start.asks_for_runtime()) return;
  std::vector<std::string> names;
  for (const LibraryName& name : runtime->sonames) names.push_back(name.soname);
  names = of_bindings_first(here, std::move(names));
  if (names.empty() || opener_finds(here, *imported.libraries.front(), names)) return;
  loading.note_absent(names.front(), true);
}

void note_foreign_modules(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported) {
  std::set<std::string> own;
  for (const HeldLibrary* library : imported.libraries) own.insert(imported.module_of(*library));
  const bool has_none = own.empty();
  const std::set<std::string> tried = has_none ? imported.start.all_imports() : imported.start.imports();
  for (const auto& [path, package] : here.libraries.for_other_pythons) {
    if (package != imported.name) continue;
    const std::string module = imported.module_of({.path = path});
    if (!own.contains(module) && tried.contains(module)) {
      loading.note_absent(file_name(path), true, "what is there is for another Python");
      own.insert(module);
    }
  }
}

void note_files_for_others(const EnvironmentGround& here, ConsumerLoading& loading, const ImportedPackage& imported) {
  for (const HeldLibrary* library : here.for_other_machines) {
    if (library->package != imported.name) continue;
    if (!imported.libraries.empty() && !is_wanted(imported, library->path)) continue;
    loading.note_absent(file_name(library->path), true, "what is there is for another kind of processor");
  }
}

}  // namespace varve
