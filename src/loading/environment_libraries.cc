#include "loading/environment_libraries.h"

#include <algorithm>

#include "base/text.h"
#include "world/world.h"

namespace varve {

namespace {
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
  for (const char* own : {"/bin/python3", "/bin/python"}) {
    const bool is_whole = place.kind == EnvironmentKind::venv || place.kind == EnvironmentKind::conda;
    const Looked<std::string> path = ground.files.resolve(place.path + own);
    libraries.has_own_python = libraries.has_own_python || (is_whole && path && *path == libraries.program);
  }
  libraries.for_other_pythons = reading.for_other_pythons;
  libraries.folders = place.folders;
  libraries.folders.insert(libraries.folders.end(), place.path_folders.begin(), place.path_folders.end());
  libraries.shares = place.sees_system || (place.kind != EnvironmentKind::venv && place.kind != EnvironmentKind::conda);
  if (place.frozen) {
    libraries.program = ground.files.resolve(place.frozen->program).value.value_or("");
    libraries.library_path = place.frozen->folder;
    libraries.interpreter = place.frozen->interpreter;
    libraries.has_own_python = true;
    libraries.shares = false;
  }
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

}  // namespace varve
