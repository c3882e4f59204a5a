#include "package/bare_packages.h"

#include <algorithm>
#include <set>

#include "base/library_file_name.h"
#include "base/text.h"
#include "package/python_literals.h"
#include "package/python_metadata.h"
#include "package/python_record.h"
#include "tables/package_table.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostFolders = 512;   // of one folder of packages that are looked into
constexpr std::size_t kMostOfPackage = 64;  // folders of a package, for its first library
constexpr std::size_t kMostVersionText = std::size_t{256} << 10;
constexpr const char* kVersionFiles[] = {"version.py", "_version.py", "__init__.py", "__about__.py"};
constexpr const char* kNoVersion = "no metadata, version not told";
constexpr const char* kVersionNames[] = {"__version__", "version", "VERSION"};

using Names = std::vector<std::string>;

Names names_in(const Files& files, const std::string& folder) { return files.list(folder).value.value_or(Names{}); }

bool is_module(const std::string& name) {
  return name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
}

bool may_be_folder(const std::string& name) { return name.find('.') == std::string::npos && name != "__pycache__"; }

// What an import can name: not "~orch", which pip leaves behind, nor "lib-dynload".
bool is_importable_name(const std::string& name) {
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
  };
  return !name.empty() && !is_digit(name.front()) && name != "__pycache__" &&
         std::all_of(name.begin(), name.end(), is_part);
}

// Whether something is imported from it: Python, or a module in it or one level below.
bool is_importable(const Files& files, const std::string& folder, const Names& names) {
  if (std::find(names.begin(), names.end(), "__init__.py") != names.end()) return true;
  if (std::any_of(names.begin(), names.end(), is_module)) return true;
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (!may_be_folder(name)) return false;
    const Names below = names_in(files, folder + "/" + name);
    return std::any_of(below.begin(), below.end(), is_module);
  });
}

bool holds_library(const Files& files, const std::string& top) {
  std::vector<std::string> waiting{top};
  for (std::size_t at = 0; at < waiting.size(); ++at) {
    const std::string folder = waiting[at];
    for (const std::string& name : names_in(files, folder)) {
      if (is_shared_library_name(name)) return true;
      if (may_be_folder(name) && waiting.size() < kMostOfPackage) waiting.push_back(folder + "/" + name);
    }
  }
  return false;
}

std::string as_folder(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Folders that the packages with metadata have by name.
std::set<std::string> told_folders(const std::vector<InstalledPackage>& told) {
  std::set<std::string> folders;
  for (const InstalledPackage& installed : told) {
    folders.insert(as_folder(normal_package_name(installed.package.name)));
    folders.insert(installed.row->folders.begin(), installed.row->folders.end());
  }
  return folders;
}

// Those that they list: in top_level.txt, else in RECORD. Only asked where a name is left over: lists are long.
void add_listed_folders(const Files& files, const std::vector<InstalledPackage>& told, std::set<std::string>& folders) {
  for (const InstalledPackage& installed : told) {
    const std::string own = as_folder(normal_package_name(installed.package.name));
    if (installed.metadata.empty()) continue;
    const std::string metadata = installed.folder + "/" + installed.metadata;
    if (const Looked<std::string> text = read_value(files, metadata + "/top_level.txt")) {
      for (const std::string_view line : split(*text, '\n')) folders.emplace(trim(line));
    }
    const Looked<FileReader> file = files.open(metadata + "/RECORD");
    if (!file) continue;
    (void)read_record_rows(*file, metadata, [&](const RecordRow& listed) {
      const std::size_t slash = listed.path.find('/');
      if (slash != std::string_view::npos && listed.path.substr(0, slash) != own) {
        folders.emplace(listed.path.substr(0, slash));
      }
    });
  }
}

// "ctranslate2.libs/libctranslate2-a7a60d30.so.4.8.5": by the name of the package's own library.
bool set_version_by_library(const Files& files, const std::string& top, const std::string& name, Package& package) {
  for (const char* part : {"", "/lib", "/capi", ".libs"}) {
    for (const std::string& file : names_in(files, top + part)) {
      if (!is_shared_library_name(file)) continue;
      const LibraryFileName parts = split_library_file_name(file);
      const std::string stem(parts.stem.substr(0, parts.stem.find('-')));
      const bool is_whole = std::count(parts.version.begin(), parts.version.end(), '.') == 2;
      if (stem != "lib" + name || !is_whole) continue;
      package.version = clean_utf8(parts.version, 64);
      package.installer = "no metadata, version by " + file;
      return true;
    }
  }
  return false;
}

void set_version(const Files& files, const std::string& top, const std::string& name, Package& package) {
  for (const char* file : kVersionFiles) {
    const Looked<std::string> text = read_start(files, top + "/" + file, kMostVersionText);
    if (!text) continue;
    const auto constants = python_constants(*text);
    for (const char* constant : kVersionNames) {
      const PythonValue* value = find_constant(constants, constant);
      const bool is_version = value != nullptr && value->kind == PythonValue::Kind::text && !value->text.empty() &&
                              is_digit(value->text.front());
      if (!is_version) continue;
      package.version = clean_utf8(value->text, 64);
      package.installer = "no metadata, version by " + name + "/" + file;
      return;
    }
  }
  if (!set_version_by_library(files, top, name, package)) package.installer = kNoVersion;
}

InstalledPackage bare_package(const std::string& folder, const std::string& top, const std::string& name,
                              const PackageRow& row) {
  InstalledPackage found;
  found.row = &row;
  found.folder = folder;
  found.tops = {top};
  found.package.name = clean_utf8(name, 128);
  found.package.role = row.role;
  return found;
}

// nvidia/cublas, nvidia/cu13: the libraries of wheels.
void add_libraries_of_wheels(const Files& files, const std::string& folder, std::vector<InstalledPackage>& found) {
  for (const std::string& name : names_in(files, folder + "/nvidia")) {
    const std::string top = "nvidia/" + name;
    if (!may_be_folder(name) || !holds_library(files, folder + "/" + top)) continue;
    const std::string known_as = "nvidia-" + normal_package_name(name);
    const PackageRow* row = find_package_row(known_as);
    if (row == nullptr) row = find_package_row("nvidia-cuda-runtime");
    if (row == nullptr) continue;
    found.push_back(bare_package(folder, top, known_as, *row));
    found.back().package.installer = kNoVersion;
  }
}

const PackageRow& row_of(const std::string& name) {
  const PackageRow* row = find_folder_row(name);
  return row != nullptr && row->has_gpu_code() ? *row : unlisted_extension();
}

// "llama-cpp-python*" is a name, "nvidia-*-cu12" and what several rows have a folder for are none.
std::string name_for(const std::string& folder, const PackageRow& row) {
  const bool is_plain = !row.name.empty() && row.name.find('*') == std::string::npos;
  return is_plain && row.folders.size() <= 2 && find_package_row(normal_package_name(folder)) == nullptr ? row.name
                                                                                                         : folder;
}
}  // namespace

std::vector<InstalledPackage> bare_packages(const Files& files, const std::string& folder,
                                            const std::vector<InstalledPackage>& told) {
  std::vector<InstalledPackage> found;
  std::set<std::string> known = told_folders(told);
  Names left;
  for (const std::string& name : names_in(files, folder)) {
    if (!is_importable_name(name) || known.contains(as_folder(normal_package_name(name))) || known.contains(name))
      continue;
    const bool is_of_wheels = name == "nvidia";
    const std::string top = folder + "/" + name;
    if (left.size() >= kMostFolders) break;
    if ((is_of_wheels || is_importable(files, top, names_in(files, top))) && holds_library(files, top)) {
      left.push_back(name);
    }
  }
  if (left.empty()) return found;
  add_listed_folders(files, told, known);
  for (const std::string& name : left) {
    if (known.contains(name)) continue;
    if (name == "nvidia") {
      add_libraries_of_wheels(files, folder, found);
      continue;
    }
    const PackageRow& row = row_of(name);
    const bool is_told = &row != &unlisted_extension() &&
                         std::any_of(told.begin(), told.end(), [&](const auto& one) { return one.row == &row; });
    if (is_told) continue;
    // functorch beside torch: another folder of one package.
    const auto same = std::find_if(found.begin(), found.end(), [&](const InstalledPackage& one) {
      return one.row == &row && &row != &unlisted_extension();
    });
    if (same != found.end()) {
      same->tops.push_back(name);
      if (same->package.version.empty()) set_version(files, folder + "/" + name, name, same->package);
      continue;
    }
    found.push_back(bare_package(folder, name, name_for(name, row), row));
    set_version(files, folder + "/" + name, name, found.back().package);
  }
  return found;
}

bool holds_bare_packages(const Files& files, const std::string& folder) {
  return !bare_packages(files, folder, {}).empty();
}

}  // namespace varve
