#include "loading/consumers.h"

#include <elf.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "loading/imported_package.h"
#include "loading/made_up_names.h"
#include "loading/python/library_openers.h"
#include "model/words/lookup_way.h"
#include "package/python_metadata.h"
#include "tables/libraries.h"
#include "tables/package_table.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::size_t kMostConsumers = 512;

// "_C.cpython-311-x86_64-linux-gnu.so", "_C.abi3.so" (PEP 3149)
bool is_named_as_module(const std::string& name) {
  return name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
}

// By its name, or as a library that has the function that Python calls in a module of its name.
bool is_extension_module(const HeldLibrary& library, LoadedFiles& files) {
  const std::string name = file_name(library.path);
  if (is_named_as_module(name)) return true;
  const DynamicSymbols* symbols = name.ends_with(".so") ? files.symbols(library.real_path) : nullptr;
  return symbols != nullptr && symbols->defines("PyInit_" + name.substr(0, name.find('.')), nullptr);
}

bool is_soname_of_cuda(const std::string& soname, const std::string& major) {
  const LibraryRow* row = library_of(soname);
  return row != nullptr && !major.empty() &&
         std::any_of(row->sonames.begin(), row->sonames.end(),
                     [&](const LibraryName& name) { return name.soname == soname && name.cuda == major; });
}

// Those whose symbols tell whether they are modules.
std::vector<std::string> libraries_of(const std::vector<const HeldLibrary*>& all) {
  std::vector<std::string> paths;
  for (const HeldLibrary* library : all) {
    const std::string name = file_name(library->path);
    if (name.ends_with(".so") && !is_named_as_module(name)) paths.push_back(library->real_path);
  }
  return paths;
}

// What an import opens of other packages before its own libraries need it: what packages hold for others to load, or
// nothing; unknown where their Python cannot be read.
enum class Preloads { unknown, wheels, nothing };

// All that is needed to follow the packages of one environment.
class EnvironmentConsumers {
 public:
  EnvironmentConsumers(const LoadingGround& ground, const LibrariesOfEnvironment& libraries,
                       const std::vector<LibrariesOfEnvironment>& environments, Stack& stack)
      : ground_(ground),
        libraries_(libraries),
        stack_(stack),
        files_(ground, stack),
        openers_(ground.files, libraries.folders),
        context_(loader_context(ground, machine())) {
    hold(libraries);
    own_ = by_package_;
    is_whole_ = !libraries.shares;
    for (const LibrariesOfEnvironment& other : environments) {
      const bool same_python = libraries.python == other.python || libraries.python.empty() || other.python.empty();
      if (&other != &libraries && libraries.shares && other.shares && same_python) hold(other);
    }
  }

  void add_all() {
    const Environment& environment = stack_.environments[libraries_.environment];
    // cuda-pathfinder looks into folders that Python knows as site-packages (site.getsitepackages and the user's, in
    // find_sub_dirs.py of 1.9.1), not into those of PYTHONPATH and of pip --target.
    const std::string& path = environment.path;
    opener_looks_ = environment.kind != EnvironmentKind::folder || path.ends_with("-packages");
    for (const Package& package : environment.packages) {
      if (!package.is_consumer()) continue;
      if (stack_.consumers.size() < kMostConsumers) stack_.consumers.push_back(follow(environment, package));
    }
  }

 private:
  std::uint16_t machine() const {
    const std::string& first =
        libraries_.libraries.empty() ? libraries_.program : libraries_.libraries.front().real_path;
    const std::optional<DynamicSection> dynamic = dynamic_of(ground_, first);
    return dynamic ? dynamic->machine : static_cast<std::uint16_t>(EM_X86_64);
  }

  // What comes first is found first.
  void hold(const LibrariesOfEnvironment& libraries) {
    for (const HeldLibrary& library : libraries.libraries) {
      files_.add(library);
      by_package_[library.package].push_back(&library);
      if (!library.soname.empty()) held_.emplace(library.soname, &library);
      if (library.soname != file_name(library.path)) held_.emplace(file_name(library.path), &library);
    }
  }

  Consumer follow(const Environment& environment, const Package& package) {
    Consumer consumer{.kind = consumer_kind_of(package),
                      .name = clean_utf8(package.name + " " + package.version),
                      .package = package.name,
                      .environment = environment.path,
                      .libraries = {},
                      .symbols_checked = false,
                      .remark = {}};
    const auto own = own_.find(package.name);
    if (own == own_.end()) {
      consumer.remark = "it has no libraries of its own";
      const PackageStart start = imported_package(package.name, {}).start;
      if (is_whole_) note_uncompiled(consumer, start);
      return consumer;
    }
    files_.read_symbols(libraries_of(own->second));
    const ImportedPackage imported = imported_package(package.name, own->second);
    if (is_whole_) consumer.lacks_packages = lacking_modules(ground_.files, libraries_.folders, imported.start);
    const std::vector<std::string> frameworks = frameworks_needed(package, imported.libraries);
    const std::vector<const Package*> before = imported_before(environment, package, imported.start, frameworks);
    const Preloads preloads = preloads_of(package, imported.start, before);
    ConsumerLoading loading(context_, files_, held_, libraries_.program, consumer,
                            [&](const std::string& asker, const HeldLibrary& held) {
                              return takes(environment, preloads, imported, asker, held);
                            });
    for (const std::string& framework : frameworks) {
      const ImportedPackage first = imported_package(framework, by_package_[framework]);
      open_import(loading, first, lookup_text(LookupWay::of_framework, framework));
    }
    open_imported_modules(loading, imported);
    const std::size_t first = loading.loaded();
    if (wants_versions_of_others(imported.libraries)) {
      for (const std::string& name : imported.start.opened_names()) {
        loading.open_for_all(name, lookup_text(LookupWay::by_python));
      }
    }
    open_import(loading, imported, lookup_text(LookupWay::of_import));
    open_sought(loading, imported);
    note_absent_files(loading, environment, package, imported);
    note_foreign_modules(loading, imported);
    open_others(loading, imported);
    open_made_up(loading, imported, package);
    open_bound(loading, environment, package, imported);
    loading.open_late_names(first);
    for (const Package* other : before) loading.may_be_given_by(by_package_[other->name]);
    loading.finish();
    return consumer;
  }

  // Modules that the import compiles: without a toolkit it fails. torch looks for one in CUDA_HOME, CUDA_PATH, on PATH
  // and in /usr/local/cuda (_find_cuda_home of torch/utils/cpp_extension.py).
  void note_uncompiled(Consumer& consumer, const PackageStart& start) {
    // nvcc of a conda environment comes onto PATH with it.
    const std::string folder_of_python = libraries_.program.substr(0, libraries_.program.rfind('/') + 1);
    bool has_toolkit = ground_.files.exists("/usr/local/cuda") ||
                       (!folder_of_python.empty() && ground_.files.exists(folder_of_python + "nvcc"));
    for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
      has_toolkit = has_toolkit || !environment_value(ground_.environment, variable).empty();
    }
    const std::string search = environment_value(ground_.environment, "PATH");
    for (const std::string_view folder : split(search, ':')) {
      has_toolkit = has_toolkit || (!folder.empty() && ground_.files.exists(std::string(folder) + "/nvcc"));
    }
    if (has_toolkit) return;
    for (const std::string& module : modules_to_compile(ground_.files, libraries_.folders, start)) {
      ConsumedLibrary row{.name = clean_utf8(module, 256), .at_start = true, .unresolved = {}};
      row.why = std::string(to_string(LookupWay::nowhere)) + "; its import compiles it and finds no CUDA toolkit";
      consumer.libraries.push_back(std::move(row));
    }
  }

  ImportedPackage imported_package(const std::string& name, const std::vector<const HeldLibrary*>& libraries) const {
    return varve::imported_package(ground_.files, libraries_.folders, name, libraries);
  }

  // Modules of other packages that the import imports at once (gpu4pyscf those of CuPy for cuSOLVER).
  void open_imported_modules(ConsumerLoading& loading, const ImportedPackage& imported) {
    const std::set<std::string>& imports = imported.start.all_imports();
    for (const auto& [name, libraries] : own_) {
      const PackageRole role = libraries.front()->role.value_or(PackageRole::library);
      const bool uses_cuda = role == PackageRole::framework || role == PackageRole::extension;
      if (name == imported.name || !uses_cuda) continue;
      const ImportedPackage other = imported_package(name, libraries);
      for (const HeldLibrary* library : libraries) {
        if (!imports.contains(other.module_of(*library)) || !is_extension_module(*library, files_)) continue;
        loading.open(*library, DependencyKind::needed, lookup_text(LookupWay::of_framework, name));
        loading.make_required(*library);
      }
    }
  }

  // What is imported first: frameworks, and any other package that it asks for and whose import its own comes to at
  // once (cudaq for cudaq_qec).
  std::vector<const Package*> imported_before(const Environment& environment, const Package& package,
                                              const PackageStart& start, const std::vector<std::string>& frameworks) {
    std::vector<const Package*> before;
    for (const Package& other : environment.packages) {
      const bool needed = std::find(frameworks.begin(), frameworks.end(), other.name) != frameworks.end();
      const bool asked = std::any_of(package.requirements.begin(), package.requirements.end(),
                                     [&](const Requirement& wanted) { return wanted.name == other.name; });
      const auto libraries = by_package_.find(other.name);
      if ((!needed && !asked) || other.name == package.name || libraries == by_package_.end()) continue;
      const std::vector<std::string> tops = imported_package(other.name, libraries->second).tops;
      const auto is_first = [&](const std::string& top) { return start.all_imports().contains(top); };
      if (other.role == PackageRole::framework || std::any_of(tops.begin(), tops.end(), is_first)) {
        before.push_back(&other);
      }
    }
    return before;
  }

  // What is opened before it is needed, by the package or by what is imported first. Of a framework whose files cannot
  // be read the best is assumed.
  Preloads preloads_of(const Package& package, const PackageStart& start, const std::vector<const Package*>& before) {
    const std::optional<bool> own = opens_wheels_first(package, start, opener_looks_);
    if (!own) return Preloads::unknown;
    if (*own) return Preloads::wheels;
    const bool any = std::any_of(before.begin(), before.end(), [&](const Package* other) {
      const ImportedPackage imported = imported_package(other->name, by_package_[other->name]);
      return opens_wheels_first(*other, imported.start, opener_looks_).value_or(other->role == PackageRole::framework);
    });
    return any ? Preloads::wheels : Preloads::nothing;
  }

  // `asker`: the package of the file that needs it. A copy that a compiler keeps for itself (Triton's libcupti.so) is
  // nobody else's.
  bool takes(const Environment& environment, Preloads preloads, const ImportedPackage& imported,
             const std::string& asker, const HeldLibrary& held) {
    if (held.role == PackageRole::compiler) return false;
    if (preloads == Preloads::unknown) return true;
    const bool of_wheels = held.role == PackageRole::runtime;
    if (of_wheels && preloads == Preloads::wheels) return true;
    if (openers_.opens(imported.tops, held.path)) return true;
    if (of_wheels && openers_.opens_below(imported.tops, held.path)) return true;
    // What another package opens for this one (libcudf.so for pylibcudf) brings its own needs along.
    const auto package = std::find_if(environment.packages.begin(), environment.packages.end(),
                                      [&](const Package& one) { return one.name == asker; });
    const auto libraries = by_package_.find(asker);
    const bool is_known = package != environment.packages.end() && libraries != by_package_.end();
    if (!is_known || asker == imported.name) return false;
    const auto [at, is_new] = of_others_.try_emplace(asker);
    if (is_new) {
      const ImportedPackage other = imported_package(asker, libraries->second);
      at->second = {other.tops, opens_wheels_first(*package, other.start, opener_looks_).value_or(true)};
    }
    return (of_wheels && at->second.opens_wheels) || openers_.opens(at->second.tops, held.path);
  }

  // What the import opens and imports at once fails it. Of other modules: where some load and others lack a library,
  // the package offers what not every machine has (torchaudio's one module for each FFmpeg, CuPy's for cuTENSOR).
  void open_import(ConsumerLoading& loading, const ImportedPackage& package, const std::string& why) {
    std::vector<const HeldLibrary*> modules, failed;
    bool any = false;
    for (const HeldLibrary* library : package.libraries) {
      if (is_extension_module(*library, files_)) {
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
    const std::set<std::string> imports = package.start.all_imports();
    for (const HeldLibrary* module : failed) {
      if (imports.contains(package.module_of(*module))) {
        loading.make_required(*module);
      } else if (any || package.runs_nothing_for(*module) || package.start.does_without(package.module_of(*module))) {
        loading.make_optional(*module);
      }
    }
  }

  // Whether the one is asked for by the other.
  bool is_part_of(const HeldLibrary& part, const HeldLibrary& whole) const {
    const std::optional<DynamicSection> dynamic = dynamic_of(ground_, whole.real_path);
    return dynamic && std::any_of(dynamic->needed.begin(), dynamic->needed.end(), [&](const std::string& name) {
             return name == part.soname || name == file_name(part.path);
           });
  }

  // What is no module. A library that the import opens by a name that is made up fails it, unless another one that it
  // may open instead loads (bitsandbytes has one for each CUDA); a part of it is none (parakeet's libggml-base).
  void open_others(ConsumerLoading& loading, const ImportedPackage& package) {
    std::vector<const HeldLibrary*> loaded, failed;
    for (const HeldLibrary* library : package.libraries) {
      if (is_extension_module(*library, files_)) continue;
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
                                        [&](const HeldLibrary* part) { return is_part_of(*part, *library); });
      if (is_alone) loading.make_required(*library);
    }
  }

  // Names that no file holds are opened by what opens libcuda, the framework's core before what extends it.
  void open_made_up(ConsumerLoading& loading, const ImportedPackage& imported, const Package& package) {
    std::vector<const HeldLibrary*> askers;
    for (const HeldLibrary* library : imported.libraries) {
      if (std::any_of(library->opened.begin(), library->opened.end(), is_driver_library)) askers.push_back(library);
    }
    std::stable_partition(askers.begin(), askers.end(), [](const HeldLibrary* library) {
      return has_role(library->path, LibraryRole::of_framework);
    });
    for (const std::string& name : made_up_names(ground_.files, imported.folder, package)) {
      (void)std::any_of(askers.begin(), askers.end(),
                        [&](const HeldLibrary* asker) { return loading.open_from(*asker, name); });
    }
  }

  // Libraries of CUDA that the import opens from Python and goes on without (nvidia-cudnn-frontend hands cuDNN to its
  // module, whose first call then fails). Of several names of one library the first that is there.
  void open_sought(ConsumerLoading& loading, const ImportedPackage& imported) {
    for (const auto& [file, names] : imported.start.names_opened_at_top()) {
      std::map<std::string, std::vector<std::string>> by_library;
      for (const std::string& name : names) {
        if (has_role(name, LibraryRole::cuda)) by_library[library_of(name)->name].push_back(name);
      }
      for (const auto& [library, alternatives] : by_library) loading.open_one_from_python(file, alternatives);
    }
  }

  // Where cuda-pathfinder looks beside wheels and the loader's own folders (search_steps.py, env_vars.py and the
  // folders of descriptor_catalog.py in 1.9.1): in the conda environment and the toolkit that variables name.
  std::vector<std::string> folders_of_opener() const {
    const std::string first = environment_value(ground_.environment, "CUDA_PATH");
    const std::string toolkit = first.empty() ? environment_value(ground_.environment, "CUDA_HOME") : first;
    std::vector<std::string> folders;
    for (const std::string& root : {environment_value(ground_.environment, "CONDA_PREFIX"), toolkit}) {
      if (root.empty() || root[0] != '/') continue;
      for (const char* below : {"/lib64", "/lib", "/nvvm/lib64", "/extras/CUPTI/lib64"})
        folders.push_back(root + below);
    }
    return folders;
  }

  // What modules of bindings open through cuda-pathfinder. Of no name that is there, that of the CUDA which the
  // environment's bindings are of is missed.
  void open_bound(ConsumerLoading& loading, const Environment& environment, const Package& package,
                  const ImportedPackage& imported) {
    if (!asks_for_opener(package)) return;
    const auto cuda = std::find_if(environment.packages.begin(), environment.packages.end(),
                                   [](const Package& one) { return one.name == "cuda-bindings"; });
    const std::string major =
        cuda == environment.packages.end() ? "" : cuda->version.substr(0, cuda->version.find('.'));
    for (const HeldLibrary* library : imported.libraries) {
      std::vector<std::string> names = bound_names(library->path);
      std::stable_partition(names.begin(), names.end(),
                            [&](const std::string& name) { return is_soname_of_cuda(name, major); });
      loading.open_one_from(*library, names, folders_of_opener());
    }
  }

  // What the import wants of the package's own files, and the package lists, and is not there.
  void note_absent_files(ConsumerLoading& loading, const Environment& environment, const Package& package,
                         const ImportedPackage& imported) {
    const std::string folder = files_.shown(imported.folder) + "/";
    for (const FileFault& fault : environment.file_faults) {
      if (fault.kind != FileFaultKind::missing || !fault.path.starts_with(folder)) continue;
      const bool own = std::any_of(fault.packages.begin(), fault.packages.end(),
                                   [&](const std::string& label) { return label.starts_with(package.name + " "); });
      if (!own) continue;
      const std::string module = imported.module_of({.path = imported.folder + "/" + fault.path.substr(folder.size())});
      const bool wanted = imported.start.imports().contains(module) || imported.start.opens(file_name(fault.path)) ||
                          imported.start.all_imports().contains(module);
      // A number behind ".so" is for those who link with it: such a library is missed by the files that ask for it, if
      // nobody's Python names it. What has none may be opened under a name that is made up (libcaffe2_nvrtc.so).
      const std::string name = file_name(fault.path);
      const bool counts = wanted || name.ends_with(".so") || openers_.mentions(imported.tops, name);
      if (counts) loading.note_absent(name, wanted);
    }
  }

  // Modules that the import wants and that are there for other Pythons alone (a wheel that was installed by hand).
  void note_foreign_modules(ConsumerLoading& loading, const ImportedPackage& imported) {
    std::set<std::string> own;
    for (const HeldLibrary* library : imported.libraries) own.insert(imported.module_of(*library));
    for (const auto& [path, package] : libraries_.for_other_pythons) {
      if (package != imported.name) continue;
      const std::string module = imported.module_of({.path = path});
      if (!own.contains(module) && imported.start.imports().contains(module)) {
        loading.note_absent(file_name(path), true);
        own.insert(module);
      }
    }
  }

  // Packages of frameworks that hold what these libraries ask for by name: their import comes first. What the system
  // has too (libgomp.so.1) says nothing of a framework.
  std::vector<std::string> frameworks_needed(const Package& package, const std::vector<const HeldLibrary*>& libraries) {
    std::vector<std::string> frameworks = frameworks_asked_for(package);
    for (const HeldLibrary* library : libraries) {
      const Result<LoadedSet> alone = start_loaded_set(context_, library->path);
      if (!alone) continue;
      for (const std::string& name : alone->objects[0].dynamic.needed) {
        const std::string framework = framework_with(name, package.name);
        if (framework.empty() || std::find(frameworks.begin(), frameworks.end(), framework) != frameworks.end())
          continue;
        const LookupWay way = lookup_way(resolve_dependency(context_, *alone, 0, name).why);
        if (way != LookupWay::cache && way != LookupWay::default_directory) frameworks.push_back(framework);
      }
    }
    return frameworks;
  }

  // Whether some want a version of a file that they have no NEEDED entry for: then somebody opens that before.
  bool wants_versions_of_others(const std::vector<const HeldLibrary*>& libraries) const {
    return std::any_of(libraries.begin(), libraries.end(), [&](const HeldLibrary* library) {
      const std::optional<DynamicSection> dynamic = dynamic_of(ground_, library->real_path);
      if (!dynamic) return false;
      const std::vector<std::string>& needed = dynamic->needed;
      return std::any_of(dynamic->version_needs.begin(), dynamic->version_needs.end(), [&](const VersionNeed& need) {
        return std::find(needed.begin(), needed.end(), need.file) == needed.end();
      });
    });
  }

  // An extension imports the framework that its package asks for, whether or not its libraries name any of it.
  std::vector<std::string> frameworks_asked_for(const Package& package) const {
    std::vector<std::string> frameworks;
    for (const Requirement& requirement : package.requirements) {
      const auto held = by_package_.find(requirement.name);
      if (package.role != PackageRole::extension || held == by_package_.end() || held->second.empty()) continue;
      if (held->second.front()->role == PackageRole::framework) frameworks.push_back(requirement.name);
    }
    return frameworks;
  }

  // The package of another framework that holds a library of this name; empty: none.
  std::string framework_with(const std::string& name, const std::string& but) const {
    const auto [begin, end] = held_.equal_range(name);
    const auto found = std::find_if(begin, end, [&](const auto& row) {
      return row.second->role == PackageRole::framework && row.second->package != but;
    });
    return found == end ? std::string() : found->second->package;
  }

  const LoadingGround& ground_;
  const LibrariesOfEnvironment& libraries_;
  Stack& stack_;
  LoadedFiles files_;
  LibraryOpeners openers_;
  LoaderContext context_;
  HeldByName held_;
  std::map<std::string, std::vector<const HeldLibrary*>> own_, by_package_;
  struct OtherPackage {
    std::vector<std::string> tops;
    bool opens_wheels = false;
  };
  std::map<std::string, OtherPackage> of_others_;  // by package
  bool is_whole_ = false;                          // nothing is imported from elsewhere
  bool opener_looks_ = true;                       // cuda-pathfinder into the folders of packages
};

}  // namespace

void add_package_consumers(const LoadingGround& ground, const std::vector<LibrariesOfEnvironment>& environments,
                           Stack& stack) {
  for (const LibrariesOfEnvironment& environment : environments) {
    EnvironmentConsumers(ground, environment, environments, stack).add_all();
  }
}

}  // namespace varve
