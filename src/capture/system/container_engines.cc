// Which container engines of this machine were told of NVIDIA's runtime, and what in their files cannot work.
#include "capture/system/container_engines.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kDocker = "/etc/docker/daemon.json";
constexpr const char* kRuntime = "/usr/bin/nvidia-container-runtime";
// Where flags of dockerd stand that name runtimes.
constexpr const char* kDockerFlags[] = {"/etc/default/docker", "/etc/sysconfig/docker",
                                        "/etc/systemd/system/docker.service", "/lib/systemd/system/docker.service",
                                        "/usr/lib/systemd/system/docker.service"};

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

bool has_runtime_flags(const Files& files) {
  constexpr const char* kDropIns = "/etc/systemd/system/docker.service.d";
  std::vector<std::string> paths(std::begin(kDockerFlags), std::end(kDockerFlags));
  for (const std::string& name : files.list(kDropIns).value.value_or(std::vector<std::string>{})) {
    paths.push_back(std::string(kDropIns) + "/" + name);
  }
  return std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
    const Looked<std::string> text = files.read(path);
    return text && text->find("--add-runtime") != std::string::npos;
  });
}

// A default runtime that nobody defines: "specified default runtime 'nvidia' does not exist" (moby,
// daemon/config/config_linux.go). Names of shims and paths need no entry.
void check_default_runtime(const Files& files, const Json& configuration, Engines& engines) {
  const auto chosen = configuration.find("default-runtime");
  if (chosen == configuration.end() || !chosen->is_string()) return;
  const std::string name = chosen->get<std::string>();
  const auto runtimes = configuration.find("runtimes");
  const bool defined = runtimes != configuration.end() && runtimes->is_object() && runtimes->contains(name);
  if (name.empty() || defined || name == "runc" || name.find_first_of("./") != std::string::npos) return;
  if (has_runtime_flags(files)) return;
  engines.faults.push_back(
      fmt::format("docker: its default-runtime is \"{}\", and {} defines no runtime of that name, "
                  "so that its daemon does not start",
                  clean_utf8(name, 64), kDocker));
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
    check_default_runtime(files, *parsed, engines);
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

}  // namespace

void collect_container_engines(const Subject& subject, Facts& facts) {
  const Files& files = subject.files;
  Engines engines;
  look_at_docker(files, engines);
  look_at_containerd(files, engines);
  look_at_crio(files, engines);
  look_at_podman(files, engines);
  const bool told = std::any_of(engines.rows.begin(), engines.rows.end(), [](const std::string& row) {
    return row.find("runtime nvidia") != std::string::npos || row.find("--gpus by") != std::string::npos;
  });
  if (files.exists(kRuntime)) engines.rows.emplace_back("NVIDIA's runtime is installed");
  look_at_nvidia_runtime(files, told, engines);
  const std::string source = std::string(kDocker) + ", " + kContainerdFile + ", " + kRuntime;
  const auto fact = [&](std::vector<std::string>& rows, const char* none) {
    return rows.empty() ? missing_fact(Missing::absent, source, none) : known_fact(std::move(rows), source);
  };
  facts["container.gpu_runtime.engines"] = fact(engines.rows, "no container engine");
  facts["container.gpu_runtime.engine_faults"] = fact(engines.faults, "none");
}

}  // namespace varve
