#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/redact.h"
#include "base/text.h"
#include "stack/collectors.h"
#include "stack/reading.h"

namespace varve {

namespace {
struct FoundToolkit {
  std::string path;     // all links resolved
  std::string version;  // "12.4.1", or "12.4" from a header; empty when nothing states it
  std::string nvcc;     // "12.4.131" where version.json has it
  std::string source;   // the file that states the version
};

// {"cuda": {"name": "CUDA SDK", "version": "12.4.1"}, "cuda_nvcc": {"name": "CUDA NVCC", "version": "12.4.131"}, …}
bool read_version_json(const Files& files, FoundToolkit& toolkit) {
  const std::string path = toolkit.path + "/version.json";
  const Looked<std::string> text = files.read(path);
  if (!text) return false;
  const Result<Json> json = parse_json(*text, "reading a CUDA toolkit's version", path);
  if (!json || !json->is_object()) return false;
  const auto version_of = [&](const char* part) -> std::string {
    const auto found = json->find(part);
    if (found == json->end() || !found->is_object() || !found->contains("version")) return {};
    const Json& version = (*found)["version"];
    return version.is_string() ? clean_utf8(version.get_ref<const std::string&>(), 64) : std::string{};
  };
  toolkit.version = version_of("cuda");
  toolkit.nvcc = version_of("cuda_nvcc");
  toolkit.source = path;
  return !toolkit.version.empty();
}

// Up to 10.2: "CUDA Version 10.2.89".
bool read_version_text(const Files& files, FoundToolkit& toolkit) {
  const std::string path = toolkit.path + "/version.txt";
  const Looked<std::string> text = read_value(files, path);
  constexpr std::string_view kStart = "CUDA Version ";
  if (!text || !text->starts_with(kStart)) return false;
  toolkit.version = clean_utf8(trim(text->substr(kStart.size(), text->find('\n') - kStart.size())), 64);
  toolkit.source = path;
  return true;
}

// "#define CUDA_VERSION 12040" stands in the first tenth of cuda.h, behind the licence.
bool read_cuda_header(const Files& files, FoundToolkit& toolkit) {
  std::vector<std::string> paths = {toolkit.path + "/include/cuda.h"};
  const std::string targets = toolkit.path + "/targets";  // conda's layout
  for (const std::string& target : files.list(targets).value.value_or(std::vector<std::string>{})) {
    paths.push_back(targets + "/" + target + "/include/cuda.h");
  }
  for (const std::string& path : paths) {
    const Looked<std::string> text = read_start(files, path, std::size_t{128} << 10);
    if (!text) continue;
    constexpr std::string_view kDefine = "#define CUDA_VERSION";
    const std::size_t at = text->find(kDefine);
    if (at == std::string::npos) continue;
    const std::string_view line = std::string_view(*text).substr(at + kDefine.size());
    const auto number = parse_integer(trim(line.substr(0, line.find('\n'))));
    if (!number || *number < 1000 || *number > 999999) continue;
    toolkit.version = std::to_string(*number / 1000) + "." + std::to_string(*number % 1000 / 10);
    toolkit.source = path;
    return true;
  }
  return false;
}

std::optional<FoundToolkit> read_toolkit(const Files& files, const std::string& directory) {
  const Looked<std::string> resolved = files.resolve(directory);
  if (!resolved) return std::nullopt;
  FoundToolkit toolkit{.path = *resolved == "/" ? "" : *resolved, .version = {}, .nvcc = {}, .source = {}};
  const bool stated =
      read_version_json(files, toolkit) || read_version_text(files, toolkit) || read_cuda_header(files, toolkit);
  if (!stated && !files.exists(toolkit.path + "/bin/nvcc")) return std::nullopt;
  return toolkit;
}

// Directories whose name begins with "cuda" below one of the usual parents, HPC SDK's per release.
std::vector<std::string> usual_directories(const Files& files) {
  std::vector<std::string> parents = {"/usr/local", "/opt"};
  const std::string hpc = "/opt/nvidia/hpc_sdk/Linux_x86_64";
  for (const std::string& release : files.list(hpc).value.value_or(std::vector<std::string>{})) {
    parents.push_back(hpc + "/" + release + "/cuda");
  }
  std::vector<std::string> directories = {"/usr/lib/cuda", "/usr/lib/nvidia-cuda-toolkit"};
  for (const std::string& parent : parents) {
    const bool in_hpc = parent.starts_with(hpc);
    for (const std::string& name : files.list(parent).value.value_or(std::vector<std::string>{})) {
      if (in_hpc || name.starts_with("cuda")) directories.push_back(parent + "/" + name);
    }
  }
  return directories;
}

// A directory that something names as the toolkit to build with.
struct Claim {
  std::string source;
  std::string directory;
};

// In the order in which builds look (PyTorch's cpp_extension, CMake's FindCUDAToolkit): the variables, the first nvcc
// on PATH, the link in /usr/local, which update-alternatives may lead through /etc/alternatives/cuda.
std::vector<Claim> active_claims(const Subject& subject) {
  const Files& files = subject.files;
  std::vector<Claim> claims;
  for (const char* name : {"CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"}) {
    const std::string value = environment_value(subject.environment, name);
    if (value.starts_with('/')) claims.push_back({name, value});
  }
  const std::string search_path = environment_value(subject.environment, "PATH");
  for (const std::string_view directory : split(search_path, ':')) {
    if (!directory.starts_with('/')) continue;
    const Looked<std::string> nvcc = files.resolve(std::string(directory) + "/nvcc");
    if (!nvcc) continue;
    const std::size_t bin = nvcc->rfind("/bin/");
    claims.push_back({"nvcc on PATH", bin == std::string::npos ? std::string(directory) : nvcc->substr(0, bin) + "/"});
    break;
  }
  claims.push_back({"/usr/local/cuda", "/usr/local/cuda"});
  return claims;
}

std::string name_of(const FoundToolkit& toolkit, std::string_view home) {
  const std::string path = shorten_home(toolkit.path.empty() ? "/" : toolkit.path, home);
  return path + " (" + (toolkit.version.empty() ? "version not stated" : toolkit.version) + ")";
}

void set_active(const Subject& subject, const std::vector<std::pair<std::string, FoundToolkit>>& claimed,
                Facts& facts) {
  const auto& [source, active] = claimed.front();
  Fact& path = facts["toolkit.active"];
  path = known_fact(shorten_home(active.path.empty() ? "/" : active.path, subject.home), source);
  for (const auto& [other_source, other] : claimed) {
    if (other.path == active.path) continue;
    path.detail += (path.detail.empty() ? "but " : ", ") + other_source + " leads to " + name_of(other, subject.home);
  }
  Fact& version = facts["toolkit.nvcc.version"];
  if (active.version.empty()) {
    version = missing_fact(Missing::absent, source, "neither version.json, version.txt nor cuda.h is there");
    return;
  }
  version = known_fact(active.version, shorten_home(active.source, subject.home));
  if (!active.nvcc.empty()) version.detail = "nvcc " + active.nvcc;
}
}  // namespace

void collect_toolkits(const Subject& subject, Stack& stack) {
  Facts& facts = stack.facts;
  const Files& files = subject.files;
  std::vector<std::pair<std::string, FoundToolkit>> claimed;
  std::set<std::string> directories;
  for (const std::string& directory : usual_directories(files)) directories.insert(directory);
  for (const Claim& claim : active_claims(subject)) {
    std::optional<FoundToolkit> toolkit = read_toolkit(files, claim.directory);
    if (!toolkit) continue;
    directories.insert(toolkit->path.empty() ? "/" : toolkit->path);
    claimed.emplace_back(claim.source, std::move(*toolkit));
  }
  std::set<std::string> installed;
  for (const std::string& directory : directories) {
    if (const auto toolkit = read_toolkit(files, directory)) installed.insert(name_of(*toolkit, subject.home));
  }
  const Fact none = missing_fact(Missing::absent, "/usr/local, /opt, CUDA_HOME, PATH", "no CUDA toolkit found");
  facts["toolkit.installed"] =
      installed.empty() ? none : known_fact(std::vector<std::string>(installed.begin(), installed.end()), none.source);
  if (claimed.empty()) {
    facts["toolkit.active"] = none;
    facts["toolkit.nvcc.version"] = none;
    return;
  }
  set_active(subject, claimed, facts);
}

}  // namespace varve
