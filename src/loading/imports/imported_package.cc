#include "loading/imports/imported_package.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kMostSharedSource = 4096;

bool is_below(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

// A folder that several packages share, as pkgutil and pkg_resources make them: importing it imports nothing below it.
bool is_shared_folder(const Files& files, const std::string& folder) {
  const Looked<std::string> source = files.read(folder + "/__init__.py", kMostSharedSource);
  const auto has = [&](std::string_view part) { return source->find(part) != std::string::npos; };
  return source && (has("extend_path(") || has("declare_namespace(")) && !has("from .");
}

// "persia-cuda102" is imported as "persia": its name without the CUDA that it is built for; empty: it names none.
std::string without_cuda(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos) return {};
  std::string_view suffix = std::string_view(name).substr(dash + 1);
  if (!suffix.starts_with("cu")) return {};
  suffix.remove_prefix(suffix.starts_with("cuda") ? 4 : 2);
  if (suffix.ends_with('x')) suffix.remove_suffix(1);
  const bool is_number = suffix.find_first_not_of("0123456789") == std::string_view::npos;
  return suffix.empty() || !is_number ? std::string() : name.substr(0, dash);
}

// `sources`: where the Python files of a package that is installed to be edited may stand.
std::vector<std::string> tops_of(const Files& files, const std::string& name, const std::string& folder,
                                 const std::vector<std::string>& sources,
                                 const std::vector<const HeldLibrary*>& libraries) {
  const auto has_start = [&](const std::string& top) {
    const std::string below = "/" + top + "/__init__.py";
    return files.exists(folder + below) || std::any_of(sources.begin(), sources.end(), [&](const std::string& source) {
             return files.exists(source + below);
           });
  };
  std::vector<std::string> names;
  if (const PackageRow* row = find_package_row(normal_package_name(name))) names = row->folders;
  names.insert(names.begin(), normal_package_name(name));
  if (const std::string plain = without_cuda(names[0]); !plain.empty()) names.push_back(plain);
  for (std::string* one : {&names.front(), &names.back()}) std::replace(one->begin(), one->end(), '-', '_');
  std::erase_if(names, [&](const std::string& one) { return folder.empty() || !has_start(one); });
  // A row for several packages names the folder of one of them (libcudf of libcudf-streaming).
  for (const std::string& one : names) {
    if (!libraries.empty() && is_shared_folder(files, folder + "/" + one)) continue;
    const auto is_in_it = [&](const HeldLibrary* library) { return is_below(library->path, folder + "/" + one); };
    if (libraries.empty() || std::any_of(libraries.begin(), libraries.end(), is_in_it)) return {one};
  }
  std::set<std::string> tops;
  for (const HeldLibrary* library : libraries) {
    if (folder.empty() || !is_below(library->path, folder)) continue;
    const std::string below = library->path.substr(folder.size() + 1);
    std::string found;
    std::size_t slash = below.find('/');
    for (int depth = 0; depth < 3 && slash != std::string::npos; ++depth, slash = below.find('/', slash + 1)) {
      const std::string top = below.substr(0, slash);
      const bool is_known = tops.contains(top);
      if (!is_known && !has_start(top)) continue;
      found = top;
      if (is_known || !is_shared_folder(files, folder + "/" + top)) break;
    }
    if (!found.empty()) tops.insert(found);
  }
  if (tops.empty() && !names.empty()) return {names.front()};
  std::vector<std::string> modules;
  for (std::string top : tops) {
    std::replace(top.begin(), top.end(), '/', '.');
    modules.push_back(top);
  }
  return modules;
}

// pylate_rs/pylate_rs.cpython-310-x86_64-linux-gnu.so in a folder that holds no Python: an __init__.py that runs it was
// left out of the wheel, and there is nothing else to import. Copies of libraries beside it (pylate_rs.libs) are none.
bool is_module_of_folder(const Files& files, const ImportedPackage& package) {
  const HeldLibrary* only = nullptr;
  for (const HeldLibrary* library : package.libraries) {
    const std::size_t slash = library->path.rfind('/');
    if (slash != std::string::npos && library->path.substr(0, slash).ends_with(".libs")) continue;
    if (only != nullptr) return false;
    only = library;
  }
  if (only == nullptr || !package.tops.empty()) return false;
  const std::string module = package.module_of(*only);
  const std::vector<std::string_view> names = split(module, '.');
  if (names.size() != 2 || names[0] != names[1]) return false;
  const auto beside = files.list(package.folder + "/" + std::string(names[0])).value;
  return beside &&
         std::none_of(beside->begin(), beside->end(), [](const std::string& file) { return file.ends_with(".py"); });
}
}  // namespace

std::string ImportedPackage::module_of(const HeldLibrary& library) const {
  std::string module = library.path.substr(std::min(folder.size() + 1, library.path.size()));
  module.resize(std::min(module.find('.', module.rfind('/') + 1), module.size()));
  std::replace(module.begin(), module.end(), '/', '.');
  return module;
}

bool ImportedPackage::runs_nothing_for(const HeldLibrary& library) const {
  return tops.empty() && module_of(library).find('.') != std::string::npos;
}

bool ImportedPackage::is_apart(const HeldLibrary& library) const {
  const std::string module = module_of(library);
  const bool is_below = std::any_of(
      tops.begin(), tops.end(), [&](const std::string& top) { return module == top || module.starts_with(top + "."); });
  return !is_below && module.find('.') != std::string::npos && start.does_without(module);
}

bool ImportedPackage::is_one_module() const {
  return tops.empty() && (is_module_of_its_folder ||
                          (libraries.size() == 1 && module_of(*libraries.front()).find('.') == std::string::npos));
}

ImportedPackage imported_package(const Files& files, const std::vector<std::string>& folders, const std::string& name,
                                 const std::vector<const HeldLibrary*>& libraries) {
  std::string folder;
  for (const std::string& one : folders) {
    if (!libraries.empty() && is_below(libraries.front()->path, one)) folder = one;
    std::string top = normal_package_name(name);
    std::replace(top.begin(), top.end(), '-', '_');
    if (libraries.empty() && folder.empty() && files.exists(one + "/" + top + "/__init__.py")) folder = one;
    // One that puts its files into the folder of others (jax_plugins of jax-cuda12-pjrt).
    const PackageRow* row = find_package_row(normal_package_name(name));
    for (const std::string& shared : row == nullptr ? std::vector<std::string>{} : row->folders) {
      if (libraries.empty() && folder.empty() && files.exists(one + "/" + shared)) folder = one;
    }
  }
  std::vector<std::string> sources;
  for (const std::string& one : folders) {
    if (one != folder && !one.ends_with("-packages")) sources.push_back(one);
  }
  std::vector<std::string> tops = tops_of(files, name, folder, sources, libraries);
  PackageStart start(files, folder, tops, std::move(sources));
  ImportedPackage package{name, folder, libraries, std::move(tops), std::move(start), false};
  package.is_module_of_its_folder = is_module_of_folder(files, package);
  return package;
}

bool holds_module(const Files& files, std::string folder, const std::string& module) {
  const std::vector<std::string_view> parts = split(module, '.');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) folder.append("/").append(parts[i]);
  const std::string name(parts.back());
  const std::vector<std::string> names = files.list(folder).value.value_or(std::vector<std::string>{});
  return std::any_of(names.begin(), names.end(), [&](const std::string& file) {
    // numpy.libs beside numpy holds copies of libraries.
    return file == name || (file.starts_with(name + ".") && !file.ends_with(".libs"));
  });
}
std::vector<std::string> lacking_modules(const Files& files, const std::vector<std::string>& folders,
                                         const PackageStart& start) {
  std::vector<std::string> lacking;
  if (folders.empty()) return lacking;
  for (const std::string& name : start.all_imports()) {
    const PackageRow* row = find_package_row(normal_package_name(name));
    const bool is_part = name.find('.') != std::string::npos;
    if (row == nullptr) continue;
    if (is_part ? row->name != normal_package_name(name) : row->role != PackageRole::framework) continue;
    const bool there = std::any_of(folders.begin(), folders.end(),
                                   [&](const std::string& folder) { return holds_module(files, folder, name); });
    if (!there) lacking.push_back(name);
  }
  return lacking;
}

std::vector<std::string> modules_to_compile(const Files& files, const std::vector<std::string>& folders,
                                            const PackageStart& start) {
  std::vector<std::string> modules = start.compiled_modules();
  std::erase_if(modules, [&](const std::string& module) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const std::string& folder) { return holds_module(files, folder, module); });
  });
  return modules;
}

}  // namespace varve
