#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/dotted_version.h"
#include "base/result.h"
#include "model/coverage.h"
#include "model/finding.h"
#include "tables/known_issues.h"
#include "tables/libraries.h"

namespace varve {

// What is known about compatibility: tables of data/, read as tables/table.h says, each row with a "source"; a row
// whose source says "recalled" is from memory. Empty texts and lists mean: not known.

// data/driver_branches.json: what a branch of the driver offers.
struct DriverBranch {
  int branch = 0;           // 535
  std::string cuda;         // the API level of its libcuda: "12.2"
  std::string ptx_isa;      // the newest PTX that its compiler takes: "8.2"
  std::string kind;         // "LTSB", "production", "new feature"; empty: not known
  std::string end_of_life;  // "2026-06"; empty: not known
  std::string source;
};

// data/cuda_releases.json: what a release of CUDA brings.
struct CudaRelease {
  std::string cuda;                  // "12.4"
  std::string driver;                // the Linux driver that its first update came with: "550.54.14"
  std::string ptx_isa;               // what its compilers write: "8.4"
  std::vector<std::string> targets;  // what they compile for: "50", "90", "90a", "100f"
  int newest_gcc = 0;                // the newest major version of GCC that nvcc takes; 0: not known
  std::string image;                 // tag of an nvidia/cuda image: "12.4.1-base-ubuntu22.04"; empty: none known
  std::string source;
};

// data/minor_version_floors.json: the oldest Linux driver that runs every release of a CUDA major version.
struct MinorVersionFloor {
  std::string cuda;    // "12", or one release of its own: "11.0"
  std::string driver;  // "525.60.13"
  std::string source;
};

// data/gpu_architectures.json: which software knows a compute capability.
struct GpuArchitecture {
  ComputeCapability capability;
  std::string name;           // "Hopper"
  std::string first_cuda;     // the first release that compiles for it: "11.8"
  std::string last_cuda;      // the last; empty: still does
  int first_branch = 0;       // the first driver branch that knows it; 0: not known
  int last_branch = 0;        // the last one that serves it; 0: still does
  std::string kernel_module;  // "open" (only the open modules drive it), "proprietary" (only those), "" either
  std::string source;
};

// data/compat_packages.json: for which kernel drivers a cuda-compat package is made. Several rows a release: its
// branches by the brands that they are open to.
struct CompatPackage {
  std::string cuda;                 // "12.4"
  std::vector<int> branches;        // kernel driver branches that may stay below it
  std::vector<std::string> brands;  // as NVIDIA_REQUIRE_CUDA spells them: "tesla", "geforce"; a check passed by a brand
                                    // does not mean that the device is entitled (error 804)
  std::string source;
};

// data/framework_builds.json: what was published.
struct FrameworkBuild {
  std::string framework;             // "torch", "tensorflow", "jax", "onnxruntime-gpu", "cupy"
  std::string version;               // "2.8", a range as is_within takes it
  std::string variant;               // "cu128"; empty where a framework has none
  std::string cuda, cudnn, nccl;     // built with; empty: not known
  std::vector<std::string> targets;  // "7.5", "9.0a"
  bool ptx = false;                  // of the newest target too
  bool is_default = false;           // what the package index gives when nothing else is asked for
  std::string released;              // "2025-08-06"
  std::string platform;              // "linux-x86_64"; empty: any
  std::string python;                // with wheels, a range: ">=3.9,<3.13"; empty: not known
  std::string extras;                // that bring its CUDA libraries: "cuda,cudnn"
  bool host_cuda = false;            // it brings none
  std::string newest_cudnn;          // the installer takes the newest of this wheel: "nvidia-cudnn-cu12"
  std::string unavailable;           // why no command installs it; empty: one does
  std::string source;
};

// data/library_releases.json: which releases of a library go with which CUDA.
struct LibraryRelease {
  std::string library;               // "cudnn", "tensorrt", "nccl"
  std::string version;               // a range as is_within takes it
  std::string cuda;                  // a range
  std::string driver;                // the oldest Linux driver, where it asks for one
  std::vector<std::string> targets;  // compute capabilities it was made for; empty: not known
  std::string source;
};

// data/dispatch_changes.json: versions that choose other kernels, or slower ones.
struct DispatchChange {
  std::string id;                 // stable: "cublas-bmm-gemv-12.1"
  std::string component;          // the package or library: "torch", "cudnn", "cublas", "triton"
  std::string version;            // a range as is_within takes it
  std::string gpu;                // a range of compute capabilities; empty: any
  std::string framework;          // only with this package; empty: any
  std::string framework_version;  // a range of its versions; empty: any
  std::string change;             // in words
  std::string control;            // what switches it
  std::string effect;             // what it did where it was measured
  bool slower = false;            // a known slow-down, not merely another choice
  bool inexact = false;           // the default gives results that surprised people: a warning, too
  bool narrow = false;            // of some operations or shapes only: a note, unless somebody complains of slowness
  std::string source;
};

// data/error_codes.json: CUDA's numbers.
struct ErrorCode {
  int code = 0;
  std::string driver_name, runtime_name;  // "CUDA_ERROR_NO_DEVICE", "cudaErrorNoDevice"
  std::string message;                    // "no CUDA-capable device is detected"
  FaultCategory category = FaultCategory::none;
  std::string meaning, fix;
  std::string source;
};

struct Knowledge {
  std::string date;                           // the newest date of the tables: "2026-11-01"
  std::vector<DriverBranch> driver_branches;  // by branch
  std::vector<CudaRelease> cuda_releases;     // by version
  std::vector<MinorVersionFloor> minor_version_floors;
  std::vector<GpuArchitecture> gpu_architectures;  // by capability
  std::vector<CompatPackage> compat_packages;
  std::vector<FrameworkBuild> framework_builds;
  std::vector<LibraryRelease> library_releases;
  std::vector<LibraryName> library_names;  // the SONAMEs of data/libraries.json, in its order
  std::vector<DispatchChange> dispatch_changes;
  std::vector<KnownIssue> known_issues;
  std::vector<ErrorCode> error_codes;
};

// The tables built into the program; those of which `folder` has a file of the same name are taken from there. Error: a
// file that is no such table, with its place.
Result<Knowledge> load_knowledge(const std::string& folder = {});

// Questions to the tables; nullptr or nothing where they have no answer. Pointers live as long as the knowledge.
const DriverBranch* find_branch(const Knowledge& knowledge, int branch);
// Whether a driver version is one of Jetson Linux (L4T), whose numbers are no branches: 540.4.0 of JetPack 6 is not
// 535, and 35.4.1 of JetPack 5 is not older than everything. From JetPack 7 on (580) they are.
bool is_jetson_driver(const DottedVersion& driver);
// The branch of a driver version: of "545.29.06" the row 545, of 551 the row of 550: the newest not above it; nullptr
// for one of Jetson Linux. Ask is_newer_driver first.
const DriverBranch* branch_of(const Knowledge& knowledge, const DottedVersion& driver);
const CudaRelease* find_release(const Knowledge& knowledge, std::string_view cuda);  // also of "12.4.131"
const MinorVersionFloor* floor_of(const Knowledge& knowledge, const DottedVersion& cuda);
const GpuArchitecture* find_architecture(const Knowledge& knowledge, ComputeCapability capability);
const ErrorCode* find_error_code(const Knowledge& knowledge, int code);
// Whether a driver, CUDA release or GPU is newer than every row: then nothing can be told from the tables. A driver is
// when its branch is; a compute capability without a row is, unless it is older than all of them: NVIDIA also numbers
// new GPUs between older ones (10.7 came after 12.1).
bool is_newer_driver(const Knowledge& knowledge, const DottedVersion& driver);
bool is_newer_cuda(const Knowledge& knowledge, const DottedVersion& cuda);
bool is_newer_gpu(const Knowledge& knowledge, ComputeCapability capability);

}  // namespace varve
