#include "toolkit/toolkit_layout.h"

#include <algorithm>

namespace varve {

namespace {
constexpr std::size_t kMostTargets = 8;
constexpr const char* kSystemPrograms = "/usr/bin";

// The folders below site-packages/nvidia that make up a toolkit in wheels up to 12.x, as in those of 12.9. What a
// toolkit does not hold (cudnn, nccl) is not among them.
constexpr const char* kWheelParts[] = {
    "cuda_nvcc",          "cuda_runtime", "cuda_cccl", "cuda_nvrtc", "cuda_cupti", "cuda_profiler_api",
    "cuda_sanitizer_api", "cuda_opencl",  "cublas",    "cufft",      "cufile",     "curand",
    "cusolver",           "cusparse",     "npp",       "nvfatbin",   "nvjitlink",  "nvjpeg",
    "nvml_dev",           "nvtx"};

// Folders that the loader and the linker search anyway.
bool is_system_folder(const std::string& folder) {
  if (folder == "/lib" || folder == "/lib64" || folder == "/usr/lib" || folder == "/usr/lib64") return true;
  return (folder.starts_with("/usr/lib/") || folder.starts_with("/lib/")) && folder.ends_with("-linux-gnu");
}

class LayoutReader {
 public:
  LayoutReader(const Files& files, const std::string& path, ToolkitKind kind)
      : files_(files), path_(path), kind_(kind) {}

  ToolkitLayout read() {
    add_programs();
    if (kind_ == ToolkitKind::wheels && path_.ends_with("/cuda_nvcc")) {
      add_wheel_parts(path_.substr(0, path_.rfind('/')));
    } else {
      add_headers();
      add_libraries();
    }
    note_missing();
    return std::move(layout_);
  }

 private:
  bool has(const std::string& folder, const char* name) const { return files_.exists(folder + "/" + name); }

  void add_programs() {
    std::vector<std::string> folders = {path_ + "/bin"};
    if (is_debians_toolkit(path_)) folders = {kSystemPrograms, path_ + "/bin", kDebianCompilers};
    for (const char* name : {"nvcc", "ptxas"}) {
      for (const std::string& folder : folders) {
        if (!has(folder, name)) continue;
        layout_.programs = folder;
        layout_.has_nvcc = has(folder, "nvcc");
        return;
      }
    }
  }

  // targets/x86_64-linux and the like, this machine's architecture first.
  std::vector<std::string> targets() const {
    std::vector<std::string> names = files_.list(path_ + "/targets").value.value_or(std::vector<std::string>{});
    if (names.size() > kMostTargets) names.resize(kMostTargets);
    std::stable_partition(names.begin(), names.end(), [](const std::string& name) {
#if defined(__aarch64__)
      return name == "sbsa-linux" || name == "aarch64-linux";
#else
      return name == "x86_64-linux";
#endif
    });
    for (std::string& name : names) name = path_ + "/targets/" + name;
    return names;
  }

  void add_headers() {
    std::vector<std::string> folders = {path_ + "/include"};
    for (const std::string& target : targets()) folders.push_back(target + "/include");
    if (is_debians_toolkit(path_)) folders.emplace_back("/usr/include");
    for (const std::string& folder : folders) {
      const Looked<std::string> resolved = files_.resolve(folder);
      if (!resolved || !has(*resolved, "cuda_runtime.h")) continue;
      layout_.headers.push_back(*resolved);
      return;
    }
  }

  // The first folder that there is. All of a conda environment stands in its lib, libstdc++ and OpenSSL too: that is
  // nothing for the loader's path, its targets/…/lib is.
  void add_libraries() {
    std::vector<std::string> folders;
    const std::vector<std::string> own = {path_ + "/lib64", path_ + "/lib"};
    if (kind_ != ToolkitKind::conda) folders.push_back(own[0]);
    for (const std::string& target : targets()) folders.push_back(target + "/lib");
    if (kind_ != ToolkitKind::conda) folders.push_back(own[1]);
    for (const std::string& folder : folders) {
      const Looked<std::string> resolved = files_.resolve(folder);
      if (!resolved) continue;
      linkable_ = linkable_ || has_runtime(*resolved);
      const bool unused = is_system_folder(*resolved) || (is_debians_toolkit(path_) && !has_runtime(*resolved));
      if (layout_.libraries.empty() && !unused) layout_.libraries.push_back(*resolved);
    }
    linkable_ = linkable_ || has_runtime(own[1]);
    if (!is_debians_toolkit(path_)) return;
    for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"}) {
      linkable_ = linkable_ || has_runtime(folder);
    }
  }

  void add_wheel_parts(const std::string& nvidia) {
    for (const char* part : kWheelParts) {
      const std::string folder = nvidia + "/" + part;
      if (files_.exists(folder + "/include")) layout_.headers.push_back(folder + "/include");
      if (!files_.exists(folder + "/lib")) continue;
      layout_.libraries.push_back(folder + "/lib");
      linkable_ = linkable_ || has_runtime(folder + "/lib");
    }
  }

  // What a program is linked with: libcudart.so, or libcudart_static.a, which is nvcc's default.
  bool has_runtime(const std::string& folder) const {
    return has(folder, "libcudart.so") || has(folder, "libcudart_static.a");
  }

  void note_missing() {
    const std::string& programs = layout_.programs;
    const auto program = [&](const char* name) { return !programs.empty() && has(programs, name); };
    const auto runtime = [&](const std::string& folder) { return has(folder, "cuda_runtime.h"); };
    const auto lacks = [&](bool there, const char* what) {
      if (!there) layout_.missing.emplace_back(what);
    };
    lacks(layout_.has_nvcc, "nvcc");
    lacks(program("ptxas"), "ptxas");
    const bool beside = is_debians_toolkit(path_) && has(kDebianCompilers, "cicc");
    lacks(has(path_ + "/nvvm/bin", "cicc") || program("cicc") || beside, "cicc");
    lacks(std::any_of(layout_.headers.begin(), layout_.headers.end(), runtime), "cuda_runtime.h");
    lacks(linkable_, "libcudart");
  }

  const Files& files_;
  const std::string& path_;
  const ToolkitKind kind_;
  ToolkitLayout layout_;
  bool linkable_ = false;
};
}  // namespace

bool is_debians_toolkit(std::string_view path) {
  return path == "/usr/lib/cuda" || path == "/usr/lib/nvidia-cuda-toolkit";
}

bool is_system_programs(std::string_view folder) { return folder == kSystemPrograms || folder == "/bin"; }

std::string toolkit_home(const InstalledToolkit& installed) {
  const std::string& path = installed.toolkit.path;
  const bool apart = is_debians_toolkit(path) && is_system_programs(installed.layout.programs);
  return apart ? "/usr" : path;
}

ToolkitLayout read_toolkit_layout(const Files& files, const std::string& path, ToolkitKind kind) {
  return LayoutReader(files, path, kind).read();
}

bool is_prefix_of_its_own(const Files& files, const std::string& path, ToolkitKind kind) {
  if (kind == ToolkitKind::wheels) return true;
  if (kind == ToolkitKind::conda || path == "/usr/local" || path == "/usr" || path == "/") return false;
  if (files.exists(path + "/conda-meta")) return false;
  // Every toolkit since 5.0 has nvvm at its top; a prefix that only carries an nvcc among other programs has none.
  return files.exists(path + "/version.json") || files.exists(path + "/version.txt") || files.exists(path + "/nvvm");
}

}  // namespace varve
