#include "package/environments.h"

#include <algorithm>
#include <set>

#include "base/redact.h"
#include "base/text.h"
#include "package/bare_packages.h"
#include "package/environment_pointers.h"
#include "package/path_files.h"
#include "package/place/frozen_program.h"
#include "package/place/python_of_place.h"
#include "package/python_metadata.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostPlaces = 128;
constexpr std::size_t kMostChildren = 256;

std::vector<std::string> children(const Files& files, const std::string& directory) {
  std::vector<std::string> names = files.list(directory).value.value_or(std::vector<std::string>{});
  if (names.size() > kMostChildren) names.resize(kMostChildren);
  return names;
}

bool is_directory(const Files& files, const std::string& path) {
  const Looked<FileKind> kind = files.kind(path);
  return kind && *kind == FileKind::directory;
}

bool is_package_metadata(std::string_view name) { return name.ends_with(".dist-info") || name.ends_with(".egg-info"); }

bool holds_packages(const Files& files, const std::string& directory) {
  const Looked<std::vector<std::string>> names = files.list(directory);
  return names && std::any_of(names->begin(), names->end(), is_package_metadata);
}

bool holds_any_packages(const Files& files, const std::string& directory) {
  return holds_packages(files, directory) || holds_bare_packages(files, directory);
}

// prefix/lib/python3.*/site-packages and the like, each once.
std::vector<std::string> package_folders(const Files& files, const std::string& prefix) {
  std::vector<std::string> folders;
  for (const char* lib : {"/lib", "/lib64"}) {
    for (const std::string& name : children(files, prefix + lib)) {
      if (!name.starts_with("python3")) continue;
      for (const char* kind : {"/site-packages", "/dist-packages"}) {
        const std::string folder = prefix + lib + "/" + name + kind;
        if (!is_directory(files, folder)) continue;
        const std::string resolved = files.resolve(folder).value.value_or(folder);
        if (std::find(folders.begin(), folders.end(), resolved) == folders.end()) folders.push_back(resolved);
      }
    }
  }
  return folders;
}

void read_venv(const Files& files, EnvironmentPlace& place) {
  place.kind = EnvironmentKind::venv;
  place.folders = package_folders(files, place.path);
  const std::string path = place.path + "/pyvenv.cfg";
  const Looked<std::string> text = read_value(files, path);
  if (!text) {
    place.python = missing_because(text, "pyvenv.cfg");
    return;
  }
  place.sees_system = to_lower(find_field(*text, "include-system-site-packages", '=').value_or("")) == "true";
  std::string version = leading_version(find_field(*text, "version", '=').value_or(""));
  if (version.empty()) version = leading_version(find_field(*text, "version_info", '=').value_or(""));
  place.python = version.empty() ? python_of_folders(files, place.path, place.folders)
                                 : known_fact(version, "pyvenv.cfg: version");
}

void read_conda(const Files& files, EnvironmentPlace& place) {
  place.kind = EnvironmentKind::conda;
  place.conda_meta = place.path + "/conda-meta";
  place.folders = package_folders(files, place.path);
  for (const std::string& name : files.list(place.conda_meta).value.value_or(std::vector<std::string>{})) {
    if (!name.starts_with("python-") || !name.ends_with(".json") || name.size() < 8 || name[7] < '0' || name[7] > '9') {
      continue;
    }
    place.python = known_fact(leading_version(std::string_view(name).substr(7)), "conda-meta/" + clean_utf8(name, 128));
    return;
  }
  place.python = missing_fact(Missing::absent, "conda-meta", "no Python is installed in it");
}

// What a venv with include-system-site-packages sees beneath its own: the packages of the installation that its
// pyvenv.cfg calls home, of the same Python.
void add_folders_beneath(const Files& files, EnvironmentPlace& place) {
  const Looked<std::string> text =
      place.sees_system ? read_value(files, place.path + "/pyvenv.cfg") : Looked<std::string>{};
  if (!text) return;
  const std::string home(trim(find_field(*text, "home", '=').value_or("")));
  if (!home.starts_with('/') || !home.ends_with("/bin") || place.folders.empty()) return;
  const std::string python = version_in_folder(place.folders.front());
  std::vector<std::string> prefixes = {home.substr(0, home.size() - 4)};
  if (prefixes[0] == "/usr") prefixes.insert(prefixes.begin(), "/usr/local");
  for (const std::string& prefix : prefixes) {
    for (const std::string& folder : package_folders(files, prefix)) {
      const std::string version = version_in_folder(folder);  // Debian's /usr/lib/python3 is of any
      if (version.empty() || version == python) place.path_folders.push_back(folder);
    }
  }
}

// Python reads path files in the folders of an installation alone, not in those of PYTHONPATH or pip --target.
void add_path_folders(const Files& files, EnvironmentPlace& place) {
  if (place.kind == EnvironmentKind::folder) return;
  for (const std::string& folder : place.folders) {
    for (std::string& found : path_file_folders(files, folder)) {
      const auto has = [&](const std::vector<std::string>& known) {
        return std::find(known.begin(), known.end(), found) != known.end();
      };
      if (!has(place.folders) && !has(place.path_folders)) place.path_folders.push_back(std::move(found));
    }
  }
}

// Whether a program that was frozen with its packages lies there; fills the place.
bool read_frozen(const Files& files, EnvironmentPlace& place) {
  const std::optional<FrozenProgram> frozen = frozen_program_at(files, place.path);
  if (!frozen) return false;
  place.kind = EnvironmentKind::folder;
  place.folders = {frozen->folder};
  place.frozen = *frozen;
  place.python = frozen->python;
  return true;
}

// Whether the directory is a venv, a conda prefix or another prefix with packages; fills the place.
bool read_prefix(const Files& files, EnvironmentPlace& place) {
  if (files.exists(place.path + "/pyvenv.cfg")) {
    read_venv(files, place);
    return true;
  }
  if (is_directory(files, place.path + "/conda-meta")) {
    read_conda(files, place);
    return true;
  }
  place.folders = package_folders(files, place.path);
  if (place.folders.empty()) return false;
  place.kind = EnvironmentKind::system;
  place.python = python_of_folders(files, place.path, place.folders);
  return true;
}

class Finder {
 public:
  Finder(const Files& files, const EnvironmentHints& hints) : files_(files), hints_(hints) {}

  std::vector<EnvironmentPlace> find() {
    named_ = true;
    add_hints();
    named_ = false;
    for (const EnvironmentPointer& pointer : environment_pointers(files_, hints_.homes)) {
      add_prefix(pointer.path, pointer.found_by);
    }
    for (const char* prefix : {"/usr", "/usr/local"}) add_system(prefix);
    for (const std::string& home : hints_.homes) {
      if (home.size() > 1) add_home(home);
    }
    for (const char* path : {"/opt/conda", "/opt/miniconda3", "/opt/anaconda3", "/opt/miniforge3", "/opt/mambaforge"}) {
      add_conda(path);
    }
    for (const char* path : {"/venv", "/.venv", "/app/.venv", "/app/venv", "/workspace/.venv", "/workspace/venv"}) {
      add_prefix(path, path);
    }
    for (const char* parent : {"/opt", "/srv", "/usr/local"}) add_below(parent);
    add_frozen(hints_.working_directory);
    for (const char* parent : {"/", "/app", "/opt", "/srv", "/usr/local"}) add_frozen(parent);
    const std::size_t lasting = places_.size();
    for (const EnvironmentPointer& pointer :
         hints_.processes ? process_pointers(files_) : std::vector<EnvironmentPointer>{}) {
      add_prefix(pointer.path, pointer.found_by);
    }
    for (std::size_t i = lasting; i < places_.size(); ++i) places_[i].fleeting = true;
    for (EnvironmentPlace& place : places_) add_path_folders(files_, place);
    return std::move(places_);
  }

 private:
  std::string variable(const std::string& name) const {
    const auto found = hints_.environment.find(name);
    return found == hints_.environment.end() ? std::string() : found->second;
  }

  void add_hints() {
    for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "PYTHONHOME"}) {
      const std::string path = variable(name);
      if (path.starts_with('/')) add_prefix(path, name);
    }
    add_path();
    const std::string python_path = variable("PYTHONPATH");
    for (const std::string_view folder : split(python_path, ':')) {
      if (folder.starts_with('/')) add_folder(std::string(folder), EnvironmentKind::folder, "PYTHONPATH", "");
    }
    for (const char* name : {"", "/.venv", "/venv"}) {
      if (hints_.working_directory.starts_with('/') && files_.exists(hints_.working_directory + name + "/pyvenv.cfg")) {
        add_prefix(hints_.working_directory + name, "working directory");
      }
    }
    for (const std::string& named : hints_.folders) {
      const bool shortened = named.starts_with("~/") && !hints_.homes.empty();
      const std::string folder = shortened ? hints_.homes.front() + named.substr(1) : named;
      // .../lib/python3.11/site-packages belongs to the prefix three levels up.
      const std::size_t lib = folder.rfind("/lib/python3");
      if (lib == std::string::npos || !add_prefix(folder.substr(0, lib), "mapped libraries")) {
        add_folder(folder, EnvironmentKind::folder, "mapped libraries", "");
      }
    }
  }

  // The first Python on PATH, by the place of its name: the file itself may be that of the installation beneath a venv.
  void add_path() {
    const std::string search = variable("PATH");
    for (const std::string_view directory : split(search, ':')) {
      if (!directory.starts_with('/')) continue;
      const std::string bin(directory);
      if (!files_.exists(bin + "/python3") && !files_.exists(bin + "/python")) continue;
      if (!bin.ends_with("/bin")) continue;  // pyenv's shims lead on along PATH
      add_prefix(bin.substr(0, bin.size() - 4), "PATH");
      return;
    }
  }

  void add_home(const std::string& home) {
    for (const std::string& name : children(files_, home + "/.local/lib")) {
      if (name.starts_with("python3")) {
        add_folder(home + "/.local/lib/" + name + "/site-packages", EnvironmentKind::user, "~/.local/lib",
                   home + "/.local");
      }
    }
    for (const char* name : {"miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda"}) {
      add_conda(home + "/" + name);
    }
    const Looked<std::string> listed = files_.read(home + "/.conda/environments.txt", std::size_t{64} << 10);
    if (listed) {
      for (const std::string_view line : split(*listed, '\n')) {
        if (trim(line).starts_with('/')) add_prefix(std::string(trim(line)), "~/.conda/environments.txt");
      }
    }
    for (const char* name :
         {".virtualenvs", ".venvs", ".local/share/virtualenvs", ".cache/pypoetry/virtualenvs", ".local/share/uv/tools",
          ".local/share/pipx/venvs", ".local/pipx/venvs", ".pyenv/versions", ".local/share/uv/python"}) {
      const std::string folder = home + "/" + name;
      for (const std::string& child : children(files_, folder))
        add_prefix(folder + "/" + child, "~/" + std::string(name));
    }
    for (const char* name : {".venv", "venv"}) add_prefix(home + "/" + name, "~");
  }

  void add_conda(const std::string& prefix) {
    add_prefix(prefix, prefix);
    for (const std::string& name : children(files_, prefix + "/envs")) add_prefix(prefix + "/envs/" + name, prefix);
  }

  // Prefixes that say of themselves what they are, whatever they are called.
  void add_below(const std::string& parent) {
    for (const std::string& name : children(files_, parent)) {
      const std::string path = parent + "/" + name;
      if (is_directory(files_, path + "/conda-meta")) {
        add_conda(path);
        continue;
      }
      for (const char* below : {"", "/venv", "/.venv", "/env"}) {
        if (files_.exists(path + below + "/pyvenv.cfg")) add_prefix(path + below, parent);
      }
      if (parent == "/opt" && name.find("env") != std::string::npos) add_prefix(path, parent);
    }
  }

  // Programs that were frozen with their packages: a folder itself, and those in it.
  void add_frozen(const std::string& parent) {
    if (parent.empty()) return;
    std::vector<std::string> folders = {parent};
    for (const std::string& name : children(files_, parent)) {
      folders.push_back(parent == "/" ? "/" + name : parent + "/" + name);
    }
    for (const std::string& folder : folders) {
      const Looked<std::string> resolved = files_.resolve(folder);
      if (!resolved || places_.size() >= kMostPlaces || seen_.contains(*resolved)) continue;
      EnvironmentPlace place;
      place.path = *resolved;
      place.found_by = parent;
      if (!read_frozen(files_, place) || !seen_.insert(place.folders.front()).second) continue;
      seen_.insert(*resolved);
      places_.push_back(std::move(place));
    }
  }

  // Each folder of packages of its own: several versions of Python share /usr and /usr/local.
  void add_system(const std::string& prefix) {
    for (const std::string& folder : package_folders(files_, prefix)) {
      add_folder(folder, EnvironmentKind::system, prefix + "/lib", prefix);
    }
  }

  bool add_prefix(const std::string& path, const std::string& found_by) {
    const Looked<std::string> resolved = files_.resolve(path);
    if (!resolved || places_.size() >= kMostPlaces) return false;
    if (*resolved == "/usr" || *resolved == "/usr/local" || *resolved == "/") {
      add_system(*resolved == "/" ? "/usr" : *resolved);
      return true;
    }
    if (!seen_.insert(*resolved).second) return true;
    EnvironmentPlace place;
    place.path = *resolved;
    place.found_by = found_by;
    place.named = named_;
    if (!read_prefix(files_, place)) return false;
    for (const std::string& folder : place.folders) seen_.insert(folder);
    places_.push_back(std::move(place));
    return true;
  }

  void add_folder(const std::string& path, EnvironmentKind kind, const std::string& found_by,
                  const std::string& prefix) {
    const Looked<std::string> resolved = files_.resolve(path);
    if (!resolved || places_.size() >= kMostPlaces || seen_.contains(*resolved) ||
        !holds_any_packages(files_, *resolved)) {
      return;
    }
    seen_.insert(*resolved);
    EnvironmentPlace place;
    place.kind = kind;
    place.path = *resolved;
    place.folders = {*resolved};
    place.found_by = found_by;
    place.named = named_;
    place.python = python_of_folders(files_, prefix, place.folders);
    if (!place.python.is_known()) place.python = python_of_wheels(files_, *resolved);
    places_.push_back(std::move(place));
  }

  const Files& files_;
  const EnvironmentHints& hints_;
  std::vector<EnvironmentPlace> places_;
  std::set<std::string> seen_;
  bool named_ = false;
};
}  // namespace

std::vector<EnvironmentPlace> find_environments(const Files& files, const EnvironmentHints& hints) {
  return Finder(files, hints).find();
}

Result<EnvironmentPlace> environment_at(const Files& files, const std::string& directory) {
  const auto failed = [&](const std::string& found) {
    return Error{"looking for packages", directory, found,
                 "Give a venv, a conda prefix, or the folder that packages were installed into"};
  };
  const Looked<std::string> resolved = files.resolve(directory);
  if (!resolved) return failed(resolved.detail);
  if (!is_directory(files, *resolved)) return failed("it is not a directory");
  EnvironmentPlace place;
  place.path = *resolved;
  place.found_by = "--env";
  place.named = true;
  if (read_frozen(files, place)) return place;
  if (read_prefix(files, place)) {
    add_path_folders(files, place);
    add_folders_beneath(files, place);
    return place;
  }
  if (!holds_any_packages(files, *resolved)) {
    return failed("it holds neither pyvenv.cfg nor conda-meta, nor packages");
  }
  place.kind = EnvironmentKind::folder;
  place.folders = {*resolved};
  place.python = python_of_folders(files, *resolved, place.folders);
  if (!place.python.is_known()) place.python = python_of_wheels(files, *resolved);
  return place;
}

}  // namespace varve
