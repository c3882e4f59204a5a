#include "loading/imports/lacking_requirements.h"

#include <algorithm>
#include <array>

#include "package/python_metadata.h"

namespace varve {

namespace {
// Modules of Python's own that packages of the same name brought to older Pythons.
constexpr std::array<std::string_view, 16> kOfPython = {
    "argparse",  "asyncio", "configparser",    "contextvars", "dataclasses", "enum",       "functools", "importlib",
    "ipaddress", "logging", "multiprocessing", "pathlib",     "selectors",   "statistics", "typing",    "uuid"};
constexpr std::size_t kMostMetadata = std::size_t{1} << 20;

std::string metadata_of(const Files& files, const std::string& folder, const std::string& package) {
  const std::string wanted = normal_package_name(package);
  for (const std::string& entry : files.list(folder).value.value_or(std::vector<std::string>{})) {
    const std::size_t dash = entry.find('-');
    const bool is_of_it = entry.ends_with(".dist-info") && normal_package_name(entry.substr(0, dash)) == wanted;
    if (is_of_it) return files.read(folder + "/" + entry + "/METADATA", kMostMetadata).value.value_or("");
  }
  return {};
}
}  // namespace

std::vector<std::string> lacking_requirements(const Files& files, const std::vector<std::string>& folders,
                                              const ImportedPackage& package) {
  std::vector<std::string> lacking;
  if (package.folder.empty() || !package.start.is_known()) return lacking;
  for (const std::string& stated : parse_metadata(metadata_of(files, package.folder, package.name)).requirements) {
    const std::optional<PackageRequirement> wanted = parse_requirement(stated);
    if (!wanted || !wanted->marker.empty()) continue;
    // Which module a package of another name brings (Pillow's PIL) no list here tells.
    std::string module = normal_package_name(wanted->name);
    std::replace(module.begin(), module.end(), '-', '_');
    const bool is_of_python = std::find(kOfPython.begin(), kOfPython.end(), module) != kOfPython.end();
    if (is_of_python || !package.start.all_imports().contains(module)) continue;
    const bool there = std::any_of(folders.begin(), folders.end(),
                                   [&](const std::string& folder) { return holds_module(files, folder, module); });
    if (!there) lacking.push_back(module);
  }
  return lacking;
}

}  // namespace varve
