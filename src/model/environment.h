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
  Fact runtimes;  // the CUDA runtimes carried by its libraries: {"13.0", "13.2", "13.3"}
};

}  // namespace varve
