#include "toolkit/toolkit_search.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "toolkit/toolkit_reader.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::size_t kMostToolkits = 64;
constexpr const char* kDebianFolders = "/usr/lib/cuda";
constexpr const char* kDebianBeneath = "/usr/lib/nvidia-cuda-toolkit";
// The states that update-alternatives keeps: Debian's, Red Hat's.
constexpr const char* kAlternatives[] = {"/var/lib/dpkg/alternatives/cuda", "/var/lib/alternatives/cuda"};

class Search {
 public:
  Search(const Files& files, const std::map<std::string, std::string>& environment)
      : files_(files), environment_(environment) {}

  ToolkitSearch run() {
    for (const std::string& directory : usual_directories()) add(directory);
    read_alternatives();
    for (const char* name : {"CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"}) {
      const std::string value = environment_value(environment_, name);
      if (value.starts_with('/')) claim(name, value, name);
    }
    claim_path();
    claim("/usr/local/cuda", "/usr/local/cuda", "/usr/local/cuda");
    claim_library_path();
    claim_modules();
    const std::string conda = environment_value(environment_, "CONDA_PREFIX");
    if (conda.starts_with('/') && files_.exists(conda + "/bin/nvcc")) claim("CONDA_PREFIX", conda, "CONDA_PREFIX");
    claim_alternatives();
    for (Toolkit& toolkit : toolkits_) toolkit.installer = toolkit_installer(files_, toolkit.path);
    std::sort(toolkits_.begin(), toolkits_.end(), [](const Toolkit& a, const Toolkit& b) { return a.path < b.path; });
    return {std::move(toolkits_), std::move(claims_)};
  }

 private:
  std::vector<std::string> list(const std::string& path) const {
    return files_.list(path).value.value_or(std::vector<std::string>{});
  }

  // Directories whose name begins with "cuda" below one of the usual parents, the HPC SDK's per release.
  std::vector<std::string> usual_directories() const {
    // Debian's /usr/lib/cuda leads into the other directory: one toolkit.
    std::vector<std::string> directories = {files_.exists(kDebianFolders) ? kDebianFolders : kDebianBeneath};
    for (const char* parent : {"/usr/local", "/opt"}) {
      for (const std::string& name : list(parent)) {
        if (name.starts_with("cuda")) directories.push_back(std::string(parent) + "/" + name);
      }
    }
    const std::string hpc = "/opt/nvidia/hpc_sdk/Linux_x86_64";
    for (const std::string& release : list(hpc)) {
      const std::string parent = hpc + "/" + release + "/cuda";
      for (const std::string& name : list(parent)) directories.push_back(parent + "/" + name);
    }
    return directories;
  }

  // The index of the toolkit in the directory, which is read when it is new.
  Toolkit* add(const std::string& directory) {
    std::string resolved = files_.resolve(directory).value.value_or("");
    if (resolved == "/usr" && files_.exists("/usr/bin/nvcc")) resolved = kDebianBeneath;
    if (resolved == kDebianBeneath && files_.exists(kDebianFolders)) resolved = kDebianFolders;
    for (Toolkit& known : toolkits_) {
      if (known.path == resolved) return &known;
    }
    if (resolved.empty() || toolkits_.size() >= kMostToolkits) return nullptr;
    std::optional<Toolkit> toolkit = read_toolkit(files_, resolved);
    if (!toolkit) return nullptr;
    toolkits_.push_back(std::move(*toolkit));
    return &toolkits_.back();
  }

  bool claim(const std::string& source, const std::string& directory, const std::string& named_by) {
    Toolkit* toolkit = add(directory);
    if (toolkit == nullptr) return false;
    toolkit->named_by.push_back(named_by);
    claims_.push_back({source, toolkit->path, ""});
    return true;
  }

  // The first nvcc on PATH. Debian's /usr/bin/nvcc is a script that starts the one in its own directory.
  void claim_path() {
    const std::string search_path = environment_value(environment_, "PATH");
    for (const std::string_view directory : split(search_path, ':')) {
      if (!directory.starts_with('/')) continue;
      const Looked<std::string> nvcc = files_.resolve(std::string(directory) + "/nvcc");
      if (!nvcc) continue;
      const std::size_t bin = nvcc->rfind("/bin/");
      const std::string prefix = bin == std::string::npos ? std::string(directory) : nvcc->substr(0, bin);
      claim("nvcc on PATH", prefix, "PATH");
      return;
    }
  }

  // The first directory there that lies in a toolkit.
  void claim_library_path() {
    const std::string libraries = environment_value(environment_, "LD_LIBRARY_PATH");
    for (const std::string_view directory : split(libraries, ':')) {
      if (!directory.starts_with('/')) continue;
      std::string parent = files_.resolve(std::string(directory)).value.value_or("");
      for (int level = 0; level < 4 && parent.find("cuda") != std::string::npos; ++level) {
        if (claim("LD_LIBRARY_PATH", parent, "LD_LIBRARY_PATH")) return;
        parent = parent.substr(0, parent.rfind('/'));
      }
    }
  }

  // Environment Modules and Lmod list what is loaded: "gcc/12.2:cuda/12.4.1".
  void claim_modules() {
    const std::string loaded = environment_value(environment_, "LOADEDMODULES");
    for (const std::string_view name : split(loaded, ':')) {
      const std::size_t slash = name.find('/');
      const std::string kind = to_lower(name.substr(0, slash));
      if (kind != "cuda" && kind != "cudatoolkit" && kind != "nvhpc") continue;
      ToolkitClaim claim{"LOADEDMODULES", "", clean_utf8(name, 64)};
      const std::string_view version = slash == std::string_view::npos ? std::string_view() : name.substr(slash + 1);
      std::vector<Toolkit*> same;
      for (Toolkit& toolkit : toolkits_) {
        const std::string stated = toolkit_version_text(toolkit);
        const bool fits = !version.empty() && (stated.starts_with(version) || version.starts_with(stated));
        if (fits && kind != "nvhpc") same.push_back(&toolkit);
      }
      // Of several it is the one that the module's other variables lead to; else the name does not say which.
      const auto named = std::find_if(same.begin(), same.end(), [](const Toolkit* toolkit) {
        return std::find(toolkit->named_by.begin(), toolkit->named_by.end(), "CUDA_HOME") != toolkit->named_by.end();
      });
      if (same.size() > 1 && named == same.end()) return;
      if (Toolkit* toolkit = same.empty() ? nullptr : same.size() > 1 ? *named : same.front()) {
        claim.toolkit = toolkit->path;
        toolkit->named_by.emplace_back("LOADEDMODULES");
      }
      claims_.push_back(std::move(claim));
      return;
    }
  }

  // The first line is "auto" or "manual"; the choices are lines of their own (update-alternatives(1), FILES).
  void read_alternatives() {
    for (const char* path : kAlternatives) {
      const Looked<std::string> text = files_.read(path, std::size_t{64} << 10);
      if (!text) continue;
      const std::vector<std::string_view> lines = split(*text, '\n');
      if (!lines.empty()) mode_ = clean_utf8(lines.front(), 16);
      std::size_t probed = 0;
      for (const std::string_view line : lines) {
        const std::string_view name = line.substr(line.rfind('/') + 1);
        if (line.starts_with('/') && name.starts_with("cuda") && probed++ < kMostToolkits) add(std::string(line));
      }
    }
  }

  void claim_alternatives() {
    const std::string link = "/etc/alternatives/cuda";
    claim(mode_.empty() ? link : link + " (" + mode_ + ")", link, "update-alternatives");
  }

  const Files& files_;
  const std::map<std::string, std::string>& environment_;
  std::vector<Toolkit> toolkits_;
  std::vector<ToolkitClaim> claims_;
  std::string mode_;
};
}  // namespace

ToolkitSearch find_toolkits(const Files& files, const std::map<std::string, std::string>& environment) {
  return Search(files, environment).run();
}

}  // namespace varve
