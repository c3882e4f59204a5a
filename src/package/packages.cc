#include "package/packages.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/at_once.h"
#include "base/json.h"
#include "base/text.h"
#include "package/bare_packages.h"
#include "package/package_cuda.h"
#include "package/package_framework.h"
#include "package/path_files.h"
#include "package/python_metadata.h"
#include "package/python_record.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostMetadata = std::size_t{256} << 10;
constexpr std::size_t kMostCondaRecord = std::size_t{16} << 20;
constexpr std::size_t kMostPackages = 4096;

// "nvidia_cublas_cu12-12.1.3.1.dist-info" → "nvidia-cublas-cu12": the name ends before a dash and a digit.
std::string name_in_metadata_folder(std::string_view folder) {
  std::string_view stem = folder.substr(0, folder.rfind('.'));
  for (std::size_t at = stem.find('-'); at != std::string_view::npos; at = stem.find('-', at + 1)) {
    if (at + 1 < stem.size() && stem[at + 1] >= '0' && stem[at + 1] <= '9')
      return normal_package_name(stem.substr(0, at));
  }
  return normal_package_name(stem);
}

std::string version_in_metadata_folder(std::string_view folder) {
  const std::string_view stem = folder.substr(0, folder.rfind('.'));
  const std::size_t dash = stem.find('-');
  return dash == std::string_view::npos ? std::string() : clean_utf8(stem.substr(dash + 1), 64);
}

std::string installer_of(const Files& files, const std::string& metadata, const EnvironmentPlace& place) {
  const Looked<std::string> text = read_value(files, metadata + "/INSTALLER");
  if (text) return clean_utf8(split(*text, '\n').front(), 32);
  // dpkg leaves no INSTALLER; /usr/local and home directories are not its own (Debian Python Policy 3.1.1).
  const bool debian = place.kind == EnvironmentKind::system && place.path.starts_with("/usr/lib/") &&
                      place.path.ends_with("dist-packages");
  return debian ? "dpkg" : "";
}

// Whether a package asks for a framework, whatever else is installed.
bool asks_for_framework(const std::vector<std::string>& stated) {
  return std::any_of(stated.begin(), stated.end(), [](const std::string& line) {
    const std::optional<PackageRequirement> wanted = parse_requirement(line);
    if (!wanted || wanted->marker.find("extra") != std::string::npos) return false;
    const PackageRow* row = find_package_row(normal_package_name(wanted->name));
    return row != nullptr && row->role == PackageRole::framework;
  });
}

InstalledPackage read_metadata(const Files& files, const EnvironmentPlace& place, const std::string& folder,
                               const std::string& name) {
  InstalledPackage found;
  found.folder = folder;
  found.metadata = name;
  const std::string path = folder + "/" + name;
  Looked<std::string> text =
      read_start(files, path + (name.ends_with(".dist-info") ? "/METADATA" : "/PKG-INFO"), kMostMetadata);
  if (!text && name.ends_with(".egg-info")) text = read_start(files, path, kMostMetadata);  // a file of its own
  PackageMetadata metadata = text ? parse_metadata(*text) : PackageMetadata{};
  // An egg's EGG-INFO stands in a folder that has the name.
  const std::string stem = name == "EGG-INFO" ? file_name(folder) : name;
  found.asks_for_framework = asks_for_framework(metadata.requirements);
  found.row = find_package_row(name_in_metadata_folder(stem));
  if (found.row == nullptr) found.row = &unlisted_extension();
  found.package.name = metadata.name.empty() ? name_in_metadata_folder(stem) : clean_utf8(metadata.name, 128);
  found.package.version = metadata.version.empty() ? version_in_metadata_folder(stem) : metadata.version;
  found.package.role = found.row->role;
  found.package.installer = installer_of(files, path, place);
  found.stated = std::move(metadata.requirements);
  return found;
}

// A wheel may carry the egg-info that its build left (lightseq): it is the package that its dist-info tells of.
void drop_carried_metadata(std::vector<InstalledPackage>& read) {
  std::set<std::pair<std::string, std::string>> told;
  const auto key = [](const Package& package) { return std::pair(normal_package_name(package.name), package.version); };
  for (const InstalledPackage& one : read) {
    if (one.metadata.ends_with(".dist-info")) told.insert(key(one.package));
  }
  std::erase_if(read, [&](const InstalledPackage& one) {
    return one.metadata.ends_with(".egg-info") && told.contains(key(one.package));
  });
}

// The metadata of a folder of packages. What "setup.py install" wrote is a folder of packages of its own,
// "gpu_ops-1.0-py3.11-linux-x86_64.egg", with EGG-INFO. Files are read and parsed on all processors.
void add_folder(const Files& files, const EnvironmentPlace& place, const std::string& folder,
                std::vector<InstalledPackage>& packages) {
  struct Metadata {
    std::string folder, name;
  };
  std::vector<Metadata> listed;
  for (const std::string& name : files.list(folder).value.value_or(std::vector<std::string>{})) {
    if (packages.size() + listed.size() >= kMostPackages) break;
    const std::string egg = folder + "/" + name;
    if (name.ends_with(".egg") && files.exists(egg + "/EGG-INFO/PKG-INFO")) listed.push_back({egg, "EGG-INFO"});
    if (name.ends_with(".dist-info") || name.ends_with(".egg-info")) listed.push_back({folder, name});
  }
  std::vector<InstalledPackage> read(listed.size());
  for_each_at_once(listed.size(),
                   [&](std::size_t i) { read[i] = read_metadata(files, place, listed[i].folder, listed[i].name); });
  drop_carried_metadata(read);
  std::move(read.begin(), read.end(), std::back_inserter(packages));
}

bool is_at_or_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

// What path files lead to: packages installed to be edited, whose metadata stands in the environment (PEP 660) or
// beside their sources (setup.py develop), and packages of other environments. Of one name the first on the path
// counts.
void add_packages_on_path(const Files& files, const EnvironmentPlace& place, std::vector<InstalledPackage>& packages) {
  if (place.path_folders.empty()) return;
  std::set<std::string> names;
  for (InstalledPackage& installed : packages) {
    names.insert(normal_package_name(installed.package.name));
    const std::string project = editable_project(files, installed.folder + "/" + installed.metadata);
    if (project.empty()) continue;
    for (const std::string& folder : place.path_folders) {
      if (is_at_or_below(folder, project)) installed.sources.push_back(folder);
    }
  }
  for (const std::string& folder : place.path_folders) {
    std::vector<InstalledPackage> found;
    add_folder(files, place, folder, found);
    const bool is_environment = folder.ends_with("/site-packages") || folder.ends_with("/dist-packages");
    for (InstalledPackage& installed : found) {
      if (!names.insert(normal_package_name(installed.package.name)).second) continue;
      if (!is_environment) installed.sources = {installed.folder};
      if (packages.size() < kMostPackages) packages.push_back(std::move(installed));
    }
  }
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return {};
  return clean_utf8(found->get_ref<const std::string&>(), 128);
}

// "pytorch-2.1.2-py3.11_cuda12.1_cudnn8.9.2_0.json": name, version and build; neither of the last two has a dash.
std::string name_in_conda_record(std::string_view file) {
  std::string_view stem = file.substr(0, file.size() - std::string_view(".json").size());
  for (int cut = 0; cut < 2; ++cut) {
    const std::size_t dash = stem.rfind('-');
    if (dash == std::string_view::npos) return {};
    stem = stem.substr(0, dash);
  }
  return normal_package_name(stem);
}

void keep_conda_files(const Json& json, const PackageRow& row, std::vector<std::string>& kept) {
  const auto list = json.find("files");
  if (list == json.end() || !list->is_array() || !row.has_gpu_code()) return;
  for (const Json& file : *list) {
    if (!file.is_string()) continue;
    const std::string& path = file.get_ref<const std::string&>();
    if (is_shared_library_name(path) || gpu_compiler_at(path)) kept.push_back(path);
  }
}

struct CondaRecord {
  InstalledPackage installed;
  std::string build;
};

std::optional<CondaRecord> read_conda_record(const Files& files, const std::string& folder, const std::string& name) {
  if (!name.ends_with(".json")) return std::nullopt;
  CondaRecord record;
  InstalledPackage& found = record.installed;
  found.row = find_conda_row(name_in_conda_record(name));
  if (found.row == nullptr) return std::nullopt;
  found.conda_record = folder + "/" + name;
  const Looked<std::string> text = files.read(found.conda_record, kMostCondaRecord);
  if (!text) return std::nullopt;
  const Result<Json> json = parse_json(*text, "reading conda's record of a package", found.conda_record);
  if (!json || !json->is_object()) return std::nullopt;
  found.package.name = text_of(*json, "name");
  found.package.version = text_of(*json, "version");
  found.package.role = found.row->role;
  found.package.installer = "conda";
  record.build = text_of(*json, "build");
  const auto depends = json->find("depends");
  if (depends != json->end() && depends->is_array()) {
    for (const Json& row : *depends) {
      if (row.is_string() && found.stated.size() < kMostPackages) {
        found.stated.push_back(clean_utf8(row.get_ref<const std::string&>(), 256));
      }
    }
  }
  keep_conda_files(*json, *found.row, found.conda_files);
  if (found.package.name.empty()) return std::nullopt;
  return record;
}

using Builds = std::map<std::string, std::string>;  // conda's build strings by record

// conda's "pytorch" is torch: one thing has one name. Not so where a package of that name is there too (cupy,
// cupy-core).
void take_known_name(const std::vector<InstalledPackage>& packages, InstalledPackage& installed) {
  const std::string& known_as = installed.row->name;
  const bool is_alias = installed.row->role == PackageRole::framework && known_as.find('*') == std::string::npos;
  const bool taken = std::any_of(packages.begin(), packages.end(), [&](const InstalledPackage& other) {
    return normal_package_name(other.package.name) == known_as;
  });
  if (is_alias && !taken) installed.package.name = known_as;
}

// conda's Python packages have a dist-info too: one package, with both lists of files.
void add_conda(const Files& files, const EnvironmentPlace& place, std::vector<InstalledPackage>& packages,
               Builds& builds) {
  if (place.conda_meta.empty()) return;
  for (const std::string& name : files.list(place.conda_meta).value.value_or(std::vector<std::string>{})) {
    std::optional<CondaRecord> record = read_conda_record(files, place.conda_meta, name);
    if (!record) continue;
    builds[record->installed.conda_record] = record->build;
    const auto same = std::find_if(packages.begin(), packages.end(), [&](const InstalledPackage& other) {
      return other.conda_record.empty() && other.row == record->installed.row && other.package.is_of_conda() &&
             other.package.version.starts_with(record->installed.package.version);
    });
    if (same == packages.end()) {
      take_known_name(packages, record->installed);
      packages.push_back(std::move(record->installed));
      continue;
    }
    same->conda_record = std::move(record->installed.conda_record);
    same->conda_files = std::move(record->installed.conda_files);
  }
}

// Joins what packages ask for with what is there.
class Joiner {
 public:
  Joiner(const std::vector<InstalledPackage>& packages, std::string python) : python_(std::move(python)) {
    for (const InstalledPackage& installed : packages) {
      by_name_.emplace(normal_package_name(installed.package.name), &installed);
    }
  }

  std::vector<Requirement> requirements(const InstalledPackage& installed) {
    found_.clear();
    if (!installed.row->has_gpu_code()) return {};
    for (const std::string& line : installed.stated) {
      if (installed.metadata.empty()) {
        add_conda_line(line);
      } else {
        add_line(line, *installed.row);
      }
    }
    return std::move(found_);
  }

 private:
  const InstalledPackage* find(const std::string& name) const {
    const auto found = by_name_.find(normal_package_name(name));
    return found == by_name_.end() ? nullptr : found->second;
  }

  void add(const std::string& name, const std::string& specifier) {
    const PackageRow* row = find_package_row(normal_package_name(name));
    if (row == nullptr || !(row->has_gpu_code() || row->opens_wheels)) return;
    for (const Requirement& other : found_) {
      if (other.name == name && other.specifier == specifier) return;
    }
    const InstalledPackage* installed = find(name);
    found_.push_back({name, specifier, installed == nullptr ? std::string() : installed->package.version});
  }

  void add_line(const std::string& line, const PackageRow& row) {
    const std::optional<PackageRequirement> wanted = parse_requirement(line);
    if (!wanted) return;
    const MarkerContext context{.python = python_, .extras = {row.extras.begin(), row.extras.end()}};
    if (!marker_applies(wanted->marker, context)) return;
    const InstalledPackage* target = find(wanted->name);
    if (marker_needs_extra(wanted->marker, context) && target == nullptr) return;
    add(wanted->name, wanted->specifier);
    if (wanted->extras.empty() || target == nullptr) return;
    // cuda-toolkit[cublas,cudart]: what these extras of the other package ask for is asked for here.
    const MarkerContext asked{.python = python_, .extras = {wanted->extras.begin(), wanted->extras.end()}};
    for (const std::string& deeper : target->stated) {
      const std::optional<PackageRequirement> part = parse_requirement(deeper);
      if (part && marker_needs_extra(part->marker, asked)) add(part->name, part->specifier);
    }
  }

  // "cudatoolkit >=11.8,<12 *_0": name, version, build.
  void add_conda_line(const std::string& line) {
    const std::vector<std::string_view> words = split_words(line);
    if (words.empty()) return;
    const std::string wanted(words[0]);
    const PackageRow* row = find_conda_row(normal_package_name(wanted));
    const bool known = row != nullptr && find(wanted) == nullptr && find(row->name) != nullptr;
    add(known ? row->name : wanted, words.size() > 1 ? std::string(words[1]) : std::string());
  }

  std::map<std::string, const InstalledPackage*> by_name_;
  std::string python_;
  std::vector<Requirement> found_;
};

const std::string& folder_of_files(const InstalledPackage& installed) {
  return installed.sources.empty() ? installed.folder : installed.sources.front();
}

// "3.11.7" → "3.11"
std::string minor_python(const Fact& python) {
  if (!python.is_known() || !std::holds_alternative<std::string>(*python.value)) return {};
  const std::string& version = std::get<std::string>(*python.value);
  return version.substr(0, version.find('.', version.find('.') + 1));
}
}  // namespace

std::vector<InstalledPackage> read_packages(const Files& files, const EnvironmentPlace& place) {
  std::vector<InstalledPackage> packages;
  for (const std::string& folder : place.folders) add_folder(files, place, folder, packages);
  // conda's records tell of the others in its prefix.
  for (const std::string& folder : place.conda_meta.empty() ? place.folders : std::vector<std::string>{}) {
    std::vector<InstalledPackage> bare = bare_packages(files, folder, packages);
    std::move(bare.begin(), bare.end(), std::back_inserter(packages));
  }
  add_packages_on_path(files, place, packages);
  Builds builds;
  add_conda(files, place, packages, builds);
  std::stable_sort(packages.begin(), packages.end(), [](const InstalledPackage& a, const InstalledPackage& b) {
    return normal_package_name(a.package.name) < normal_package_name(b.package.name);
  });
  Joiner joiner(packages, minor_python(place.python));
  for (InstalledPackage& installed : packages) installed.package.requirements = joiner.requirements(installed);
  for (InstalledPackage& installed : packages) {
    const std::string build = installed.conda_record.empty() ? std::string() : builds[installed.conda_record];
    installed.package.cuda =
        cuda_of_package(files, *installed.row, installed.package,
                        {.folder = folder_of_files(installed), .build = build, .build_source = "conda-meta"});
    set_built_for(files, *installed.row, folder_of_files(installed), installed.package);
  }
  return packages;
}

}  // namespace varve
