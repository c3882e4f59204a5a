#include "toolkit/toolkit_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "package/database/package_database.h"
#include "package/python_metadata.h"
#include "world/reading.h"

namespace varve {

namespace {
// Versions stand near the beginning of a header, behind the licence; cuda.h's at byte 14 850 in 13.2.
constexpr std::size_t kHeaderStart = std::size_t{128} << 10;
constexpr std::size_t kMostComponents = 256;

// "libcublas" and "cuda_cudart" of version.json as headers call them: "cublas", "cudart".
std::string component_name(std::string_view key) {
  if (key.starts_with("cuda_")) key.remove_prefix(5);
  if (key.starts_with("lib")) key.remove_prefix(3);
  return clean_utf8(key, 64);
}

// {"cuda": {"name": "CUDA SDK", "version": "12.4.1"}, "cuda_nvcc": {"name": "CUDA NVCC", "version": "12.4.131"}, …}
bool read_version_json(const Files& files, Toolkit& toolkit) {
  const std::string path = toolkit.path + "/version.json";
  const Looked<std::string> text = files.read(path);
  if (!text) return false;
  const Result<Json> json = parse_json(*text, "reading a CUDA toolkit's version", path);
  if (!json || !json->is_object()) return false;
  for (const auto& [key, part] : json->items()) {
    if (!part.is_object() || !part.contains("version") || !part["version"].is_string()) continue;
    const std::string version = clean_utf8(part["version"].get_ref<const std::string&>(), 64);
    if (version.empty()) continue;
    if (key == "cuda") {
      toolkit.version = known_fact(version, path);
      continue;
    }
    if (key == "cuda_nvcc") toolkit.nvcc = known_fact(version, path + ": cuda_nvcc");
    if (toolkit.components.size() < kMostComponents) toolkit.components[component_name(key)] = version;
  }
  return toolkit.version.is_known();
}

// Up to 10.2: "CUDA Version 10.2.89".
bool read_version_text(const Files& files, Toolkit& toolkit) {
  const std::string path = toolkit.path + "/version.txt";
  const Looked<std::string> text = read_value(files, path);
  constexpr std::string_view kStart = "CUDA Version ";
  if (!text || !text->starts_with(kStart)) return false;
  const std::string version = clean_utf8(trim(text->substr(kStart.size(), text->find('\n') - kStart.size())), 64);
  if (!version.empty()) toolkit.version = known_fact(version, path);
  return !version.empty();
}

// Where headers stand: the toolkit's own, conda's, Debian's.
std::vector<std::string> header_folders(const Files& files, const std::string& toolkit) {
  std::vector<std::string> folders = {toolkit + "/include"};
  const std::string targets = toolkit + "/targets";
  for (const std::string& target : files.list(targets).value.value_or(std::vector<std::string>{})) {
    if (folders.size() < 8) folders.push_back(targets + "/" + target + "/include");
  }
  if (toolkit == "/usr/lib/cuda" || toolkit == "/usr/lib/nvidia-cuda-toolkit") folders.emplace_back("/usr/include");
  return folders;
}

// "#define CUDA_VERSION 12040"
bool read_cuda_header(const Files& files, const std::vector<std::string>& folders, Toolkit& toolkit) {
  for (const std::string& folder : folders) {
    const std::string path = folder + "/cuda.h";
    const Looked<std::string> text = read_start(files, path, kHeaderStart);
    if (!text) continue;
    const auto number = parse_integer(defined_number(*text, "CUDA_VERSION"));
    if (!number || *number < 1000 || *number > 999999) continue;
    toolkit.version = known_fact(std::to_string(*number / 1000) + "." + std::to_string(*number % 1000 / 10), path);
    return true;
  }
  return false;
}

struct ComponentHeader {
  const char* component;
  const char* header;
  std::vector<const char*> numbers;  // names of the parts of the version, in their order
};

// As read in the headers of the 12.9 and 13.2 wheels, cuDNN 9.28 and NCCL 2.32; the names of NvInferVersion.h:
// recalled.
const std::vector<ComponentHeader>& component_headers() {
  static const std::vector<ComponentHeader> headers = {
      {"cublas", "cublas_api.h", {"CUBLAS_VER_MAJOR", "CUBLAS_VER_MINOR", "CUBLAS_VER_PATCH", "CUBLAS_VER_BUILD"}},
      {"cudnn", "cudnn_version.h", {"CUDNN_MAJOR", "CUDNN_MINOR", "CUDNN_PATCHLEVEL"}},
      {"nccl", "nccl.h", {"NCCL_MAJOR", "NCCL_MINOR", "NCCL_PATCH"}},
      {"cufft", "cufft.h", {"CUFFT_VER_MAJOR", "CUFFT_VER_MINOR", "CUFFT_VER_PATCH", "CUFFT_VER_BUILD"}},
      {"curand", "curand.h", {"CURAND_VER_MAJOR", "CURAND_VER_MINOR", "CURAND_VER_PATCH", "CURAND_VER_BUILD"}},
      {"cusparse",
       "cusparse.h",
       {"CUSPARSE_VER_MAJOR", "CUSPARSE_VER_MINOR", "CUSPARSE_VER_PATCH", "CUSPARSE_VER_BUILD"}},
      {"cusolver",
       "cusolver_common.h",
       {"CUSOLVER_VER_MAJOR", "CUSOLVER_VER_MINOR", "CUSOLVER_VER_PATCH", "CUSOLVER_VER_BUILD"}},
      {"npp", "npp.h", {"NPP_VER_MAJOR", "NPP_VER_MINOR", "NPP_VER_PATCH", "NPP_VER_BUILD"}},
      {"nvjpeg", "nvjpeg.h", {"NVJPEG_VER_MAJOR", "NVJPEG_VER_MINOR", "NVJPEG_VER_PATCH", "NVJPEG_VER_BUILD"}},
      {"tensorrt", "NvInferVersion.h", {"NV_TENSORRT_MAJOR", "NV_TENSORRT_MINOR", "NV_TENSORRT_PATCH"}},
      {"cupti", "cupti_version.h", {"CUPTI_API_VERSION"}},
  };
  return headers;
}

void read_component_headers(const Files& files, const std::vector<std::string>& folders, Toolkit& toolkit) {
  for (const ComponentHeader& each : component_headers()) {
    if (toolkit.components.contains(each.component)) continue;
    for (const std::string& folder : folders) {
      const Looked<std::string> text = read_start(files, folder + "/" + each.header, std::size_t{16} << 10);
      if (!text) continue;
      std::string version;
      for (const char* number : each.numbers) {
        const std::string part = defined_number(*text, number);
        if (!part.empty()) version += (version.empty() ? "" : ".") + part;
      }
      if (version.empty()) continue;
      // CUPTI counts its interface, not its releases.
      toolkit.components[each.component] = each.numbers.size() == 1 ? "API " + version : version;
      break;
    }
  }
}

void set_missing(Toolkit& toolkit) {
  toolkit.version =
      missing_fact(Missing::absent, toolkit.path, "neither version.json, version.txt nor cuda.h is there");
  toolkit.nvcc = missing_fact(Missing::absent, toolkit.path, "version.json does not name it");
  toolkit.installer =
      missing_fact(Missing::absent, "dpkg, rpm", "no package manager knows it, nor does an uninstaller");
}

// The version of a package by the name of its metadata folder: "nvidia_cuda_nvcc_cu12-12.9.86.dist-info".
struct WheelName {
  std::string name, version;
};

std::optional<WheelName> nvcc_wheel(const Files& files, const std::string& folder) {
  for (const std::string& name : files.list(folder).value.value_or(std::vector<std::string>{})) {
    if (!name.starts_with("nvidia_cuda_nvcc") || !name.ends_with(".dist-info")) continue;
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos) continue;
    const std::string version = name.substr(dash + 1, name.size() - dash - 11);
    return WheelName{normal_package_name(name.substr(0, dash)), clean_utf8(version, 64)};
  }
  return std::nullopt;
}

bool has_compiler(const Files& files, const std::string& directory) {
  return files.exists(directory + "/bin/nvcc") || files.exists(directory + "/bin/ptxas");
}

void add_wheel(const Files& files, const std::string& packages, const std::string& directory,
               const std::vector<std::string>& headers, std::vector<Toolkit>& toolkits) {
  if (!has_compiler(files, directory)) return;
  Toolkit toolkit;
  toolkit.path = directory;
  set_missing(toolkit);
  read_cuda_header(files, headers, toolkit);
  read_component_headers(files, headers, toolkit);
  if (const std::optional<WheelName> wheel = nvcc_wheel(files, packages)) {
    const std::string source = wheel->name + "'s dist-info";
    toolkit.installer = known_fact("wheel " + wheel->name + " " + wheel->version, source);
    // A part of a toolkit without the compiler driver is no nvcc, though its package is called so (12.x).
    if (files.exists(directory + "/bin/nvcc")) {
      toolkit.nvcc = known_fact(wheel->version, source);
    } else {
      toolkit.nvcc.detail = "no bin/nvcc is there, only ptxas";
    }
    if (!toolkit.version.is_known()) {
      const std::size_t dot = wheel->version.find('.');
      toolkit.version =
          known_fact(wheel->version.substr(0, wheel->version.find('.', dot + 1)), source, Standing::inferred);
    }
  }
  toolkits.push_back(std::move(toolkit));
}
}  // namespace

std::string defined_number(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    std::string_view before = text.substr(0, at);
    const std::size_t blanks = before.find_last_not_of(" \t");
    before = before.substr(0, blanks == std::string_view::npos ? 0 : blanks + 1);
    const std::string_view after = text.substr(at + name.size(), 64);
    if (!before.ends_with("define") || after.empty() || (after[0] != ' ' && after[0] != '\t')) continue;
    const std::string_view value = trim(after.substr(0, after.find('\n')));
    const std::size_t end = std::min(value.find_first_not_of("0123456789"), value.size());
    if (end > 0 && end <= 9 && (end == value.size() || value[end] == ' ' || value[end] == '\t' || value[end] == '/')) {
      return std::string(value.substr(0, end));
    }
  }
  return {};
}

std::optional<Toolkit> read_toolkit(const Files& files, const std::string& directory) {
  const Looked<std::string> resolved = files.resolve(directory);
  if (!resolved || *resolved == "/" || *resolved == "/usr") return std::nullopt;
  Toolkit toolkit;
  toolkit.path = *resolved;
  set_missing(toolkit);
  const std::vector<std::string> headers = header_folders(files, toolkit.path);
  const bool stated = read_version_json(files, toolkit) || read_version_text(files, toolkit) ||
                      read_cuda_header(files, headers, toolkit);
  if (!stated && !files.exists(toolkit.path + "/bin/nvcc")) return std::nullopt;
  read_component_headers(files, headers, toolkit);
  return toolkit;
}

std::vector<Toolkit> toolkits_in_environment(const Files& files, const EnvironmentPlace& place) {
  std::vector<Toolkit> toolkits;
  for (const std::string& folder : place.folders) {
    const std::string nvidia = folder + "/nvidia";
    std::vector<std::string> headers;
    for (const std::string& name : files.list(nvidia).value.value_or(std::vector<std::string>{})) {
      if (headers.size() < 64) headers.push_back(nvidia + "/" + name + "/include");
      if (name.starts_with("cu") && name.size() <= 5 && name.find_first_of("0123456789") == 2) {
        add_wheel(files, folder, nvidia + "/" + name, {nvidia + "/" + name + "/include"}, toolkits);
      }
    }
    add_wheel(files, folder, nvidia + "/cuda_nvcc", headers, toolkits);
  }
  if (!place.conda_meta.empty() && files.exists(place.path + "/bin/nvcc")) {
    if (std::optional<Toolkit> toolkit = read_toolkit(files, place.path)) {
      toolkit->installer = known_fact("conda", "conda-meta");
      for (const std::string& name : files.list(place.conda_meta).value.value_or(std::vector<std::string>{})) {
        if (!name.starts_with("cuda-nvcc-") || name.size() < 11 || name[10] < '0' || name[10] > '9') continue;
        toolkit->nvcc = known_fact(clean_utf8(name.substr(10, name.find('-', 10) - 10), 64), "conda-meta/cuda-nvcc");
      }
      toolkits.push_back(std::move(*toolkit));
    }
  }
  return toolkits;
}

Fact toolkit_installer(const Files& files, const std::string& directory) {
  static const std::vector<std::string> kOwners = {"cuda-nvcc*",   "nvidia-cuda-toolkit*", "cuda-toolkit*",
                                                   "cuda-cudart*", "cuda-documentation*",  "cuda-command-line-tools*",
                                                   "nvhpc*"};
  if (directory.find("/hpc_sdk/") != std::string::npos) {
    return known_fact("NVIDIA HPC SDK", "its path", Standing::inferred);
  }
  const std::vector<std::string> paths = {directory + "/bin/nvcc", directory + "/version.json",
                                          directory + "/version.txt",
                                          directory + "/targets/x86_64-linux/include/cuda.h"};
  if (const std::optional<SystemPackage> owner = find_owner(files, paths, kOwners)) {
    return known_fact(owner->manager + " " + owner->name + (owner->version.empty() ? "" : " " + owner->version),
                      owner->manager + "'s database");
  }
  if (files.exists(directory + "/bin/cuda-uninstaller"))
    return known_fact("runfile", directory + "/bin/cuda-uninstaller");
  for (const std::string& name : files.list(directory + "/bin").value.value_or(std::vector<std::string>{})) {
    if (name.starts_with("uninstall_cuda")) return known_fact("runfile", directory + "/bin/" + clean_utf8(name, 64));
  }
  return missing_fact(Missing::absent, "dpkg, rpm", "no package manager knows it, nor has it an uninstaller");
}

}  // namespace varve
