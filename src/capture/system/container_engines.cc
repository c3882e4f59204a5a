// Which container engines of this machine were told of NVIDIA's runtime, and what in their files cannot work.
#include <fmt/format.h>

// A file that is no TOML is an error to be told, in debug builds too.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "capture/system/collect_system.h"
#include "tables/package_table.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kDocker = "/etc/docker/daemon.json";
constexpr const char* kContainerd = "/etc/containerd/config.toml";
constexpr const char* kRuntime = "/usr/bin/nvidia-container-runtime";
constexpr const char* kToolkitConfiguration = "/etc/nvidia-container-runtime/config.toml";
constexpr const char* kNotTold = "not told of NVIDIA's runtime";
// Where services find programs that are named without a folder.
constexpr const char* kProgramFolders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                           "/usr/bin",        "/sbin",          "/bin"};
constexpr std::size_t kMostImports = 64;

struct Engines {
  std::vector<std::string> rows, faults;
};

bool is_nvidia_runtime(std::string_view program) {
  return std::string_view(file_name(std::string(program))).starts_with("nvidia-container-runtime");
}

bool has_program(const Files& files, const std::string& program) {
  if (program.starts_with('/')) return files.exists(program);
  for (const char* folder : kProgramFolders) {
    if (files.exists(std::string(folder) + "/" + program)) return true;
  }
  return false;
}

void check_program(const Files& files, const std::string& engine, const std::string& program, Engines& engines) {
  if (has_program(files, program)) return;
  engines.faults.push_back(
      fmt::format("{}: its runtime for GPUs is {}, which is not there", engine, clean_utf8(program, 256)));
}

// dockerd(8): "runtimes": {"nvidia": {"path": …}}, "default-runtime": "nvidia", "exec-opts":
// ["native.cgroupdriver=cgroupfs"]. The words of it that count.
std::vector<std::string> docker_words(const Files& files, const Json& configuration, Engines& engines) {
  std::vector<std::string> words;
  std::set<std::string> names;
  const auto runtimes = configuration.find("runtimes");
  if (runtimes != configuration.end() && runtimes->is_object()) {
    for (const auto& [name, runtime] : runtimes->items()) {
      const auto path = runtime.is_object() ? runtime.find("path") : runtime.end();
      const bool has_path = runtime.is_object() && path != runtime.end() && path->is_string();
      if (name != "nvidia" && !(has_path && is_nvidia_runtime(path->get<std::string>()))) continue;
      names.insert(name);
      if (has_path) check_program(files, "docker", path->get<std::string>(), engines);
    }
  }
  if (!names.empty()) words.emplace_back("runtime nvidia");
  const auto chosen = configuration.find("default-runtime");
  if (chosen != configuration.end() && chosen->is_string() && names.contains(chosen->get<std::string>())) {
    words.emplace_back("by default");
  }
  const auto options = configuration.find("exec-opts");
  if (options != configuration.end() && options->is_array()) {
    for (const Json& option : *options) {
      if (option.is_string() && option.get<std::string>() == "native.cgroupdriver=cgroupfs") {
        words.emplace_back("cgroups by cgroupfs");
      }
    }
  }
  return words;
}

// Docker serves --gpus by itself where it finds the hook on its PATH (moby, daemon/nvidia_linux.go).
void look_at_docker(const Files& files, Engines& engines) {
  const bool installed = has_program(files, "dockerd");
  const Looked<std::string> text = files.read(kDocker);
  std::vector<std::string> words;
  if (text && !trim(*text).empty()) {
    const Result<Json> parsed = parse_json(*text, "reading Docker's configuration", kDocker);
    if (!parsed || !parsed->is_object()) {
      engines.rows.emplace_back("docker: its configuration cannot be read");
      engines.faults.push_back(fmt::format("docker: {} {}, so that its daemon does not start", kDocker,
                                           parsed ? "holds no object" : "cannot be read: " + parsed.error().found));
      return;
    }
    words = docker_words(files, *parsed, engines);
  } else if (!installed) {
    return;
  }
  const bool hook = installed && has_program(files, "nvidia-container-runtime-hook");
  if (hook && (words.empty() || words.front() != "runtime nvidia"))
    words.emplace(words.begin(), "--gpus by NVIDIA's hook");
  if (words.empty() || words.front() == "by default" || words.front() == "cgroups by cgroupfs") {
    words.emplace(words.begin(), kNotTold);
  }
  engines.rows.push_back("docker: " + join(words, ", "));
}

// Files that a configuration imports: paths and patterns, beside it where they are relative.
std::vector<std::string> imported_files(const Files& files, const toml::table& table, const std::string& path) {
  std::vector<std::string> imported;
  const toml::array* imports = table["imports"].as_array();
  for (std::size_t i = 0; imports != nullptr && i < imports->size(); ++i) {
    std::string pattern = (*imports)[i].value_or(std::string());
    if (pattern.empty()) continue;
    if (!pattern.starts_with('/')) pattern = path.substr(0, path.rfind('/') + 1) + pattern;
    const std::string folder = pattern.substr(0, pattern.rfind('/'));
    for (const std::string& name : files.list(folder).value.value_or(std::vector<std::string>{})) {
      if (matches_pattern(name, pattern.substr(folder.size() + 1))) imported.push_back(folder + "/" + name);
    }
  }
  return imported;
}

// The programs of containerd's runtimes: "BinaryName" of [plugins.….containerd.runtimes.NAME.options].
void find_binary_names(const toml::table& table, std::vector<std::string>& programs) {
  for (const auto& [key, node] : table) {
    if (const toml::table* below = node.as_table()) find_binary_names(*below, programs);
    const auto text = node.value<std::string>();
    if (text && (key == "BinaryName" || key == "Runtime") && is_nvidia_runtime(*text)) programs.push_back(*text);
  }
}

// containerd-config.toml(5).
void look_at_containerd(const Files& files, Engines& engines) {
  std::vector<std::string> open = {kContainerd}, programs;
  std::set<std::string> seen;
  bool readable = true;
  if (!files.exists(kContainerd)) return;
  for (std::size_t i = 0; i < open.size() && seen.size() < kMostImports; ++i) {
    const std::string path = open[i];
    if (!seen.insert(path).second) continue;
    const Looked<std::string> text = files.read(path);
    if (!text) continue;
    try {
      const toml::table table = toml::parse(std::string_view(*text));
      find_binary_names(table, programs);
      for (std::string& imported : imported_files(files, table, path)) open.push_back(std::move(imported));
    } catch (const toml::parse_error& error) {
      readable = false;
      engines.faults.push_back(fmt::format("containerd: {} cannot be read: line {}: {}; it does not start",
                                           clean_utf8(path, 256), error.source().begin.line,
                                           clean_utf8(error.description(), 200)));
    }
  }
  for (const std::string& program : std::set<std::string>(programs.begin(), programs.end())) {
    check_program(files, "containerd", program, engines);
  }
  engines.rows.push_back("containerd: " + std::string(!programs.empty() ? "runtime nvidia"
                                                      : readable        ? kNotTold
                                                                        : "its configuration cannot be read"));
}

// [nvidia-container-cli] no-cgroups = true: what a rootless Docker needs, and one with root must not have.
void look_at_control_groups(const Files& files, Engines& engines) {
  const Looked<std::string> text = files.read(kToolkitConfiguration);
  if (!text) return;
  try {
    const toml::table table = toml::parse(std::string_view(*text));
    if (!table["nvidia-container-cli"]["no-cgroups"].value_or(false)) return;
    engines.rows.emplace_back("NVIDIA's runtime leaves control groups alone (no-cgroups)");
  } catch (const toml::parse_error& error) {
    engines.faults.push_back(fmt::format("NVIDIA's runtime: {} cannot be read: line {}: {}", kToolkitConfiguration,
                                         error.source().begin.line, clean_utf8(error.description(), 200)));
    return;
  }
  for (const std::string& user : files.list("/home").value.value_or(std::vector<std::string>{})) {
    const Looked<std::string> own = files.read("/home/" + user + "/.config/docker/daemon.json");
    if (!own || own->find("nvidia") == std::string::npos) continue;
    engines.rows.emplace_back("docker without root: runtime nvidia");
    return;
  }
}
}  // namespace

void collect_container_engines(const Subject& subject, Facts& facts) {
  const Files& files = subject.files;
  Engines engines;
  look_at_docker(files, engines);
  look_at_containerd(files, engines);
  if (files.exists(kRuntime)) engines.rows.emplace_back("NVIDIA's runtime is installed");
  look_at_control_groups(files, engines);
  const std::string source = std::string(kDocker) + ", " + kContainerd + ", " + kRuntime;
  const auto fact = [&](std::vector<std::string>& rows, const char* none) {
    return rows.empty() ? missing_fact(Missing::absent, source, none) : known_fact(std::move(rows), source);
  };
  facts["container.gpu_runtime.engines"] = fact(engines.rows, "no container engine");
  facts["container.gpu_runtime.engine_faults"] = fact(engines.faults, "none");
}

}  // namespace varve
