// Whether the container engines of a host can give its GPUs to containers.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
constexpr const char* kEngines = "container.gpu_runtime.engines";
constexpr const char* kSpecifications = "container.gpu_runtime.specifications";
constexpr const char* kEngineManual = "NVIDIA Container Toolkit documentation";

bool is_docker_told(const Analysis& analysis) {
  const std::vector<std::string> rows = rows_with(analysis, kEngines, "docker: ");
  return std::any_of(rows.begin(), rows.end(), [](const std::string& row) {
    return row.find("runtime nvidia") != std::string::npos || row.find("--gpus by") != std::string::npos;
  });
}

std::vector<Found> find_device_links(const Analysis& analysis) {
  if (!is_on_host(analysis) || !is_absent(analysis, "driver.device_nodes.links") || !has_gpu_node(analysis)) return {};
  if (text_of(analysis, "cgroup.version") != "v2") return {};
  const auto mode = text_of(analysis, "container.gpu_runtime.mode");
  const bool hooked = mode ? (*mode == "auto" || *mode == "legacy") : is_docker_told(analysis);
  const bool by_itself = !rows_with(analysis, kEngines, "cgroups by cgroupfs").empty();
  if (!hooked || by_itself) return {};
  return {{.evidence = fmt::format("Control groups are v2, the runtime's mode is {}, and /dev/char has no link to {}",
                                   mode.value_or("not stated"), join(list_of(analysis, kNodes), ", "))}};
}

std::vector<Found> find_runtime_not_told(const Analysis& analysis) {
  if (!is_on_host(analysis) || !analysis.kernel_driver || analysis.gpus.empty()) return {};
  const std::vector<std::string> untold = rows_with(analysis, kEngines, "not told of");
  if (untold.empty() || fact_of(analysis, kSpecifications).is_known()) return {};
  return {{.evidence = join(untold, "; ")}};
}

// Specifications of another driver than the one that runs, as rows: "/etc/cdi/nvidia.yaml (driver 550.54.15)".
std::vector<std::string> stale_specifications(const Analysis& analysis) {
  const auto kernel = text_of(analysis, "driver.kernel_mode.version");
  std::vector<std::string> stale;
  if (!kernel || !is_on_host(analysis)) return stale;
  for (const std::string& row : rows_with(analysis, kSpecifications, " (driver ")) {
    const std::string drivers = row.substr(row.rfind(" (driver ") + 9);
    if (!has_word(std::string_view(drivers).substr(0, drivers.find(')')), *kernel)) stale.push_back(row);
  }
  return stale;
}

std::vector<Found> find_stale_specification(const Analysis& analysis) {
  const std::vector<std::string> stale = stale_specifications(analysis);
  if (stale.empty()) return {};
  return {{.evidence = fmt::format("The driver is {}; the specification was written for another: {}",
                                   kernel_version(analysis), join(stale, ", "))}};
}

// A stale one is said above.
std::vector<Found> find_broken_specification(const Analysis& analysis) {
  if (!is_on_host(analysis) || !analysis.kernel_driver) return {};
  const std::vector<std::string> stale = stale_specifications(analysis);
  std::vector<Found> found;
  for (const std::string& fault : list_of(analysis, "container.gpu_runtime.specification_faults")) {
    const bool said = std::any_of(stale.begin(), stale.end(), [&](const std::string& row) {
      return fault.starts_with(row.substr(0, row.rfind(" (driver ")) + " names ");
    });
    if (said) continue;
    found.push_back({.evidence = fault});
    // The node of a module that is loaded when the first program asks is made then.
    const bool later =
        fault.find(" device node") != std::string::npos && fault.find("/dev/nvidia-") != std::string::npos &&
        fault.find("/dev/nvidia0") == std::string::npos && fact_of(analysis, "driver.module_loader").is_known();
    if (later) found.back().severity = Severity::note;
  }
  return found;
}

std::vector<Found> find_engine_faults(const Analysis& analysis) {
  if (!is_on_host(analysis)) return {};
  std::vector<Found> found;
  for (const std::string& fault : list_of(analysis, "container.gpu_runtime.engine_faults")) {
    found.push_back({.evidence = fault});
    if (!fault.ends_with("which is not there")) continue;
    found.back().consequence = "The engine starts; a container that asks for a GPU, or for this runtime, does not";
    found.back().fix = "Install nvidia-container-toolkit, or name the program where it is, and restart the engine";
  }
  return found;
}

std::vector<Found> find_no_control_groups(const Analysis& analysis) {
  if (!is_on_host(analysis) || !is_docker_told(analysis)) return {};
  const std::vector<std::string> rows = rows_with(analysis, kEngines, "no-cgroups");
  if (rows.empty()) return {};
  Found found{.evidence = rows.front() + ", and Docker with root is told of it: " +
                          join(rows_with(analysis, kEngines, "docker: "), "; ")};
  if (!rows_with(analysis, kEngines, "docker without root").empty()) found.severity = Severity::note;
  return {std::move(found)};
}
}  // namespace

const std::vector<Rule>& container_engine_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-CONTAINER-DEVICE-LINKS",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "The host has links in /dev/char to the GPU's device nodes.",
       .consequence =
           "When systemd is reloaded, running containers lose the GPU: \"Failed to initialize NVML: Unknown Error\".",
       .fix = "Run nvidia-ctk system create-dev-char-symlinks --create-all (best by a udev rule) and start the "
              "containers anew, or use CDI",
       .source = "NVIDIA/nvidia-docker#1730",
       .judge = find_device_links},
      {.id = "VRV-CONTAINER-ENGINE",
       .layer = Layer::container,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "The container engine was told of NVIDIA's runtime, or has a CDI specification.",
       .consequence =
           "Containers get no GPU: \"could not select device driver\", \"unknown runtime specified nvidia\".",
       .fix = "Install nvidia-container-toolkit, run nvidia-ctk runtime configure --runtime=docker (or containerd), "
              "restart the engine",
       .source = kEngineManual,
       .judge = find_runtime_not_told},
      {.id = "VRV-CONTAINER-CDI-STALE",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .needs = {"container.gpu_runtime.specifications"},
       .statement = "CDI specifications name the files of the driver that runs.",
       .consequence = "Containers started through them miss files or get libraries of another version.",
       .fix = "Write it anew: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
       .source = "NVIDIA Container Toolkit documentation, CDI",
       .judge = find_stale_specification},
      {.id = "VRV-CONTAINER-CDI-BROKEN",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "CDI specifications for NVIDIA's GPUs can be read, and what they name is there.",
       .consequence =
           "Containers that ask for these devices do not start: \"unresolvable CDI devices\", \"failed to stat "
           "CDI host device\", no such file.",
       .fix = "Write it anew: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
       .source = "cncf-tags/container-device-interface, SPEC.md; NVIDIA Container Toolkit documentation, CDI",
       .judge = find_broken_specification},
      {.id = "VRV-CONTAINER-ENGINE-FILES",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement =
           "Container engines can read their configuration files, and the program that these name as the runtime "
           "for GPUs is there.",
       .consequence =
           "With a file that cannot be read the engine does not start; without the program no container that "
           "asks for a GPU does.",
       .fix =
           "Mend the file, or install nvidia-container-toolkit where the program is missing; then restart the engine",
       .source = "dockerd reference, daemon configuration file; containerd-config.toml(5)",
       .judge = find_engine_faults},
      {.id = "VRV-CONTAINER-NO-CGROUPS",
       .layer = Layer::container,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::container,
       .statement = "NVIDIA's runtime lets the control group of a container open the GPU's device nodes.",
       .consequence =
           "Containers of a Docker with root see the nodes and may not open them: \"Failed to initialize NVML: "
           "Unknown Error\", no device.",
       .fix =
           "Set no-cgroups = false in /etc/nvidia-container-runtime/config.toml; only a Docker without root needs true",
       .source = "NVIDIA Container Toolkit documentation, rootless mode",
       .judge = find_no_control_groups},
  };
  return rules;
}

}  // namespace varve
