#include "base/text.h"
#include "capture/system/collect_system.h"
#include "world/reading.h"

namespace varve {

namespace {
struct Sign {
  std::string_view mark, kind;
};
// Files that a runtime leaves in the root it makes.
constexpr Sign kFiles[] = {
    {"/.dockerenv", "docker"}, {"/run/.containerenv", "podman"}, {"/.singularity.d", "apptainer"}};
// Pieces of a cgroup path, where no cgroup namespace hides it.
constexpr Sign kCgroups[] = {{"kubepods", "kubernetes"},
                             {"libpod", "podman"},
                             {"docker", "docker"},
                             {"containerd", "containerd"},
                             {"crio", "cri-o"},
                             {"lxc", "lxc"},
                             {"machine.slice/machine-", "systemd-nspawn"}};
constexpr Sign kVariables[] = {{"KUBERNETES_SERVICE_HOST", "kubernetes"},
                               {"APPTAINER_CONTAINER", "apptainer"},
                               {"SINGULARITY_CONTAINER", "apptainer"}};

Fact container_fact(const Subject& subject) {
  const Files& files = subject.world.files;
  for (const Sign& sign : kVariables) {
    if (subject.environment.contains(std::string(sign.mark))) {
      return known_fact(std::string(sign.kind), "environment: " + std::string(sign.mark), Standing::inferred);
    }
  }
  // Another process may live in another root, which only its owner may see.
  const Files& root = subject.files;
  for (const Sign& sign : kFiles) {
    if (root.exists(sign.mark)) {
      return known_fact(std::string(sign.kind), std::string(sign.mark), Standing::inferred);
    }
  }
  const Looked<std::string> kind = read_value(root, "/run/systemd/container");
  if (kind) return known_fact(*kind, "/run/systemd/container");
  if (kind.failure != LookFailure::absent) return missing_because(kind, subject.proc + "/root");
  const std::string path = subject.proc + "/cgroup";
  const Looked<std::string> groups = files.read(path);
  if (!groups) return missing_because(groups, path);
  for (const Sign& sign : kCgroups) {
    if (groups->find(sign.mark) != std::string::npos) {
      return known_fact(std::string(sign.kind), path, Standing::inferred);
    }
  }
  return known_fact("none", "/.dockerenv, /run/.containerenv, /run/systemd/container, " + path, Standing::inferred);
}
}  // namespace

void collect_container(const Subject& subject, Facts& facts) {
  facts["container.kind"] = container_fact(subject);
  // Who looks from inside does not learn what the engine was asked for; a text may say it.
  const char* engine = "docker inspect, kubectl describe";
  facts["container.gpu_request"] = missing_fact(Missing::not_asked, engine, "no engine is asked");
  facts["container.node_gpus"] = missing_fact(Missing::not_asked, engine, "no engine is asked");
  facts["container.shared_memory"] = missing_fact(Missing::not_asked, engine, "no engine is asked");
}

}  // namespace varve
