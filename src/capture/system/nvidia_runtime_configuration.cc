// What the configuration of NVIDIA's container runtime cannot work with (NVIDIA/nvidia-container-toolkit,
// internal/config, internal/runtime/runtime_factory.go, internal/oci).
#include <fmt/format.h>

// A file that is no TOML is an error to be told, in debug builds too.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include <algorithm>

#include "base/text.h"
#include "capture/system/container_engines.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kRuntimeConfiguration = "/etc/nvidia-container-runtime/config.toml";
constexpr std::string_view kModes[] = {"auto", "legacy", "csv", "cdi", "jit-cdi"};

void add_fault(Engines& engines, const std::string& found) {
  engines.faults.push_back(fmt::format("NVIDIA's runtime: {} of {}", found, kRuntimeConfiguration));
}

// Paths below /run are there while a machine runs; a tree without it says nothing of them.
bool is_missing(const Files& files, const std::string& path) {
  const bool of_run = path.starts_with("/run/") || path.starts_with("/var/run/");
  return path.starts_with('/') && !files.exists(path) && (!of_run || files.exists("/run"));
}

// [nvidia-container-cli] no-cgroups = true: what a rootless Docker needs, and one with root must not have.
void look_at_control_groups(const Files& files, const toml::table& table, Engines& engines) {
  if (!table["nvidia-container-cli"]["no-cgroups"].value_or(false)) return;
  engines.rows.emplace_back("NVIDIA's runtime leaves control groups alone (no-cgroups)");
  for (const std::string& user : files.list("/home").value.value_or(std::vector<std::string>{})) {
    const Looked<std::string> own = files.read("/home/" + user + "/.config/docker/daemon.json");
    if (!own || own->find("nvidia") == std::string::npos) continue;
    engines.rows.emplace_back("docker without root: runtime nvidia");
    return;
  }
}

// Whether a specification of NVIDIA's is there, or is written when the machine starts (nvidia-cdi-refresh of 1.18).
bool has_specification(const Files& files, const toml::table& table) {
  std::vector<std::string> folders = {"/etc/cdi", "/var/run/cdi", "/run/cdi"};
  const auto modes = table["nvidia-container-runtime"]["modes"]["cdi"];
  if (const toml::array* own = modes["spec-dirs"].as_array()) {
    for (std::size_t i = 0; i < own->size(); ++i) folders.push_back((*own)[i].value_or(std::string()));
  }
  for (const std::string& folder : folders) {
    for (const std::string& name : files.list(folder).value.value_or(std::vector<std::string>{})) {
      const Looked<std::string> text = files.read(folder + "/" + name);
      if (text && text->find("nvidia") != std::string::npos) return true;
    }
  }
  const std::string kind = modes["default-kind"].value_or(std::string());
  if (kind.starts_with("runtime.nvidia.com/")) return true;  // made when a container starts
  for (const char* units : {"/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system"}) {
    if (files.exists(std::string(units) + "/nvidia-cdi-refresh.service")) return true;
  }
  return !files.exists("/run");
}

void check_mode(const Files& files, const toml::table& table, const std::string& mode, Engines& engines) {
  if (std::find(std::begin(kModes), std::end(kModes), mode) == std::end(kModes)) {
    add_fault(engines, fmt::format("it knows no mode \"{}\", the one", clean_utf8(mode, 64)));
  }
  if (mode == "cdi" && !has_specification(files, table)) {
    add_fault(engines, "no CDI specification for NVIDIA's GPUs is in /etc/cdi or /var/run/cdi, and cdi is the mode");
  }
}

// The runtimes that it hands the container to, of which the first that is there is taken. Kubernetes distributions and
// Nix have theirs elsewhere.
void check_runtimes(const Files& files, const toml::table& table, Engines& engines) {
  const toml::array* list = table["nvidia-container-runtime"]["runtimes"].as_array();
  if (list == nullptr || list->empty() || files.exists("/var/lib/rancher") || files.exists("/nix")) return;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < list->size(); ++i) names.push_back((*list)[i].value_or(std::string()));
  const bool any = std::any_of(names.begin(), names.end(),
                               [&](const std::string& name) { return name.empty() || has_program(files, name); });
  if (!any) add_fault(engines, fmt::format("none is there of the runtimes ({})", clean_utf8(join(names, ", "), 256)));
}

// The program that mounts the driver, which the mode cdi and csv do without. "@" stands for the machine's own ldconfig,
// and newer releases take the name with or without ".real", whichever is there.
void check_cli(const Files& files, const toml::table& table, Engines& engines) {
  const auto cli = table["nvidia-container-cli"];
  const std::string program = cli["path"].value_or(std::string()), root = cli["root"].value_or(std::string());
  std::string ldconfig = cli["ldconfig"].value_or(std::string());
  if (is_missing(files, program)) add_fault(engines, clean_utf8(program, 256) + " is not there, the program");
  if (root != "/" && is_missing(files, root)) {
    add_fault(engines, clean_utf8(root, 256) + " is not there, the driver's root");
    return;
  }
  if (!ldconfig.starts_with('@')) return;
  ldconfig.erase(0, 1);
  if (ldconfig.ends_with(".real")) ldconfig.resize(ldconfig.size() - 5);
  if (is_missing(files, ldconfig) && is_missing(files, ldconfig + ".real")) {
    add_fault(engines, clean_utf8(ldconfig, 256) + " is not there, the ldconfig");
  }
}
}  // namespace

void look_at_nvidia_runtime(const Files& files, bool told, Engines& engines) {
  const Looked<std::string> text = files.read(kRuntimeConfiguration);
  if (!text) return;
  toml::table table;
  try {
    table = toml::parse(std::string_view(*text));
  } catch (const toml::parse_error& error) {
    engines.faults.push_back(fmt::format("NVIDIA's runtime: {} cannot be read: line {}: {}", kRuntimeConfiguration,
                                         error.source().begin.line, clean_utf8(error.description(), 200)));
    return;
  }
  look_at_control_groups(files, table, engines);
  if (!told) return;
  const std::string mode = table["nvidia-container-runtime"]["mode"].value_or(std::string("auto"));
  check_mode(files, table, mode, engines);
  check_runtimes(files, table, engines);
  if (mode == "auto" || mode == "legacy") check_cli(files, table, engines);
}

}  // namespace varve
