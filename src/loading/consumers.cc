#include "loading/consumers.h"

#include <elf.h>

#include <algorithm>
#include <map>

#include "base/redact.h"
#include "base/text.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::size_t kMostConsumers = 512;

// Names of extension modules: "_C.cpython-311-x86_64-linux-gnu.so", "_C.abi3.so" (PEP 3149), or any library that has
// the function that Python calls in a module of its name.
bool is_extension_module(const HeldLibrary& library, LoadedFiles& files) {
  const std::string name = file_name(library.path);
  if (name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so")) return true;
  const DynamicSymbols* symbols = name.ends_with(".so") ? files.symbols(library.real_path) : nullptr;
  return symbols != nullptr && symbols->defines("PyInit_" + name.substr(0, name.find('.')), nullptr);
}

// What the loader would read of a file; nothing when it is no ELF file. Those of compressed layers were read before.
std::optional<DynamicSection> dynamic_of(const LoadingGround& ground, const std::string& path) {
  const auto before = ground.read_before.find(path);
  if (before != ground.read_before.end()) return before->second.dynamic;
  const Looked<FileReader> file = path.empty() ? Looked<FileReader>{} : ground.files.open(path);
  if (!file) return std::nullopt;
  Result<DynamicSection> dynamic = read_dynamic_section(*file, path);
  return dynamic ? std::optional(std::move(*dynamic)) : std::nullopt;
}

// All that is needed to follow the packages of one environment.
class EnvironmentConsumers {
 public:
  EnvironmentConsumers(const LoadingGround& ground, const LibrariesOfEnvironment& libraries,
                       const std::vector<LibrariesOfEnvironment>& environments, Stack& stack)
      : ground_(ground),
        libraries_(libraries),
        stack_(stack),
        files_(ground, stack),
        context_(loader_context(ground, machine())) {
    hold(libraries);
    own_ = by_package_;
    for (const LibrariesOfEnvironment& other : environments) {
      const bool same_python = libraries.python == other.python || libraries.python.empty() || other.python.empty();
      if (&other != &libraries && libraries.shares && other.shares && same_python) hold(other);
    }
  }

  void add_all() {
    const Environment& environment = stack_.environments[libraries_.environment];
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
      return consumer;
    }
    ConsumerLoading loading(context_, files_, held_, libraries_.program, consumer);
    const std::vector<const HeldLibrary*>& libraries = own->second;
    for (const std::string& framework : frameworks_needed(package, libraries)) {
      open_modules(loading, by_package_[framework], "of the framework " + framework);
    }
    const std::size_t first = loading.loaded();
    open_modules(loading, libraries, "imported from the package");
    for (const HeldLibrary* library : libraries) {
      if (!is_extension_module(*library, files_)) loading.open(*library, DependencyKind::opened, "of the package");
    }
    loading.open_late_names(first);
    loading.finish();
    return consumer;
  }

  // Where some modules load and others lack a library, the package offers what not every machine has (torchaudio's one
  // module for each FFmpeg, CuPy's for cuTENSOR).
  void open_modules(ConsumerLoading& loading, const std::vector<const HeldLibrary*>& libraries,
                    const std::string& why) {
    std::vector<const HeldLibrary*> failed;
    bool any = false;
    for (const HeldLibrary* library : libraries) {
      if (!is_extension_module(*library, files_)) continue;
      const bool opens = loading.open(*library, DependencyKind::needed, why);
      any = any || opens;
      if (!opens) failed.push_back(library);
    }
    if (!any) return;
    for (const HeldLibrary* library : failed) loading.make_optional(*library);
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
        const std::string why = resolve_dependency(context_, *alone, 0, name).why;
        if (why != "ld.so.cache" && why != "default directory") frameworks.push_back(framework);
      }
    }
    return frameworks;
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
  LoaderContext context_;
  HeldByName held_;
  std::map<std::string, std::vector<const HeldLibrary*>> own_, by_package_;
};

// The major and minor version, "3.11"; empty when it is not known.
std::string minor_version(const Fact& python) {
  if (!python.is_known()) return {};
  const std::string version = value_text(*python.value);
  const std::size_t dot = version.find('.');
  return dot == std::string::npos ? std::string() : version.substr(0, version.find('.', dot + 1));
}

}  // namespace

std::string find_python(const LoadingGround& ground, const EnvironmentPlace& place) {
  const std::string minor = minor_version(place.python);
  std::vector<std::string> candidates;
  const auto add = [&](const std::string& folder) {
    if (!minor.empty()) candidates.push_back(folder + "/python" + minor);
    if (minor.empty() || folder == place.path + "/bin") candidates.push_back(folder + "/python3");
  };
  if (!place.path.empty()) add(place.path + "/bin");
  for (const std::string& folder : place.folders) {
    const std::size_t lib = std::min(folder.rfind("/lib/python3"), folder.rfind("/lib64/python3"));
    if (lib != std::string::npos) add(folder.substr(0, lib) + "/bin");
  }
  const std::string search = environment_value(ground.environment, "PATH");
  for (const std::string_view folder : split(search, ':')) {
    if (folder.starts_with('/')) add(std::string(folder));
  }
  add("/usr/local/bin");
  add("/usr/bin");
  for (const std::string& candidate : candidates) {
    const Looked<std::string> path = ground.files.resolve(candidate);
    if (path && dynamic_of(ground, *path)) return *path;  // pyenv's shims are scripts
  }
  return {};
}

LibrariesOfEnvironment environment_libraries(const LoadingGround& ground, const EnvironmentPlace& place,
                                             const EnvironmentReading& reading, const BinaryCollection& found) {
  LibrariesOfEnvironment libraries{.program = find_python(ground, place), .libraries = {}};
  libraries.python = minor_version(place.python);
  libraries.shares = place.sees_system || (place.kind != EnvironmentKind::venv && place.kind != EnvironmentKind::conda);
  std::map<std::string, const Binary*> binaries;
  for (const Binary& binary : found.binaries) binaries.emplace(binary.path, &binary);
  std::map<std::string, PackageRole> roles;
  for (const Package& package : reading.environment.packages) roles.emplace(package.name, package.role);
  for (const std::string& path : reading.libraries) {
    const std::string real = ground.files.resolve(path).value.value_or("");
    const auto binary = binaries.find(real);
    if (binary == binaries.end()) continue;
    const auto role = roles.find(binary->second->package);
    libraries.libraries.push_back(
        held_library(*binary->second, path, real, role == roles.end() ? std::nullopt : std::optional(role->second)));
    binaries.erase(binary);  // links to one file count once
  }
  for (const auto& [path, package] : reading.others) {
    const std::string real = ground.files.resolve(path).value.value_or(path);
    libraries.libraries.push_back({.path = path, .real_path = real, .soname = file_name(path), .package = package});
  }
  return libraries;
}

void add_package_consumers(const LoadingGround& ground, const std::vector<LibrariesOfEnvironment>& environments,
                           Stack& stack) {
  for (const LibrariesOfEnvironment& environment : environments) {
    EnvironmentConsumers(ground, environment, environments, stack).add_all();
  }
}

}  // namespace varve
