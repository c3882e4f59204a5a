// Which container engines of this machine were told of NVIDIA's runtime.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kDocker = "/etc/docker/daemon.json";
constexpr const char* kContainerd = "/etc/containerd/config.toml";
constexpr const char* kRuntime = "/usr/bin/nvidia-container-runtime";

// dockerd(8): "runtimes": {"nvidia": {"path": …}}, "default-runtime": "nvidia",
// "exec-opts": ["native.cgroupdriver=cgroupfs"].
std::optional<std::string> docker_row(const Files& files) {
  const bool installed = files.exists("/usr/bin/dockerd") || files.exists("/usr/sbin/dockerd");
  const Looked<std::string> text = files.read(kDocker);
  if (!text) return installed ? std::optional<std::string>("docker: not told of NVIDIA's runtime") : std::nullopt;
  const Result<Json> parsed = parse_json(*text, "reading Docker's configuration", kDocker);
  if (!parsed || !parsed->is_object()) return "docker: its configuration cannot be read";
  std::vector<std::string> parts;
  const auto runtimes = parsed->find("runtimes");
  const bool told = runtimes != parsed->end() && runtimes->is_object() && runtimes->contains("nvidia");
  parts.emplace_back(told ? "runtime nvidia" : "not told of NVIDIA's runtime");
  const auto chosen = parsed->find("default-runtime");
  if (chosen != parsed->end() && chosen->is_string() && chosen->get<std::string>() == "nvidia") {
    parts.emplace_back("by default");
  }
  const auto options = parsed->find("exec-opts");
  if (options != parsed->end() && options->is_array()) {
    for (const Json& option : *options) {
      if (option.is_string() && option.get<std::string>() == "native.cgroupdriver=cgroupfs") {
        parts.emplace_back("cgroups by cgroupfs");
      }
    }
  }
  return "docker: " + join(parts, ", ");
}

std::optional<std::string> containerd_row(const Files& files) {
  const Looked<std::string> text = files.read(kContainerd);
  if (!text) return std::nullopt;
  const bool told = text->find("nvidia-container-runtime") != std::string::npos;
  return told ? "containerd: runtime nvidia" : "containerd: not told of NVIDIA's runtime";
}
}  // namespace

void collect_container_engines(const Subject& subject, Facts& facts) {
  const Files& files = subject.files;
  std::vector<std::string> rows;
  for (auto& row : {docker_row(files), containerd_row(files)}) {
    if (row) rows.push_back(*row);
  }
  if (files.exists(kRuntime)) rows.emplace_back("NVIDIA's runtime is installed");
  const std::string source = std::string(kDocker) + ", " + kContainerd + ", " + kRuntime;
  facts["container.gpu_runtime.engines"] =
      rows.empty() ? missing_fact(Missing::absent, source, "no container engine") : known_fact(std::move(rows), source);
}

}  // namespace varve
