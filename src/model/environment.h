#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"

namespace varve {

// What a package asks for beside itself: one nvidia-* or triton pin, and whether it is there.
struct Requirement {
  std::string name;       // "nvidia-cublas"
  std::string specifier;  // "==13.4.0.1"; empty: any version
  std::string installed;  // the version that is there; empty: none
};

enum class PackageRole {
  framework,
  extension,  // of a framework
  runtime,    // libraries of CUDA
  compiler,
  library,  // runs on the CPU
};
std::string_view to_string(PackageRole role);
std::optional<PackageRole> package_role_from(std::string_view text);

// The version of a package that a text names without one.
inline constexpr const char* kUnstatedVersion = "(version not stated)";

// A package of an environment, of the kinds that data/packages.json lists.
struct Package {
  std::string name;     // as its metadata spell it
  std::string version;  // with the local part: "2.15.0+cu132"
  PackageRole role = PackageRole::library;
  std::string installer;  // as its metadata name it: "pip", "uv", "conda", "dpkg"; empty: not stated
  Fact cuda;              // the CUDA that it was built for: "13.2", or several; absent for a CPU build
  std::vector<Requirement> requirements;
  std::string built_for = {};  // the framework that it says it was built for: "torch 2.4.0+cu121"; empty: not said
  std::string built_for_source = {};  // "local version +cu12torch2.8", "xformers/cpp_lib.json: version.torch"

  bool is_of_conda() const { return installer == "conda"; }
  // What would use the CUDA stack by itself: a consumer is made of it.
  bool is_consumer() const { return role == PackageRole::framework || role == PackageRole::extension; }
};

enum class FileFaultKind {
  overwritten,  // several packages list it with different contents, and the one that was installed last is there
  replaced,     // its size is not that of its package's list
  missing,      // it is listed and not there
};
std::string_view to_string(FileFaultKind kind);
std::optional<FileFaultKind> file_fault_kind_from(std::string_view text);

// A library that is not, or may not be, what its package installed. Told by the sizes in RECORD (the packaging
// specification "Recording installed projects"); no file is read for it. conda changes files after the list was
// written: its packages are left out.
struct FileFault {
  FileFaultKind kind = FileFaultKind::overwritten;
  std::string path;
  std::vector<std::string> packages;  // that list it: "nvidia-nccl-cu11 2.14.3"
  std::string owner;                  // overwritten: the one whose size the file has; empty: none or more than one
};

enum class GpuCompiler { nvcc, nvrtc, ptxas };
std::string_view to_string(GpuCompiler compiler);
std::optional<GpuCompiler> gpu_compiler_from(std::string_view text);

// A compiler or run-time compiler that an environment carries: Triton's and XLA's ptxas, NVRTC.
struct CarriedCompiler {
  std::string path;
  GpuCompiler name = GpuCompiler::ptxas;
  Fact version;  // "13.2 (V13.2.78)"
};

enum class EnvironmentKind {
  venv,
  conda,   // a prefix
  system,  // of the distribution, or another prefix with packages
  user,    // of one user: ~/.local
  folder,  // of packages, without a prefix around it
};
std::string_view to_string(EnvironmentKind kind);
std::optional<EnvironmentKind> environment_kind_from(std::string_view text);

// A place that packages are imported from.
struct Environment {
  EnvironmentKind kind = EnvironmentKind::folder;
  std::string path;  // home directories shortened to ~
  Fact python;       // version
  std::vector<Package> packages;
  std::vector<CarriedCompiler> compilers;
  Fact runtimes;                            // the CUDA runtimes carried by its libraries: {"13.0", "13.2", "13.3"}
  std::vector<FileFault> file_faults = {};  // at most 256
  // Of a text: what an installer was asked for and has no wheels for this Python: "torch 2.4.0 (Python >=3.8,<3.13)".
  std::vector<std::string> without_wheel = {};
};

}  // namespace varve
