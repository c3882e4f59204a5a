#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "binary/version/library_version_rows.h"
#include "model/coverage.h"
#include "model/fact.h"

namespace varve {

struct TableSource;

// What is known of a library by its file name: data/libraries.json, the only place that lists libraries. A library or
// tool is one row of it.

enum class LibraryRole {
  cuda,          // of NVIDIA's CUDA stack
  driver,        // the user driver's: it comes with the machine and not with the libraries
  opens_gpu,     // libcuda, libamdhip64: whoever maps it uses a GPU
  runtime,       // libcudart; for AMD libamdhip64 is both
  framework,     // libtorch_cuda: the half of a framework that calls CUDA
  of_framework,  // libtorch, libtensorflow_framework: who needs it extends that framework
};

// A SONAME, and a wheel that holds it.
struct LibraryName {
  std::string library;  // "cublas"
  std::string soname;   // "libcublas.so.12"
  std::string cuda;     // the CUDA major version it belongs to: "12"; empty: several
  std::string package;  // of the wheel: "nvidia-cublas-cu12"; empty: not known
  std::string folder;   // below site-packages: "nvidia/cublas/lib"
  std::string source;
};

struct LibraryRow {
  std::string name;            // "cublasLt"
  std::string stem;            // of its file: "libcublasLt"; a star at the end stands for any rest
  std::string family;          // released together, and only working together: "cublas"; empty: none
  std::optional<Layer> layer;  // nothing: its place decides
  std::vector<LibraryRole> roles;
  std::vector<VersionRow> version;  // in the order of trust; empty: nothing tells it
  std::vector<LibraryName> sonames;
  std::optional<ComputeCapability> least_gpu;  // it is made for GPUs from this one on; nothing: not said
  std::vector<std::string> bound_as;           // besides its own name without "lib": bound_names
  std::string source;
};

// The row of a file by its path or name, with or without version and digest: "/x/libcudnn_ops-74a4c495.so.9.1.0",
// "libcudnn_ops", "ptxas". Of several rows that fit the exact one, else the longest. nullptr: not known. It lives as
// long as the program.
const LibraryRow* library_of(std::string_view path);
bool has_role(std::string_view path, LibraryRole role);
// For library_version; empty: no row, or one that nothing tells.
std::span<const VersionRow> version_rows(std::string_view path);

// What a module of bindings opens by name, the newest first: modules that NVIDIA's generator makes (of cuda-bindings,
// nvmath-python, nccl4py) stand in a folder _internal, are named after one library, and have cuda-pathfinder open it at
// the first call. "…/_internal/cublas.cpython-311-x86_64-linux-gnu.so": libcublas.so.13, libcublas.so.12; names of
// CUDA before 12, which that does not know, are left out. Empty: no such module, or of no library that is known.
std::vector<std::string> bound_names(std::string_view module);

// Whether a file belongs to a CUDA stack: to CUDA itself, its driver, or the half of a framework that calls it.
bool is_cuda_library(std::string_view path);
// Whether it is one of the user driver's.
bool is_driver_library(std::string_view path);

const std::vector<LibraryRow>& libraries();
Result<std::vector<LibraryRow>> read_libraries(const TableSource& source);
// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_libraries();

}  // namespace varve
