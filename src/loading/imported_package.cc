#include "loading/imported_package.h"

#include <algorithm>
#include <set>

#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
bool is_below(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::vector<std::string> tops_of(const Files& files, const std::string& name, const std::string& folder,
                                 const std::vector<const HeldLibrary*>& libraries) {
  std::vector<std::string> names;
  if (const PackageRow* row = find_package_row(normal_package_name(name))) names = row->folders;
  names.insert(names.begin(), normal_package_name(name));
  std::replace(names[0].begin(), names[0].end(), '-', '_');
  for (const std::string& one : names) {
    if (!folder.empty() && files.exists(folder + "/" + one + "/__init__.py")) return {one};
  }
  std::set<std::string> tops;
  for (const HeldLibrary* library : libraries) {
    if (folder.empty() || !is_below(library->path, folder)) continue;
    const std::string below = library->path.substr(folder.size() + 1);
    std::size_t slash = below.find('/');
    for (int depth = 0; depth < 3 && slash != std::string::npos; ++depth, slash = below.find('/', slash + 1)) {
      const std::string top = below.substr(0, slash);
      if (tops.contains(top)) break;
      if (!files.exists(folder + "/" + top + "/__init__.py")) continue;
      tops.insert(top);
      break;
    }
  }
  std::vector<std::string> modules;
  for (std::string top : tops) {
    std::replace(top.begin(), top.end(), '/', '.');
    modules.push_back(top);
  }
  return modules;
}
}  // namespace

std::string ImportedPackage::module_of(const HeldLibrary& library) const {
  std::string module = library.path.substr(std::min(folder.size() + 1, library.path.size()));
  module.resize(std::min(module.find('.', module.rfind('/') + 1), module.size()));
  std::replace(module.begin(), module.end(), '/', '.');
  return module;
}

ImportedPackage imported_package(const Files& files, const std::vector<std::string>& folders, const std::string& name,
                                 const std::vector<const HeldLibrary*>& libraries) {
  std::string folder;
  for (const std::string& one : folders) {
    if (!libraries.empty() && is_below(libraries.front()->path, one)) folder = one;
  }
  std::vector<std::string> tops = tops_of(files, name, folder, libraries);
  PackageStart start(files, folder, tops);
  return {name, folder, libraries, std::move(tops), std::move(start)};
}

}  // namespace varve
