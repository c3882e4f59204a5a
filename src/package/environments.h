#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/environment.h"
#include "package/place/frozen_program.h"
#include "world/files.h"

namespace varve {

// Where packages are imported from.
struct EnvironmentPlace {
  EnvironmentKind kind = EnvironmentKind::folder;
  std::string path;                  // of the venv or prefix, or of the folder of packages; links resolved
  std::vector<std::string> folders;  // of packages (site-packages), links resolved
  // What their path files (*.pth) put on the path behind them: sources of editable installs, other environments.
  std::vector<std::string> path_folders = {};
  std::string conda_meta;    // the folder with conda's records; empty: none
  std::string found_by;      // "VIRTUAL_ENV", "~/.virtualenvs", "/usr/lib"
  bool named = false;        // by a variable, the working directory or the caller; not met in a usual place
  bool fleeting = false;     // nothing but a process points at it
  bool sees_system = false;  // a venv with include-system-site-packages = true
  Fact python;               // version
  std::optional<FrozenProgram> frozen = {};  // it is a program that was frozen with its packages
};

// What points at environments. Paths are those inside the subject's root.
struct EnvironmentHints {
  std::map<std::string, std::string>
      environment;                   // VIRTUAL_ENV, CONDA_PREFIX, UV_PROJECT_ENVIRONMENT, PATH, PYTHONPATH
  std::vector<std::string> homes;    // home directories
  std::string working_directory;     // its .venv and venv; empty: not known
  std::vector<std::string> folders;  // of packages, such as a process has mapped libraries from; ~/ is homes[0]
  bool variables_known = true;       // no: nobody could tell, so that what is not in `environment` may be set
  bool processes = false;            // ask the processes of the machine, too
};

// Every environment once, those that the hints name first, then where shells, services and Jupyter kernels point, then
// the usual places: the system's, below the home directories (venvs of pyenv, virtualenvwrapper, pipenv, poetry, uv,
// pipx; conda; the user's own), /opt; frozen programs in /app, /opt and the like; and last where processes point. Looks
// one level deep, walks no tree; at most 128 places.
std::vector<EnvironmentPlace> find_environments(const Files& files, const EnvironmentHints& hints);

// The environment in a directory: a venv, a conda prefix, another prefix with lib/python3*/site-packages, a frozen
// program, or a folder of packages (site-packages, that of pip --target, or copied without metadata). Error: it is none
// of these.
Result<EnvironmentPlace> environment_at(const Files& files, const std::string& directory);

// An environment as the document has it, and the files in it to look into. The versions of its compilers and its
// runtimes are not asked for here: they stand in those files.
struct EnvironmentReading {
  Environment environment;                      // paths with the home directory shortened
  std::vector<std::string> libraries;           // with GPU code or loading it, sorted, at most 8192; paths as they are
  std::map<std::string, std::string> packages;  // by such a path: the package that lists it, as environment.packages
                                                // spells it; of several the last by name
  // Packages with libraries that no row names and that ask for no framework: they belong to the environment only where
  // one of their libraries uses CUDA, which the libraries tell (loading/cuda_users.h).
  std::set<std::string> candidates;
  // Libraries of those that do not, by path: the package. Others may need them (librapids_logger.so).
  std::map<std::string, std::string> others = {};
  std::vector<std::string> compilers;  // paths as they are, in the order of environment.compilers
  // Modules that only other Pythons import, by path: the package.
  std::map<std::string, std::string> for_other_pythons = {};
};
EnvironmentReading read_environment(const Files& files, const EnvironmentPlace& place, const std::string& home);

}  // namespace varve
