#include "loading/imports/environment_ground.h"

#include <elf.h>

#include "base/text.h"

namespace varve {

namespace {
// "_C.cpython-311-x86_64-linux-gnu.so", "_C.abi3.so" (PEP 3149)
bool is_named_as_module(const std::string& name) {
  return name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
}

// A folder of packages may be made for another machine than the Python that is here (pip --platform); a venv is for the
// one that it has.
std::uint16_t machine_of(const LoadingGround& ground, const LibrariesOfEnvironment& libraries) {
  const bool is_by_program = libraries.has_own_python || libraries.libraries.empty();
  if (const auto own = is_by_program ? dynamic_of(ground, libraries.program) : std::nullopt) return own->machine;
  const std::string first = libraries.libraries.empty() ? std::string() : libraries.libraries.front().real_path;
  const std::optional<DynamicSection> dynamic = dynamic_of(ground, first);
  return dynamic ? dynamic->machine : static_cast<std::uint16_t>(EM_X86_64);
}
}  // namespace

EnvironmentGround::EnvironmentGround(const LoadingGround& files_and_settings,
                                     const LibrariesOfEnvironment& of_environment,
                                     const std::vector<LibrariesOfEnvironment>& environments, Stack& whole)
    : ground(files_and_settings),
      libraries(of_environment),
      stack(whole),
      files(files_and_settings, whole),
      openers(files_and_settings.files, of_environment.folders),
      context(loader_context(files_and_settings, machine_of(files_and_settings, of_environment))) {
  if (!libraries.library_path.empty())
    context.library_path.insert(context.library_path.begin(), libraries.library_path);
  hold(libraries);
  own = by_package;
  is_whole = !libraries.shares;
  for (const LibrariesOfEnvironment& other : environments) {
    const bool same_python = libraries.python == other.python || libraries.python.empty() || other.python.empty();
    if (&other != &libraries && libraries.shares && other.shares && same_python) hold(other);
  }
}

// What comes first is found first.
void EnvironmentGround::hold(const LibrariesOfEnvironment& other) {
  for (const HeldLibrary& library : other.libraries) {
    const std::optional<DynamicSection> dynamic = dynamic_of(ground, library.real_path);
    if (dynamic && dynamic->machine != 0 && dynamic->machine != context.machine) {
      if (&other == &libraries) for_other_machines.push_back(&library);
      continue;
    }
    files.add(library);
    by_package[library.package].push_back(&library);
    if (!library.soname.empty()) held.emplace(library.soname, &library);
    if (library.soname != file_name(library.path)) held.emplace(file_name(library.path), &library);
  }
}

const std::vector<const HeldLibrary*>& EnvironmentGround::of_package(const std::string& name) const {
  static const std::vector<const HeldLibrary*> kNone;
  const auto at = by_package.find(name);
  return at == by_package.end() ? kNone : at->second;
}

ImportedPackage EnvironmentGround::imported(const std::string& name,
                                            const std::vector<const HeldLibrary*>& of_it) const {
  return imported_package(ground.files, libraries.folders, name, of_it);
}

bool EnvironmentGround::is_module(const HeldLibrary& library) {
  const std::string name = file_name(library.path);
  if (is_named_as_module(name)) return true;
  const DynamicSymbols* symbols = name.ends_with(".so") ? files.symbols(library.real_path) : nullptr;
  return symbols != nullptr && symbols->defines("PyInit_" + name.substr(0, name.find('.')), nullptr);
}

void EnvironmentGround::read_symbols_of(const std::vector<const HeldLibrary*>& all) {
  std::vector<std::string> paths;
  for (const HeldLibrary* library : all) {
    const std::string name = file_name(library->path);
    if (name.ends_with(".so") && !is_named_as_module(name)) paths.push_back(library->real_path);
  }
  files.read_symbols(paths);
}

}  // namespace varve
