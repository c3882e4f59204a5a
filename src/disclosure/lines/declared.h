#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "disclosure/lines/spoken_machine.h"
#include "model/environment.h"
#include "model/fact.h"
#include "model/gpu.h"
#include "model/hardware/rdma_adapter.h"
#include "model/texts/text_account.h"
#include "tables/framework_images.h"

namespace varve {

// Where something stands in a text.
struct TextPlace {
  const char* reader = "";  // "nvidia-smi"
  std::int64_t line = 0;
};
std::string source_at(const TextPlace& place);  // "line 12 (nvidia-smi)"

// The GPUs that one part of a text lists, by their number there. Lists are brought together when the text has ended:
// NVIDIA's tools and CUDA number GPUs in different orders.
struct DeclaredGpus {
  TextPlace place;
  std::map<std::int64_t, Gpu> gpus;
  std::int64_t count = 0;  // where the part says how many there are; 0: it does not
};

struct DeclaredPackage {
  std::string name, version;  // of conda with its build behind a blank: "1.3.0 py3.7_cuda10.1_0"; empty: no more there
  std::int64_t line = 0;
};

// A package that an installer was asked for. That it is there nobody says.
struct AskedPackage {
  std::string name, version;  // without a version: none was asked for
  std::string cuda;           // of the index that it was to come from: "12.1"
  std::string glibc = {};     // that the wheel's file name asks for: "2.39"
  bool is_of_conda = false;
  bool is_of_index = false;  // no other index than the package index was named
  std::int64_t line = 0;
};

// The packages that one part of a text lists.
struct DeclaredPackages {
  TextPlace place;
  std::string installer;  // "pip", "conda", "uv"; empty: not told
  std::string python;     // the version of the interpreter, where the part tells it
  std::vector<DeclaredPackage> packages;
};

// What `ldd` printed of one file.
struct LinkedLibrary {
  std::string name, path;  // without a path: not found
};
struct LinkedFile {
  std::string name;
  std::int64_t line = 0;
  std::vector<LinkedLibrary> libraries;
};

// A bridge of the PCI bus whose access control redirects what passes between devices below it. Without an address: one
// that the text does not name.
struct ListedBridge {
  std::string address;                       // "0000:00:03.1"
  std::int64_t first_bus = 0, last_bus = 0;  // below it; 0: not shown
};

// What readers have found in a text so far. Everything has a cap: memory does not grow with the text.
struct Declared {
  std::map<std::string, Fact> facts;
  std::map<std::string, std::int64_t> fact_lines;
  std::vector<DeclaredGpus> gpus;
  std::vector<DeclaredPackages> packages;
  std::vector<AskedPackage> asked;
  std::vector<AskedPackage> refused;  // that the installer did not find
  std::string torch_index_cuda;       // of the index of PyTorch's that a file names
  std::int64_t torch_index_line = 0;  // 0: none; -1: two of them
  // Versions of Python that lines tell apart from any list ("3.13.1", "3.11" of a path), with the first such line.
  std::map<std::string, std::int64_t> pythons;
  // "11.3" of "CUDA: 11.3" and "cuda11.3": the driver's, a toolkit's or a framework's, nobody says which.
  std::map<std::string, std::int64_t> written_cudas;
  std::map<std::string, Fact> package_cuda;  // of "torch": what its CUDA is, or that it has none
  std::map<std::string, Fact> built_for;     // of "xformers": "torch 2.1.0+cu118"
  std::map<std::string, std::string> variables;
  std::map<std::string, std::int64_t> variable_lines;
  std::map<std::string, std::int64_t> kernel_events;  // how often each
  std::int64_t kernel_log_line = 0;                   // 0: there was none
  std::vector<std::string> system_packages;           // "dpkg libnvidia-compute-470 470.103.01-0ubuntu1"
  std::int64_t system_packages_line = 0;
  std::vector<LinkedFile> linked;
  std::vector<Gpu> on_bus;  // NVIDIA's cards as lspci lists them
  std::int64_t on_bus_line = 0;
  std::vector<ListedBridge> bridges;  // that redirect
  std::int64_t bridges_line = 0;
  std::vector<RdmaAdapter> adapters;
  std::int64_t adapters_line = 0;
  std::vector<std::string> module_kernels;  // kernels that have a module of NVIDIA's
  std::int64_t module_kernels_line = 0;
  bool is_dkms = false;                              // they are those that dkms or a search for files lists
  std::int64_t nouveau_line = 0;                     // where lsmod lists it
  std::int64_t nvidia_module_line = 0;               // the same of NVIDIA's
  std::int64_t no_kernel_driver_line = 0;            // where nvidia-smi says that it reaches none; 0: nowhere
  std::int64_t windows_line = 0;                     // where a sign of Windows stands; 0: nowhere
  std::int64_t unix_line = 0;                        // of Linux, WSL included
  std::int64_t wsl_line = 0;                         // of WSL
  std::int64_t jetson_line = 0;                      // of a Jetson
  std::int64_t arm_line = 0;                         // of a processor of ARM's
  std::int64_t x86_line = 0;                         // of one of Intel's or AMD's
  std::int64_t build_options_line = 0;               // CMAKE_ARGS and the like
  std::int64_t asked_gpu_line = 0;                   // where a program asked for the GPU and was given none
  std::map<std::string, std::int64_t> libcs;         // of the releases of Linux that lines name ("2.35")
  std::map<std::string, std::int64_t> named;         // packages that are used, without a release ("cudf"), by line
  std::map<std::string, std::int64_t> features;      // of GPUs that a program asks for ("fp8"), with the first line
  std::map<std::string, std::int64_t> driver_files;  // numbers in the names of the driver's libraries, with a line
  std::int64_t container_line = 0;                   // where a container is started, or a file says how; 0: nowhere
  std::int64_t device_plugin_line = 0;               // where Kubernetes' device plugin is said to end again and again
  std::int64_t container_with_gpu_line = 0;          // where one is that may be given the GPU
  std::int64_t container_with_shm_line = 0;          // where one is that may have another /dev/shm than engines give
  std::int64_t no_smi_line = 0;                      // where a shell does not find nvidia-smi
  SpokenMachine spoken;
  std::string image;                      // that a container was made from
  std::string image_cuda;                 // "11.8" of nvidia/cuda:11.8.0-…, of which the name tells what it asks for
  std::int64_t image_line = 0;            // where that stands; -1: images of several releases are named
  FrameworkImage framework_image;         // whose name tells the CUDA in it: nvcr.io/nvidia/pytorch:25.03-py3
  std::int64_t framework_image_line = 0;  // the same
  std::vector<std::string> others;        // stacks of other makers: "ROCm 6.2"
  std::vector<TextConflict> conflicts;
  std::set<std::string> contradicted;  // facts of which one tool says two things: the text may be of two machines
  std::vector<TextPart> parts;
};

// Sets a fact that has no value yet; of two values where one continues the other the longer stays, of two that differ
// the first, and they become a conflict. Empty texts and placeholders ("N/A", "Could not collect") are passed over.
void declare(Declared& declared, const std::string& id, std::string value, const TextPlace& place,
             const std::string& detail = {}, Standing standing = Standing::declared);
void declare(Declared& declared, const std::string& id, std::int64_t value, const TextPlace& place);

// The list that a part has begun at this place, made when it is new. nullptr: there are too many.
DeclaredGpus* gpu_list(Declared& declared, const TextPlace& place);
DeclaredPackages* package_list(Declared& declared, const TextPlace& place, std::string_view installer);
// A GPU of a list; nullptr for numbers that no machine has.
Gpu* gpu_in(DeclaredGpus* list, std::int64_t number);
void add_package(DeclaredPackages* list, std::string_view name, std::string_view version, std::int64_t line);
// A package of the system, or a program that is none ("program", "ollama", "0.3.6"): once each.
constexpr const char* kUntoldRelease =
    "0 (release not told)";  // rows of a program that have a lower bound pass it over
void add_system_package(Declared& declared, std::string_view manager, std::string_view name, std::string_view version,
                        std::int64_t line);
void add_other(Declared& declared, const std::string& stack);  // once each
// Whether a value is one of those that tools print where they know none.
bool is_placeholder(std::string_view value);
// "Linux-5.15.0-107-generic-x86_64-with-glibc2.31", as Python's platform.platform() writes it.
void declare_platform(Declared& declared, std::string_view platform, const TextPlace& place);
// A driver that a tool of NVIDIA's read from the kernel: its user half is of the same release, since NVML refuses any
// other, so that it is inferred. What nvidia-smi says of CUDA may take it back (stack_of_text.cc).
void declare_driver(Declared& declared, std::string_view version, const TextPlace& place);
// The release of nvcc: "12.4" and "12.4.131".
void declare_nvcc(Declared& declared, std::string_view release, std::string_view build, const TextPlace& place);
// An API level as CUDA's libraries write it: 12040, or as people do: "12.4".
void declare_api_level(Declared& declared, std::string_view text, const TextPlace& place);
// An image that asks for a driver of a release of CUDA ("11.8"); of two releases neither counts.
void declare_image_cuda(Declared& declared, std::string cuda, std::int64_t line);
// An image whose name tells the CUDA in it; of two releases neither counts.
void declare_framework_image(Declared& declared, const FrameworkImage& image, std::int64_t line);
// A variable as a shell or a tool printed it; what may be kept is decided at the end, by the allow-list.
void declare_variable(Declared& declared, std::string_view name, std::string_view value, std::int64_t line);

}  // namespace varve
