// What stands between the driver and the GPU: modules, device nodes, the fabric.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {

// The driver runs and has taken at least one GPU.
bool is_driven(const Analysis& analysis) {
  const bool listed =
      std::any_of(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return gpu.listed; });
  return analysis.kernel_driver && listed && !is_wsl(analysis) && !is_jetson(analysis);
}

// NVIDIA's own helper loads modules and makes nodes when the first program asks; without it, or inside of a container,
// nobody does.
bool can_be_made_on_demand(const Analysis& analysis) {
  return fact_of(analysis, "driver.module_loader").is_known() && !is_in_container(analysis);
}

std::optional<Severity> less_on_demand(const Analysis& analysis) {
  return can_be_made_on_demand(analysis) ? std::optional(Severity::note) : std::nullopt;
}

std::vector<std::string> gpu_nodes(const Analysis& analysis) {
  std::vector<std::string> nodes = list_of(analysis, kNodes);
  std::erase_if(nodes, [](const std::string& node) {
    return !node.starts_with("nvidia") || node.size() < 7 || node[6] < '0' || node[6] > '9';
  });
  return nodes;
}

std::vector<Found> find_nouveau(const Analysis& analysis) {
  std::vector<std::string> gpus = gpus_bound_to(analysis, "nouveau");
  // Its successor takes GPUs from Turing on, and calls itself so (nova_core).
  for (std::string& gpu : gpus_bound_to(analysis, "NovaCore")) gpus.push_back(std::move(gpu));
  for (std::string& gpu : gpus_bound_to(analysis, "nova_core")) gpus.push_back(std::move(gpu));
  if (gpus.empty() && is_a_text(analysis) && !analysis.kernel_driver &&
      lists(analysis, "driver.kernel_mode.modules", "nouveau")) {
    gpus.emplace_back("a GPU that the text does not show (nouveau)");
  }
  if (gpus.empty()) return {};
  const bool some = !gpus_bound_to(analysis, "nvidia").empty();
  const bool installed = fact_of(analysis, "driver.kernel_mode.installed").is_known() || analysis.user_driver;
  const bool matters = installed || wants_gpu(analysis);
  return {{.evidence = fmt::format("Bound to another driver: {}", join(gpus, ", ")),
           .severity = some || !matters ? Severity::warning : Severity::error}};
}

std::vector<Found> find_not_taken(const Analysis& analysis) {
  if (!analysis.kernel_driver || is_in_container(analysis)) return {};
  const std::vector<std::string> bound = gpus_bound_to(analysis, "nvidia"), free = gpus_bound_to(analysis, "");
  const auto listed = static_cast<std::size_t>(
      std::count_if(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return gpu.listed; }));
  if (bound.size() + free.size() <= listed) return {};
  const std::vector<std::string>& named = free.empty() ? bound : free;
  return {
      {.evidence = fmt::format("{} NVIDIA GPU{} on the bus ({}), {} in the driver's list", bound.size() + free.size(),
                               bound.size() + free.size() == 1 ? "" : "s", join(named, ", "), listed)}};
}

// "dpkg nvidia-fabricmanager-550 550.54.15-1" -> "550.54.15"
std::string fabric_version(const Analysis& analysis) {
  for (const std::string& row : rows_with(analysis, "os.gpu_packages", "fabric")) {
    const std::vector<std::string_view> words = split_words(row);
    if (words.size() < 3 || words[1].find("fabric") == std::string_view::npos) continue;
    if (words[1].find("dev") != std::string_view::npos) continue;
    std::string_view version = words[2];
    if (const std::size_t epoch = version.find(':'); epoch != std::string_view::npos)
      version = version.substr(epoch + 1);
    return std::string(version.substr(0, version.find_first_not_of("0123456789.")));
  }
  return {};
}

// A text shows no switches, but who installed a fabric manager has some.
std::vector<Found> find_fabric_manager_in_text(const Analysis& analysis) {
  const std::string version = fabric_version(analysis);
  const std::string kernel = text_of(analysis, "driver.kernel_mode.version").value_or("");
  if (version.empty() || kernel.empty() || version == kernel) return {};
  return {{.evidence = fmt::format("The fabric manager is {}, the kernel module {}", version, kernel),
           .severity = Severity::warning,
           .fix = fmt::format("Install the fabric manager of {} and start it anew", kernel)}};
}

std::vector<Found> find_fabric_manager(const Analysis& analysis) {
  if (is_a_text(analysis)) return find_fabric_manager_in_text(analysis);
  const double switches = number_of(analysis, "gpu.nvswitches").value_or(0);
  if (switches < 1 || !is_driven(analysis) || !is_on_host(analysis)) return {};
  const std::string there = fmt::format("The machine has {:.0f} NVSwitch{}", switches, switches < 2 ? "" : "es");
  if (is_absent(analysis, "driver.fabric_manager")) {
    return {{.evidence = there + ", and no fabric manager is installed",
             .fix = "Install nvidia-fabricmanager of the driver's very version and enable its service"}};
  }
  const std::string version = fabric_version(analysis);
  const std::string kernel = text_of(analysis, "driver.kernel_mode.version").value_or("");
  if (!version.empty() && version != kernel) {
    return {{.evidence = fmt::format("{}; the fabric manager is {}, the kernel module {}", there, version, kernel),
             .fix = fmt::format("Install the fabric manager of {} and start it anew", kernel)}};
  }
  if (!is_absent(analysis, "driver.fabric_manager.state")) return {};
  return {{.evidence = there + "; the fabric manager is installed and does not run"}};
}

std::vector<Found> find_without_wsl(const Analysis& analysis) {
  if (!is_wsl(analysis)) return {};
  std::vector<std::string> gpus;
  for (const Gpu& gpu : analysis.gpus) {
    if (gpu.driver_model == "TCC") gpus.push_back(gpu.model);
  }
  if (gpus.empty()) return {};
  return {
      {.evidence = fmt::format("Windows drives {} in TCC mode, and programs under WSL are to use it", join(gpus, ", ")),
       .severity = gpus.size() < analysis.gpus.size() ? Severity::warning : Severity::error}};
}

std::vector<Found> find_uvm(const Analysis& analysis) {
  const Fact& modules = fact_of(analysis, "driver.kernel_mode.modules");
  if (!is_driven(analysis) || !modules.is_known() || lists(analysis, "driver.kernel_mode.modules", "nvidia_uvm"))
    return {};
  if (!lists(analysis, "driver.kernel_mode.modules", "nvidia")) return {};
  return {
      {.evidence = fmt::format("Loaded are {}; nvidia_uvm is not{}", value_text(*modules.value),
                               can_be_made_on_demand(analysis) ? "; nvidia-modprobe loads it when a program asks" : ""),
       .severity = less_on_demand(analysis)}};
}

std::vector<Found> find_nodes(const Analysis& analysis) {
  if (!is_driven(analysis) || is_in_container(analysis)) return {};
  const Fact& nodes = fact_of(analysis, kNodes);
  if (!nodes.is_known() && nodes.missing != Missing::absent) return {};
  std::vector<std::string> missing;
  if (gpu_nodes(analysis).empty()) missing.emplace_back("/dev/nvidia0");
  for (const char* node : {"nvidiactl", "nvidia-uvm"}) {
    const bool due =
        std::string_view(node) != "nvidia-uvm" || lists(analysis, "driver.kernel_mode.modules", "nvidia_uvm");
    if (due && !lists(analysis, kNodes, node)) missing.push_back(std::string("/dev/") + node);
  }
  if (missing.empty()) return {};
  return {{.evidence = fmt::format("The kernel module {} runs, and {} {} not there", kernel_version(analysis),
                                   join(missing, ", "), missing.size() == 1 ? "is" : "are"),
           .severity = less_on_demand(analysis)}};
}

std::vector<Found> find_refused_nodes(const Analysis& analysis) {
  std::vector<std::string> refused = list_of(analysis, "driver.device_nodes.refused");
  std::erase_if(refused, [](const std::string& node) {
    const bool counts = node == "nvidiactl" || node == "nvidia-uvm" || node == "nvmap" || node == "nvhost-gpu" ||
                        (node.size() > 6 && node[6] >= '0' && node[6] <= '9');
    return !counts;
  });
  if (refused.empty()) return {};
  std::vector<std::string> owners;
  for (const std::string& node : refused) {
    for (std::string& row : rows_with(analysis, "driver.device_nodes.modes", node + " ")) {
      if (row.starts_with(node + " ")) owners.push_back("/dev/" + row);
    }
  }
  const std::vector<std::string> gpus = gpu_nodes(analysis);
  const auto open = std::count_if(gpus.begin(), gpus.end(), [&](const std::string& node) {
    return std::find(refused.begin(), refused.end(), node) == refused.end();
  });
  const bool only_some = open > 0 && std::all_of(refused.begin(), refused.end(), [](const std::string& node) {
                           return node.size() > 6 && node[6] >= '0' && node[6] <= '9';
                         });
  return {{.evidence = fmt::format("This user may not read and write {}",
                                   owners.empty() ? join(refused, ", ") : join(owners, ", ")),
           .severity = only_some ? Severity::warning : Severity::error}};
}
}  // namespace

const std::vector<Rule>& device_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-DEVICE-NOUVEAU",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"gpu.bus"},
       .statement = "NVIDIA's GPUs are bound to NVIDIA's kernel module.",
       .consequence = "CUDA does not work through another kernel driver: no device is found.",
       .fix = "Keep nouveau from loading (blacklist nouveau, options nouveau modeset=0 in /etc/modprobe.d), run "
              "update-initramfs, restart",
       .source = "NVIDIA driver installation guide, \"Disabling Nouveau\"",
       .judge = find_nouveau},
      {.id = "VRV-DEVICE-NOT-TAKEN",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .yields_to = {"VRV-DRIVER-OPEN-NEEDED", "VRV-DRIVER-OPEN-REFUSED"},
       .statement = "Every NVIDIA GPU on the bus is in the driver's list.",
       .consequence = "Programs do not see these GPUs: the driver does not know them, could not start them, or another "
                      "module holds them.",
       .fix = "Look into dmesg for NVRM: a newer driver branch, the other flavour of the module, or the firmware's PCI "
              "settings mend it",
       .source = "nv-pci.c of open-gpu-kernel-modules: a GPU enters /proc/driver/nvidia/gpus when its probe succeeds",
       .judge = find_not_taken},
      {.id = "VRV-DEVICE-FABRIC-MANAGER",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "On a machine with NVSwitches a fabric manager of the driver's version runs.",
       .consequence = "cuInit answers error 802 (system not yet initialized): no CUDA program starts.",
       .fix = "Start it: systemctl enable --now nvidia-fabricmanager",
       .source = "NVIDIA Fabric Manager User Guide: the versions must be the same; cuda.h: CUDA_ERROR_SYSTEM_NOT_READY",
       .judge = find_fabric_manager},
      {.id = "VRV-DEVICE-TCC",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "Under WSL every GPU is driven in WDDM mode.",
       .consequence = "WSL is given GPUs of WDDM alone: it sees no GPU, or only the others.",
       .fix = "Run nvidia-smi -i NUMBER -dm 0 as administrator and restart; a GPU that refuses it (H100) needs Linux "
              "itself",
       .source = "microsoft/WSL issues 9952, 12835 and 13027; CUDA on WSL User Guide, known limitations",
       .judge = find_without_wsl},
      {.id = "VRV-DEVICE-UVM-MISSING",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"driver.kernel_mode.modules"},
       .statement = "The module nvidia_uvm is loaded beside nvidia.",
       .consequence = "cuInit answers error 999 (unknown error) although nvidia-smi works.",
       .fix = "Run modprobe nvidia_uvm on the host, and have it loaded at start (/etc/modules-load.d)",
       .source = "pytorch/pytorch#43281; NVIDIA/nvidia-container-toolkit documentation, nvidia-modprobe -u",
       .judge = find_uvm},
      {.id = "VRV-DEVICE-NODES",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "The device nodes of the GPUs are there.",
       .consequence = "libcuda cannot open the GPU: no device is found.",
       .fix = "Run nvidia-modprobe -c0 -u as root, or start nvidia-persistenced at boot",
       .source = "nvidia-modprobe(1)",
       .judge = find_nodes},
      {.id = "VRV-DEVICE-PERMISSIONS",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"driver.device_nodes.refused"},
       .statement = "This user may read and write the device nodes of the GPUs.",
       .consequence = "Only root sees the GPU; programs of this user find no device or run on the CPU.",
       .fix = "Add the user to the nodes' group and log in anew, or set NVreg_DeviceFileMode=0666",
       .source = "NVIDIA README, \"Module Parameters\"; AUTOMATIC1111/stable-diffusion-webui#3207",
       .judge = find_refused_nodes},
  };
  return rules;
}

}  // namespace varve
