#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/environment.h"

namespace varve {

// A row of data/packages.json, which says what each field means.
struct PackageRow {
  std::string name;  // normalised; * stands for any characters
  PackageRole role = PackageRole::library;
  std::vector<std::string> folders, conda, extras, parts;
  std::string cuda_file, cuda_name, cuda_libraries;
  bool version_is_cuda = false;
  bool post_is_cuda = false;  // the number of its post-releases is its CUDA: .post112
  bool without_cuda = false;
  std::string built_for_file, built_for_name;
  std::string caps_nvrtc;     // a range of versions as is_within takes it
  std::string preloads_from;  // the version from which it opens what NVIDIA's wheels hold; empty: its files tell
  bool selects_cpu = false, uses_toolkit = false, checks_toolkit = false;
  bool opens_wheels = false;  // for those that ask for it
  bool gpu_only = false;
  bool conda_only = false;              // the name is a pattern of conda's: wheels that fit it are something else
  std::vector<std::string> opens;       // as the table has them: made_up_names() makes names of them
  std::string same_release, not_above;  // packages: of whose very release it is; that it is never newer than
  std::string release_pins;             // "torch 0.0.23:2.1.1 0.0.24:2.2.0": which release of another each goes with
  std::string at_least;            // "jaxlib 0.4.28:0.4.27": from which release on it refuses an older one of another
  std::string opens_cudnn;         // "4.0:8 4.5:9": from which release on which major version
  std::string index_without_cuda;  // the range of versions of which the package index has builds without CUDA alone
  std::string stable_from;         // its releases from this on take later frameworks than they were built for
  std::optional<std::int64_t> torch_minor;  // its 0.N goes with 2.(N - this) of torch

  // Whether it has libraries with GPU code, or that load them.
  bool has_gpu_code() const { return role != PackageRole::library; }
};

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_packages();

// The row for a normalised package name (also of a wheel that data/libraries.json names), or nullptr for a package that
// is not kept. The rows live as long as the program.
const PackageRow* find_package_row(std::string_view normal_name);
// The row of the package whose files lie in a folder of packages under this name: the one of that name, else the first
// that lists the folder; nullptr: none.
const PackageRow* find_folder_row(std::string_view folder);
// The same for the name of a conda package.
const PackageRow* find_conda_row(std::string_view normal_name);

// What stands for a package that no row names, and that asks for a framework and brings libraries: an extension of it.
const PackageRow& unlisted_extension();

// Patterns for the names of system packages (dpkg, rpm, apk) that belong to a GPU stack.
const std::vector<std::string>& system_package_patterns();
// Programs that no package manager need have brought, and whose release people name: "ollama".
bool is_known_program(std::string_view name);

// Whether the name is what the pattern says; * stands for any characters, also none.
bool matches_pattern(std::string_view name, std::string_view pattern);
bool matches_any(std::string_view name, const std::vector<std::string>& patterns);

}  // namespace varve
