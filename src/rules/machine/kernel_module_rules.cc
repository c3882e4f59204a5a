// Why no kernel module of NVIDIA's runs, or the wrong kind of it. The causes exclude each other, so that a machine
// without a driver is told one of them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
// A GPU that waits for a driver and is given to nothing else: no other module holds it.
std::vector<std::string> waiting_gpus(const Analysis& analysis) {
  std::vector<std::string> gpus = gpus_bound_to(analysis, "");
  for (std::string& gpu : gpus_bound_to(analysis, "nvidia")) gpus.push_back(std::move(gpu));
  return gpus;
}

// Of a text that does not show the bus: whoever asks for a driver has a GPU.
bool is_bus_unseen(const Analysis& analysis) { return is_a_text(analysis) && analysis.gpus_on_bus.empty(); }

// Looked for, and not loaded; on a host, where it would have to be.
bool lacks_module(const Analysis& analysis) {
  return is_absent(analysis, "driver.kernel_mode.version") && !is_in_container(analysis) && !is_wsl(analysis) &&
         !is_jetson(analysis) && (!waiting_gpus(analysis).empty() || is_bus_unseen(analysis));
}

enum class Cause { kernel_updated, never_built, unsigned_module, blocked, not_loaded, no_driver, untold };

bool is_rejected(const Analysis& analysis) {
  return !rows_with(analysis, "kernel.log.nvidia", "module loader:").empty();
}

Cause cause_of(const Analysis& analysis) {
  const std::string running = text_of(analysis, "os.kernel.release").value_or("");
  const std::vector<std::string> installed = list_of(analysis, "os.kernel.installed");
  const std::vector<std::string> built = list_of(analysis, "driver.kernel_mode.kernels");
  const bool is_installed = std::find(installed.begin(), installed.end(), running) != installed.end();
  const bool is_built = std::find(built.begin(), built.end(), running) != built.end();
  const bool has_driver = !built.empty() || analysis.user_driver ||
                          fact_of(analysis, "driver.kernel_mode.installed").is_known() ||
                          !rows_with(analysis, "os.gpu_packages", "nvidia-driver").empty() || is_rejected(analysis);
  const bool is_built_told = fact_of(analysis, "driver.kernel_mode.kernels").is_answer();
  if (!has_driver) return is_bus_unseen(analysis) ? Cause::untold : Cause::no_driver;
  if (!installed.empty() && !running.empty() && !is_installed) return Cause::kernel_updated;
  if (is_built_told && !is_built) return running.empty() ? Cause::untold : Cause::never_built;
  const bool secure = text_of(analysis, "os.secure_boot") == "on";
  const bool unsigned_module = text_of(analysis, "driver.kernel_mode.signature") == "not signed";
  if ((secure && unsigned_module) || is_rejected(analysis)) return Cause::unsigned_module;
  if (!rows_with(analysis, "driver.kernel_mode.blocked", "nvidia (").empty()) return Cause::blocked;
  return is_built_told ? Cause::not_loaded : Cause::untold;
}

bool has_cause(const Analysis& analysis, Cause cause) { return lacks_module(analysis) && cause_of(analysis) == cause; }

std::string kernels_text(const Analysis& analysis, std::string_view id) {
  const std::vector<std::string> kernels = list_of(analysis, id);
  return kernels.empty() ? "none" : join(kernels, ", ");
}

// The module finds no GPU that its branch serves, and does not stay: the rules about driver and GPU tell it.
bool is_out_of_branch(const Analysis& analysis) {
  if (!analysis.user_driver || analysis.gpus.empty()) return false;
  const int branch = analysis.user_driver->major();
  return std::all_of(analysis.gpus.begin(), analysis.gpus.end(), [&](const Gpu& gpu) {
    const GpuArchitecture* row = gpu.capability ? find_architecture(analysis.knowledge, *gpu.capability) : nullptr;
    return row != nullptr && ((row->last_branch != 0 && branch > row->last_branch) || branch < row->first_branch);
  });
}

// Packages of the open module alone: "dpkg nvidia-driver-580-open 580.82.09-0ubuntu1".
bool has_open_packages(const Analysis& analysis) {
  bool any = false;
  for (const std::string& row : list_of(analysis, "os.gpu_packages")) {
    const std::vector<std::string_view> words = split_words(row);
    const std::string_view name = words.size() > 1 ? words[1] : "";
    const bool is_module = name.starts_with("nvidia-driver-") || name.starts_with("nvidia-dkms-") ||
                           name.starts_with("nvidia-kernel-") || name.starts_with("nvidia-open");
    if (!is_module || name.find("-common") != std::string_view::npos) continue;
    if (name.find("open") == std::string_view::npos) return false;
    any = true;
  }
  return any;
}

// "open" or "proprietary": of the module that runs, else of the one that is installed.
std::string flavour_of(const Analysis& analysis) {
  if (const auto running = text_of(analysis, "driver.kernel_mode.flavour")) return *running;
  const Fact& installed = fact_of(analysis, "driver.kernel_mode.installed");
  if (installed.detail.starts_with("open")) return "open";
  if (installed.detail.starts_with("proprietary")) return "proprietary";
  return has_open_packages(analysis) ? "open" : "";
}

// The GPUs whose architecture is driven by one kind of module only, and not by this one.
std::vector<Found> find_flavour(const Analysis& analysis, std::string_view wanted) {
  const std::string flavour = flavour_of(analysis);
  if (flavour.empty() || flavour == wanted || is_jetson(analysis)) return {};
  std::vector<std::string> gpus;
  for (const Gpu& gpu : analysis.gpus) {
    if (!gpu.capability) continue;
    const GpuArchitecture* row = find_architecture(analysis.knowledge, *gpu.capability);
    if (row == nullptr || row->kernel_module != wanted) continue;
    gpus.push_back(fmt::format("{} ({}, compute capability {})", gpu.model, row->name, to_string(*gpu.capability)));
  }
  if (gpus.empty()) return {};
  gpus.erase(std::unique(gpus.begin(), gpus.end()), gpus.end());
  const bool running = fact_of(analysis, "driver.kernel_mode.flavour").is_known();
  return {{.evidence = fmt::format("{} the {} module{}, and {} {} driven by the {} one only",
                                   running ? "There runs" : "Installed is", flavour,
                                   analysis.kernel_driver ? " " + kernel_version(analysis) : "", join(gpus, ", "),
                                   gpus.size() == 1 ? "is" : "are", wanted)}};
}

std::vector<Found> find_kernel_updated(const Analysis& analysis) {
  const std::string running = text_of(analysis, "os.kernel.release").value_or("");
  if (has_cause(analysis, Cause::kernel_updated)) {
    return {{.evidence = fmt::format("The kernel that runs is {}, whose modules are gone; installed are {}", running,
                                     kernels_text(analysis, "os.kernel.installed"))}};
  }
  if (!has_cause(analysis, Cause::never_built)) return {};
  return {
      {.evidence = fmt::format("The kernel that runs is {} and has no NVIDIA module; kernels that have one: {}",
                               running, kernels_text(analysis, "driver.kernel_mode.kernels")),
       .fix =
           "Build the module for the running kernel (dkms autoinstall, with its headers installed), or start a kernel "
           "that has one"}};
}

std::vector<Found> find_next_kernel_without_module(const Analysis& analysis) {
  const std::string running = text_of(analysis, "os.kernel.release").value_or("");
  const std::vector<std::string> installed = list_of(analysis, "os.kernel.installed");
  const std::vector<std::string> built = list_of(analysis, "driver.kernel_mode.kernels");
  const auto version = dotted_version_from(running);
  if (!analysis.kernel_driver || built.empty() || !version || is_in_container(analysis)) return {};
  std::vector<std::string> without;
  for (const std::string& release : installed) {
    const auto other = dotted_version_from(release);
    const bool newer = other && (*version < *other || (*version == *other && running < release));
    if (newer && std::find(built.begin(), built.end(), release) == built.end()) without.push_back(release);
  }
  if (without.empty()) return {};
  return {{.evidence = fmt::format("The kernel that runs ({}) has the module, {} newer and installed, and without it",
                                   running, join(without, ", ") + (without.size() == 1 ? " is" : " are"))}};
}

std::vector<Found> find_module_unsigned(const Analysis& analysis) {
  if (!has_cause(analysis, Cause::unsigned_module)) return {};
  const std::vector<std::string> said = rows_with(analysis, "kernel.log.nvidia", "module loader:");
  return {{.evidence = fmt::format("Secure Boot is {}, the module for the running kernel is {}{}",
                                   fact_text(fact_of(analysis, "os.secure_boot")),
                                   fact_text(fact_of(analysis, "driver.kernel_mode.signature")),
                                   said.empty() ? "" : "; the kernel said: " + join(said, "; "))}};
}

std::vector<Found> find_module_blocked(const Analysis& analysis) {
  if (!has_cause(analysis, Cause::blocked)) return {};
  return {{.evidence = "No NVIDIA module is loaded, and it is blocked: " +
                       join(list_of(analysis, "driver.kernel_mode.blocked"), ", ")}};
}

std::vector<Found> find_module_not_loaded(const Analysis& analysis) {
  if (!has_cause(analysis, Cause::not_loaded) || is_out_of_branch(analysis)) return {};
  return {{.evidence = fmt::format("On the bus: {}; the module {} is installed for the running kernel and not loaded",
                                   join(waiting_gpus(analysis), ", "),
                                   fact_text(fact_of(analysis, "driver.kernel_mode.installed")))}};
}

std::vector<Found> find_no_driver(const Analysis& analysis) {
  if (!has_cause(analysis, Cause::no_driver)) return {};
  const bool wanted = wants_gpu(analysis);
  return {{.evidence = fmt::format("On the bus: {}; neither a kernel module nor a libcuda is there",
                                   join(waiting_gpus(analysis), ", ")),
           .severity = wanted ? Severity::error : Severity::warning}};
}

std::vector<Found> find_open_module_needed(const Analysis& analysis) { return find_flavour(analysis, "open"); }

std::vector<Found> find_open_module_refused(const Analysis& analysis) { return find_flavour(analysis, "proprietary"); }
}  // namespace

const std::vector<Rule>& kernel_module_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-DRIVER-KERNEL-UPDATED",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .needs = {"driver.kernel_mode.version"},
       .statement = "The kernel that runs has an NVIDIA module.",
       .consequence = "The module cannot be loaded into this kernel: there is no driver until another kernel runs or "
                      "the module is built for this one.",
       .fix = "Restart the machine into the kernel that is installed",
       .source = "depmod(8): modules belong to one kernel release",
       .judge = find_kernel_updated},
      {.id = "VRV-DRIVER-NEXT-KERNEL",
       .layer = Layer::kernel_driver,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::user_kernel_mismatch,
       .statement = "Every newer kernel that is installed has an NVIDIA module too.",
       .consequence = "After the next start there is no driver.",
       .fix = "Build the module for it (dkms autoinstall) before the restart",
       .source = "depmod(8)",
       .judge = find_next_kernel_without_module},
      {.id = "VRV-DRIVER-MODULE-UNSIGNED",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"driver.kernel_mode.version"},
       .statement = "Under Secure Boot the kernel module is signed by a key that the firmware or MOK list holds.",
       .consequence = "The kernel refuses to load the module: there is no driver.",
       .fix =
           "Enroll the key that signs the module (mokutil --import), install a signed module, or turn Secure Boot off",
       .source = "Linux Documentation/admin-guide/module-signing.rst",
       .judge = find_module_unsigned},
      {.id = "VRV-DRIVER-MODULE-BLOCKED",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"driver.kernel_mode.version"},
       .statement = "No configuration keeps the NVIDIA module from loading where a GPU waits for it.",
       .consequence = "The module is not loaded at start: there is no driver.",
       .fix = "Remove the line (prime-select nvidia, or the file in /etc/modprobe.d), run update-initramfs, restart",
       .source = "modprobe.d(5)",
       .judge = find_module_blocked},
      {.id = "VRV-DRIVER-MODULE-NOT-LOADED",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"driver.kernel_mode.version"},
       .statement = "The NVIDIA module that is installed is loaded.",
       .consequence = "There is no driver until it is.",
       .fix = "Run modprobe nvidia and look into dmesg for why it is not loaded at start",
       .source = "modprobe(8)",
       .judge = find_module_not_loaded},
      {.id = "VRV-DRIVER-NONE",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .needs = {"driver.kernel_mode.version"},
       .statement = "Where an NVIDIA GPU is, a driver is installed.",
       .consequence = "Nothing can use the GPU: frameworks fall back to the CPU or say that no driver is found.",
       .fix = "Install the driver of a branch that knows the GPU",
       .source = "NVIDIA driver installation guide",
       .judge = find_no_driver},
      {.id = "VRV-DRIVER-OPEN-NEEDED",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "GPUs from Blackwell on are driven by the open kernel modules.",
       .consequence = "The proprietary module does not take the GPU: it is on the bus and no device appears.",
       .fix = "Install the open flavour of the same version (nvidia-driver-BRANCH-open, nvidia-open)",
       .source = "NVIDIA README, \"Open Linux Kernel Modules\"; data/gpu_architectures.json",
       .judge = find_open_module_needed},
      {.id = "VRV-DRIVER-OPEN-REFUSED",
       .layer = Layer::kernel_driver,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "GPUs before Turing are driven by the proprietary kernel module.",
       .consequence = "The open modules need a GPU with a system processor (GSP): they do not take the GPU.",
       .fix = "Install the proprietary flavour of the same version",
       .source = "NVIDIA README, \"Open Linux Kernel Modules\"; data/gpu_architectures.json",
       .judge = find_open_module_refused},
  };
  return rules;
}

}  // namespace varve
