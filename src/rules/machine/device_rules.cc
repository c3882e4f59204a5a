// What stands between the driver and the GPU: modules, device nodes, the bus, the fabric.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/machine/device_bus_rules.h"
#include "rules/machine/device_state_rules.h"
#include "rules/machine/kernel_module_rules.h"
#include "rules/machine/machine_view.h"
#include "rules/rule.h"

namespace varve {

namespace {
constexpr const char* kDeviceNodes = "driver.device_nodes";

// The driver runs and has taken at least one GPU.
bool is_driven(const Situation& situation) {
  const bool listed = std::any_of(situation.gpus.begin(), situation.gpus.end(),
                                  [](const GpuView& gpu) { return !gpu.model.starts_with("PCI "); });
  return situation.kernel_driver && listed && !is_wsl(situation) && !is_jetson(situation);
}

// NVIDIA's own helper loads modules and makes nodes when the first program asks; without it, or inside of a container,
// nobody does.
bool can_be_made_on_demand(const Situation& situation) {
  return fact_of(situation, "driver.module_loader").is_known() && !is_in_container(situation);
}

std::optional<Severity> less_on_demand(const Situation& situation) {
  return can_be_made_on_demand(situation) ? std::optional(Severity::note) : std::nullopt;
}

std::vector<std::string> gpu_nodes(const Situation& situation) {
  std::vector<std::string> nodes = list_of(situation, kDeviceNodes);
  std::erase_if(nodes, [](const std::string& node) {
    return !node.starts_with("nvidia") || node.size() < 7 || node[6] < '0' || node[6] > '9';
  });
  return nodes;
}

std::vector<Found> find_nouveau(const Situation& situation) {
  std::vector<std::string> gpus = gpus_bound_to(situation, "nouveau");
  for (std::string& gpu : gpus_bound_to(situation, "nova_core")) gpus.push_back(std::move(gpu));
  if (gpus.empty()) return {};
  const bool some = !gpus_bound_to(situation, "nvidia").empty();
  const bool installed = fact_of(situation, "driver.kernel_mode.installed").is_known() || situation.user_driver;
  const bool matters = installed || wants_gpu(situation);
  return {{.evidence = fmt::format("Bound to another driver: {}", join(gpus, ", ")),
           .severity = some || !matters ? Severity::warning : Severity::error}};
}

std::vector<Found> find_not_taken(const Situation& situation) {
  if (!situation.kernel_driver || is_in_container(situation)) return {};
  if (!find_open_module_needed(situation).empty() || !find_open_module_refused(situation).empty()) return {};
  const std::vector<std::string> bound = gpus_bound_to(situation, "nvidia"),
                                 free = gpus_bound_to(situation, "no driver");
  const auto listed = static_cast<std::size_t>(std::count_if(
      situation.gpus.begin(), situation.gpus.end(), [](const GpuView& gpu) { return !gpu.model.starts_with("PCI "); }));
  if (bound.size() + free.size() <= listed) return {};
  const std::vector<std::string>& named = free.empty() ? bound : free;
  return {
      {.evidence = fmt::format("{} NVIDIA GPU{} on the bus ({}), {} in the driver's list", bound.size() + free.size(),
                               bound.size() + free.size() == 1 ? "" : "s", join(named, ", "), listed)}};
}

// "dpkg nvidia-fabricmanager-550 550.54.15-1" -> "550.54.15"
std::string fabric_version(const Situation& situation) {
  for (const std::string& row : rows_with(situation, "os.gpu_packages", "fabric")) {
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

std::vector<Found> find_fabric_manager(const Situation& situation) {
  const double switches = number_of(situation, "gpu.nvswitches").value_or(0);
  if (switches < 1 || !is_driven(situation) || !is_on_host(situation)) return {};
  const std::string there = fmt::format("The machine has {:.0f} NVSwitch{}", switches, switches < 2 ? "" : "es");
  if (is_absent(situation, "driver.fabric_manager")) {
    return {{.evidence = there + ", and no fabric manager is installed",
             .fix = "Install nvidia-fabricmanager of the driver's very version and enable its service"}};
  }
  const std::string version = fabric_version(situation);
  const std::string kernel = text_of(situation, "driver.kernel_mode.version").value_or("");
  if (!version.empty() && version != kernel) {
    return {{.evidence = fmt::format("{}; the fabric manager is {}, the kernel module {}", there, version, kernel),
             .fix = fmt::format("Install the fabric manager of {} and start it anew", kernel)}};
  }
  if (!is_absent(situation, "driver.fabric_manager.state")) return {};
  return {{.evidence = there + "; the fabric manager is installed and does not run"}};
}

std::vector<Found> find_uvm(const Situation& situation) {
  const Fact& modules = fact_of(situation, "driver.kernel_mode.modules");
  if (!is_driven(situation) || !modules.is_known() || lists(situation, "driver.kernel_mode.modules", "nvidia_uvm"))
    return {};
  if (!lists(situation, "driver.kernel_mode.modules", "nvidia")) return {};
  return {{.evidence =
               fmt::format("Loaded are {}; nvidia_uvm is not{}", value_text(*modules.value),
                           can_be_made_on_demand(situation) ? "; nvidia-modprobe loads it when a program asks" : ""),
           .severity = less_on_demand(situation)}};
}

std::vector<Found> find_nodes(const Situation& situation) {
  if (!is_driven(situation) || is_in_container(situation)) return {};
  const Fact& nodes = fact_of(situation, kDeviceNodes);
  if (!nodes.is_known() && nodes.missing != Missing::absent) return {};
  std::vector<std::string> missing;
  if (gpu_nodes(situation).empty()) missing.emplace_back("/dev/nvidia0");
  for (const char* node : {"nvidiactl", "nvidia-uvm"}) {
    const bool due =
        std::string_view(node) != "nvidia-uvm" || lists(situation, "driver.kernel_mode.modules", "nvidia_uvm");
    if (due && !lists(situation, kDeviceNodes, node)) missing.push_back(std::string("/dev/") + node);
  }
  if (missing.empty()) return {};
  return {{.evidence = fmt::format("The kernel module {} runs, and {} {} not there", kernel_version(situation),
                                   join(missing, ", "), missing.size() == 1 ? "is" : "are"),
           .severity = less_on_demand(situation)}};
}

std::vector<Found> find_refused_nodes(const Situation& situation) {
  std::vector<std::string> refused = list_of(situation, "driver.device_nodes.refused");
  std::erase_if(refused, [](const std::string& node) {
    const bool counts = node == "nvidiactl" || node == "nvidia-uvm" || node == "nvmap" || node == "nvhost-gpu" ||
                        (node.size() > 6 && node[6] >= '0' && node[6] <= '9');
    return !counts;
  });
  if (refused.empty()) return {};
  std::vector<std::string> owners;
  for (const std::string& node : refused) {
    for (std::string& row : rows_with(situation, "driver.device_nodes.modes", node + " ")) {
      if (row.starts_with(node + " ")) owners.push_back("/dev/" + row);
    }
  }
  const std::vector<std::string> gpus = gpu_nodes(situation);
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
  static const char* const kHandshake = "device_handshake";
  static const std::vector<Rule> rules = {
      {"VRV-DEVICE-NOUVEAU",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       kHandshake,
       {"gpu.bus"},
       "NVIDIA's GPUs are bound to NVIDIA's kernel module.",
       "CUDA does not work through another kernel driver: no device is found.",
       "Keep nouveau from loading (blacklist nouveau, options nouveau modeset=0 in /etc/modprobe.d), run "
       "update-initramfs, restart",
       "NVIDIA driver installation guide, \"Disabling Nouveau\"",
       find_nouveau},
      {"VRV-DEVICE-BAR-UNASSIGNED",
       Layer::hardware,
       Severity::error,
       Mender::hardware,
       kHandshake,
       {"gpu.bars"},
       "The firmware and the kernel gave every memory window of a GPU an address.",
       "The driver cannot reach the GPU: \"RmInitAdapter failed\", \"No devices were found\".",
       "Turn on Above 4G Decoding and Resizable BAR in the firmware, update it, or start the kernel with pci=realloc",
       "NVIDIA/open-gpu-kernel-modules#862; kernel drivers/pci/setup-bus.c",
       find_bars},
      {"VRV-DEVICE-NOT-TAKEN",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "Every NVIDIA GPU on the bus is in the driver's list.",
       "Programs do not see these GPUs: the driver does not know them, could not start them, or another module holds "
       "them.",
       "Look into dmesg for NVRM: a newer driver branch, the other flavour of the module, or the firmware's PCI "
       "settings mend it",
       "nv-pci.c of open-gpu-kernel-modules: a GPU enters /proc/driver/nvidia/gpus when its probe succeeds",
       find_not_taken},
      {"VRV-DEVICE-INITIALISATION",
       Layer::handshake,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "The kernel module initialised every GPU since the machine started.",
       "A GPU that was not initialised is listed and cannot be used.",
       "Power the machine off and on; if it comes back, check the firmware's PCI settings, the power supply and the "
       "driver branch",
       "NVIDIA/open-gpu-kernel-modules, osinit.c and nv.c",
       find_initialisation_failed},
      {"VRV-DEVICE-LOST",
       Layer::hardware,
       Severity::error,
       Mender::hardware,
       kHandshake,
       {},
       "No GPU has left the bus since the machine started.",
       "Every call on that GPU fails, and NVML may hang, until the machine is restarted.",
       "Restart; check power, cooling, riser and slot; update the firmware",
       "NVIDIA XID Errors, Xid 79",
       find_gpu_lost},
      {"VRV-DEVICE-XID",
       Layer::hardware,
       Severity::warning,
       Mender::hardware,
       kHandshake,
       {},
       "The kernel reported no error of the GPU's hardware, memory or links.",
       "Programs on that GPU may have failed or lost data; some of these errors stay until the GPU is reset.",
       "Look the numbers up in NVIDIA's XID documentation; drain the machine and run the field diagnostic where it "
       "asks for it",
       "NVIDIA XID Errors",
       find_hardware_errors},
      {"VRV-DEVICE-XID-PROGRAM",
       Layer::kernels,
       Severity::note,
       Mender::application,
       kHandshake,
       {},
       "The kernel reported no faults of programs on the GPU.",
       "A program read or wrote where it must not, or was ended; the stack itself need not be at fault.",
       "Run the program under compute-sanitizer",
       "NVIDIA XID Errors, Xid 13, 31, 43, 45",
       find_program_errors},
      {"VRV-DEVICE-FABRIC-MANAGER",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "On a machine with NVSwitches a fabric manager of the driver's version runs.",
       "cuInit answers error 802 (system not yet initialized): no CUDA program starts.",
       "Start it: systemctl enable --now nvidia-fabricmanager",
       "NVIDIA Fabric Manager User Guide: the versions must be the same; cuda.h: CUDA_ERROR_SYSTEM_NOT_READY",
       find_fabric_manager},
      {"VRV-DEVICE-UVM-MISSING",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       kHandshake,
       {"driver.kernel_mode.modules"},
       "The module nvidia_uvm is loaded beside nvidia.",
       "cuInit answers error 999 (unknown error) although nvidia-smi works.",
       "Run modprobe nvidia_uvm on the host, and have it loaded at start (/etc/modules-load.d)",
       "pytorch/pytorch#43281; NVIDIA/nvidia-container-toolkit documentation, nvidia-modprobe -u",
       find_uvm},
      {"VRV-DEVICE-NODES",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "The device nodes of the GPUs are there.",
       "libcuda cannot open the GPU: no device is found.",
       "Run nvidia-modprobe -c0 -u as root, or start nvidia-persistenced at boot",
       "nvidia-modprobe(1)",
       find_nodes},
      {"VRV-DEVICE-PERMISSIONS",
       Layer::kernel_driver,
       Severity::error,
       Mender::platform,
       kHandshake,
       {"driver.device_nodes.refused"},
       "This user may read and write the device nodes of the GPUs.",
       "Only root sees the GPU; programs of this user find no device or run on the CPU.",
       "Add the user to the nodes' group and log in anew, or set NVreg_DeviceFileMode=0666",
       "NVIDIA README, \"Module Parameters\"; AUTOMATIC1111/stable-diffusion-webui#3207",
       find_refused_nodes},
      {"VRV-DEVICE-SLEPT",
       Layer::kernel_driver,
       Severity::warning,
       Mender::platform,
       kHandshake,
       {},
       "A machine that sleeps keeps the GPU's memory over it.",
       "Programs lost their memory on the GPU, and the driver's state may be broken: error 999 or \"unspecified launch "
       "failure\" "
       "until the modules are loaded anew. Hints at CUDA_VISIBLE_DEVICES in such messages mislead.",
       "Now: rmmod nvidia_uvm and modprobe nvidia_uvm, or restart. For good: NVreg_PreserveVideoMemoryAllocations=1 "
       "with the "
       "services nvidia-suspend and nvidia-resume",
       "NVIDIA README, \"Configuring Power Management Support\"; pytorch/pytorch#43281, pytorch/pytorch#88639",
       find_slept},
      {"VRV-DEVICE-VISIBLE-DEVICES",
       Layer::settings,
       Severity::error,
       Mender::application,
       kHandshake,
       {},
       "CUDA_VISIBLE_DEVICES names GPUs that are there.",
       "CUDA programs see no GPU.",
       "Unset CUDA_VISIBLE_DEVICES, or give numbers from 0 on that nvidia-smi -L lists",
       "CUDA C++ Programming Guide, CUDA Environment Variables; PaddlePaddle/Paddle#17857",
       find_visible_devices},
      {"VRV-DEVICE-MIG-EMPTY",
       Layer::hardware,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "A GPU in MIG mode has at least one compute instance.",
       "CUDA does not see the GPU.",
       "Create instances (nvidia-smi mig -cgi … -C), or turn MIG off",
       "NVIDIA Multi-Instance GPU User Guide",
       find_mig_without_instances},
      {"VRV-DEVICE-COMPUTE-MODE",
       Layer::hardware,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "The GPUs allow compute contexts.",
       "CUDA programs get CUDA_ERROR_DEVICE_UNAVAILABLE or no device.",
       "Run nvidia-smi -c DEFAULT as root",
       "nvidia-smi(1), compute mode",
       find_compute_mode},
      {"VRV-DEVICE-IOMMU",
       Layer::hardware,
       Severity::warning,
       Mender::platform,
       kHandshake,
       {},
       "Between several GPUs without NVLink the IOMMU does not translate.",
       "Peer-to-peer copies go wrong or hang: collective operations of NCCL never end.",
       "Start the kernel with iommu=pt, or turn the IOMMU off in the firmware; NCCL_P2P_DISABLE=1 goes around it",
       "NCCL documentation, Troubleshooting, \"PCI Access Control Services (ACS)\"; NVIDIA/nccl#257",
       find_iommu},
      {"VRV-DEVICE-ACS",
       Layer::hardware,
       Severity::warning,
       Mender::platform,
       kHandshake,
       {},
       "No bridge above several GPUs redirects their peer traffic.",
       "Peer-to-peer copies take the way through the root complex: slower, and with the IOMMU they can hang.",
       "Turn ACS off in the firmware, or for the bridges by setpci; NCCL_P2P_DISABLE=1 goes around it",
       "NCCL documentation, Troubleshooting, \"PCI Access Control Services (ACS)\"; NVIDIA/nccl#2079",
       find_acs},
      {"VRV-DEVICE-HANDSHAKE",
       Layer::handshake,
       Severity::error,
       Mender::platform,
       kHandshake,
       {},
       "A kernel can be started on every GPU.",
       "CUDA programs fail at this step too.",
       "See the findings about the driver and the GPU; varve explain CODE tells what the number means",
       "tried on this machine",
       find_handshake_failed},
  };
  return rules;
}

}  // namespace varve
