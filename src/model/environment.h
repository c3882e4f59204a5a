#pragma once
#include <string>
#include <vector>

#include "model/fact.h"

namespace varve {

// What a package asks for beside itself: one nvidia-* or triton pin, and whether it is there.
struct Requirement {
  std::string name;       // "nvidia-cublas"
  std::string specifier;  // "==13.4.0.1"; empty: any version
  std::string installed;  // the version that is there; empty: none
};

// A package of an environment, of the kinds that data/packages.json lists.
struct Package {
  std::string name;       // as its metadata spell it
  std::string version;    // with the local part: "2.15.0+cu132"
  std::string role;       // "framework", "extension", "runtime", "compiler", "library" (runs on the CPU)
  std::string installer;  // "pip", "uv", "conda", "dpkg"; empty: not stated
  Fact cuda;              // the CUDA that it was built for: "13.2", or several; absent for a CPU build
  std::vector<Requirement> requirements;
  std::string built_for = {};  // the framework that it says it was built for: "torch 2.4.0+cu121"; empty: not said
  std::string built_for_source = {};  // "local version +cu12torch2.8", "xformers/cpp_lib.json: version.torch"
};

// A library that is not, or may not be, what its package installed. Told by the sizes in RECORD (the packaging
// specification "Recording installed projects"); no file is read for it. conda changes files after the list was
// written: its packages are left out.
struct FileFault {
  // "overwritten": several packages list it with different contents, and the one that was installed last is there;
  // "replaced": its size is not that of its package's list; "missing": it is listed and not there.
  std::string kind;
  std::string path;
  std::vector<std::string> packages;  // that list it: "nvidia-nccl-cu11 2.14.3"
  std::string owner;                  // overwritten: the one whose size the file has; empty: none or more than one
};

// A compiler or run-time compiler that an environment carries: Triton's and XLA's ptxas, NVRTC.
struct CarriedCompiler {
  std::string path;
  std::string name;  // "ptxas", "nvrtc", "nvcc"
  Fact version;      // "13.2 (V13.2.78)"
};

// A place that packages are imported from.
struct Environment {
  std::string kind;  // "venv", "conda", "system", "user", "folder"
  std::string path;  // home directories shortened to ~
  Fact python;       // version
  std::vector<Package> packages;
  std::vector<CarriedCompiler> compilers;
  Fact runtimes;                            // the CUDA runtimes carried by its libraries: {"13.0", "13.2", "13.3"}
  std::vector<FileFault> file_faults = {};  // at most 256
};

}  // namespace varve
