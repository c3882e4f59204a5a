#include "harness/imported_packages.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/redact.h"
#include "base/text.h"
#include "package/environments.h"
#include "package/packages.h"
#include "package/python_metadata.h"
#include "package/python_record.h"

namespace varve {

namespace {
// "/venv/lib/python3.11/site-packages" of a path below it; empty: it is below none.
std::string package_folder_of(const std::string& path) {
  for (const std::string_view name : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t at = path.find(name);
    if (at != std::string::npos) return path.substr(0, at + name.size() - 1);
  }
  return "";
}

std::vector<std::string> full_paths(const std::vector<Library>& libraries, const std::string& home) {
  std::vector<std::string> paths;
  for (const Library& library : libraries) {
    const bool short_home = library.path.starts_with("~/") && !home.empty();
    paths.push_back(short_home ? home + library.path.substr(1) : library.path);
  }
  return paths;
}

bool is_python(const std::string& path) {
  const std::string name = file_name(path);
  return name.starts_with("python") || name.starts_with("libpython");
}

// Above lib/python3.11/site-packages, where that is what the folder is called; else the folder itself.
Result<EnvironmentPlace> place_of_folder(const Files& files, const std::string& folder) {
  const std::filesystem::path path(folder);
  if (path.parent_path().filename().string().starts_with("python")) {
    const auto place = environment_at(files, path.parent_path().parent_path().parent_path().string());
    const auto has_it = [&](const EnvironmentPlace& at) {
      return std::find(at.folders.begin(), at.folders.end(), files.resolve(folder).value.value_or(folder)) !=
             at.folders.end();
    };
    if (place && has_it(*place)) return place;
  }
  return environment_at(files, folder);
}

std::string prefix_of(const std::string& program) {
  return std::filesystem::absolute(program).lexically_normal().parent_path().parent_path().string();
}

// That of a program in a venv, or of an interpreter, which may be a link to another place's.
Result<EnvironmentPlace> place_of_program(const Files& files, const std::string& program) {
  const std::string prefix = prefix_of(program);
  if (files.exists(prefix + "/pyvenv.cfg") || is_python(program)) {
    Result<EnvironmentPlace> place = environment_at(files, prefix);
    if (place) return place;
  }
  if (!is_python(program)) return Error{"looking for an environment", program, "it stands in none", ""};
  const std::string path = std::filesystem::absolute(program).lexically_normal().string();
  return environment_at(files, prefix_of(files.resolve(path).value.value_or(path)));
}

Result<EnvironmentPlace> find_place(const Files& files, const std::string& program,
                                    const std::vector<std::string>& mapped) {
  std::map<std::string, int> folders;
  for (const std::string& path : mapped) {
    if (const std::string folder = package_folder_of(path); !folder.empty()) ++folders[folder];
  }
  const auto most = std::max_element(folders.begin(), folders.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != folders.end()) {
    Result<EnvironmentPlace> place = place_of_folder(files, most->first);
    if (place) return place;
  }
  Result<EnvironmentPlace> place = place_of_program(files, program);
  for (std::size_t i = 0; !place && i < mapped.size(); ++i) {  // "env python3 x.py": the interpreter, or its library
    if (is_python(mapped[i])) place = environment_at(files, prefix_of(mapped[i]));
  }
  return place;
}

// The environment's path as the program's own has it, where that leads there: "current", a link to "venv-2026".
std::string path_as_called(const Files& files, const EnvironmentPlace& place, const std::string& program) {
  const std::string prefix = prefix_of(program);
  return files.resolve(prefix).value == place.path ? prefix : place.path;
}

// Which package lists a mapped library, by its RECORD.
void find_owners(const Files& files, const InstalledPackage& installed, const std::map<std::string, std::string>& shown,
                 std::map<std::string, std::string>& owners) {
  const std::string where = installed.folder + "/" + installed.metadata + "/RECORD";
  const Looked<FileReader> record = files.open(where);
  if (!record) return;
  const Status read = read_record(*record, where, [&](std::string_view row) {
    if (!is_shared_library_name(row)) return;
    const auto found = shown.find(path_below(installed.folder, row));
    if (found != shown.end()) owners.emplace(found->second, installed.package.name);
  });
  static_cast<void>(read);  // what could be read counts
}
using InstalledByName = std::map<std::string, const InstalledPackage*>;  // by normal_package_name

// What a package asks for among those that are installed. An extra that it names of another package
// ("cuda-toolkit[cublas]") makes what that extra asks for its own request. In the order of the lines, each once.
std::vector<std::string> asked_for(const InstalledPackage& installed, const InstalledByName& by_name,
                                   const std::string& python) {
  std::vector<std::string> asked;
  const auto add = [&](const std::string& name) {
    const auto found = by_name.find(normal_package_name(name));
    if (found == by_name.end() || found->second == &installed) return static_cast<const InstalledPackage*>(nullptr);
    const std::string& spelled = found->second->package.name;
    if (std::find(asked.begin(), asked.end(), spelled) == asked.end()) asked.push_back(spelled);
    return found->second;
  };
  for (const std::string& line : installed.stated) {
    const std::optional<PackageRequirement> wanted = parse_requirement(line);
    if (!wanted || !marker_applies(wanted->marker, {.python = python, .extras = {}})) continue;
    const InstalledPackage* target = add(wanted->name);
    if (target == nullptr || wanted->extras.empty()) continue;
    const MarkerContext context{.python = python, .extras = {wanted->extras.begin(), wanted->extras.end()}};
    for (const std::string& deeper : target->stated) {
      const std::optional<PackageRequirement> part = parse_requirement(deeper);
      if (part && marker_needs_extra(part->marker, context)) add(part->name);
    }
  }
  return asked;
}

void add_requirements(const std::vector<InstalledPackage>& packages, ImportedPackages& imported) {
  InstalledByName by_name;
  for (const InstalledPackage& installed : packages) {
    by_name.emplace(normal_package_name(installed.package.name), &installed);
  }
  for (const InstalledPackage& installed : packages) {
    if (installed.metadata.empty()) continue;  // conda's lines are of another form
    std::vector<std::string> asked = asked_for(installed, by_name, imported.python);
    if (!asked.empty()) imported.requirements.emplace(installed.package.name, std::move(asked));
  }
}
}  // namespace

std::optional<ImportedPackages> imported_packages(const PreparedVariant& variant, const RecordingGround& ground) {
  const Files& files = ground.world.files;
  const std::string home = environment_value(ground.world.environment, "HOME");
  const std::vector<std::string> mapped = full_paths(ground.libraries, home);
  const bool any_python = is_python(variant.program) || std::any_of(mapped.begin(), mapped.end(), is_python);
  if (!any_python) return std::nullopt;
  ImportedPackages imported;
  const Result<EnvironmentPlace> place = find_place(files, variant.program, mapped);
  if (!place) {
    imported.missing = "no environment was found at the program or below what it mapped";
    return imported;
  }
  imported.environment = clean_utf8(shorten_home(path_as_called(files, *place, variant.program), home));
  if (place->python.is_known()) imported.python = value_text(*place->python.value);
  std::map<std::string, std::string> shown;  // paths as they are, and as the document has them
  for (std::size_t i = 0; i < mapped.size(); ++i) shown.emplace(mapped[i], ground.libraries[i].path);
  const std::vector<InstalledPackage> packages = read_packages(files, *place);
  add_requirements(packages, imported);
  for (const InstalledPackage& installed : packages) {
    imported.versions.emplace(installed.package.name, installed.package.version);
    if (!installed.metadata.empty()) find_owners(files, installed, shown, imported.libraries);
  }
  return imported;
}

}  // namespace varve
