// Why no kernel module of NVIDIA's runs, or the wrong kind of it. The causes exclude each other, so that a machine
// without a driver is told one of them.
#include "rules/machine/kernel_module_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
// A GPU that waits for a driver and is given to nothing else: no other module holds it.
std::vector<std::string> waiting_gpus(const Situation& situation) {
  std::vector<std::string> gpus = gpus_bound_to(situation, "no driver");
  for (std::string& gpu : gpus_bound_to(situation, "nvidia")) gpus.push_back(std::move(gpu));
  return gpus;
}

// Looked for, and not loaded; on a host, where it would have to be.
bool lacks_module(const Situation& situation) {
  return is_absent(situation, "driver.kernel_mode.version") && !is_in_container(situation) && !is_wsl(situation) &&
         !is_jetson(situation) && !waiting_gpus(situation).empty();
}

enum class Cause { kernel_updated, never_built, unsigned_module, blocked, not_loaded, no_driver };

bool is_rejected(const Situation& situation) {
  return !rows_with(situation, "kernel.log.nvidia", "module loader:").empty();
}

Cause cause_of(const Situation& situation) {
  const std::string running = text_of(situation, "os.kernel.release").value_or("");
  const std::vector<std::string> installed = list_of(situation, "os.kernel.installed");
  const std::vector<std::string> built = list_of(situation, "driver.kernel_mode.kernels");
  const bool is_installed = std::find(installed.begin(), installed.end(), running) != installed.end();
  const bool is_built = std::find(built.begin(), built.end(), running) != built.end();
  const bool has_driver = !built.empty() || situation.user_driver ||
                          fact_of(situation, "driver.kernel_mode.installed").is_known() ||
                          !rows_with(situation, "os.gpu_packages", "nvidia-driver").empty();
  if (!has_driver) return Cause::no_driver;
  if (!installed.empty() && !running.empty() && !is_installed) return Cause::kernel_updated;
  if (!is_built) return Cause::never_built;
  const bool secure = text_of(situation, "os.secure_boot") == "on";
  const bool unsigned_module = text_of(situation, "driver.kernel_mode.signature") == "not signed";
  if ((secure && unsigned_module) || is_rejected(situation)) return Cause::unsigned_module;
  if (!rows_with(situation, "driver.kernel_mode.blocked", "nvidia (").empty()) return Cause::blocked;
  return Cause::not_loaded;
}

bool has_cause(const Situation& situation, Cause cause) {
  return lacks_module(situation) && cause_of(situation) == cause;
}

std::string kernels_text(const Situation& situation, std::string_view id) {
  const std::vector<std::string> kernels = list_of(situation, id);
  return kernels.empty() ? "none" : join(kernels, ", ");
}

// The module finds no GPU that its branch serves, and does not stay: the rules about driver and GPU tell it.
bool is_out_of_branch(const Situation& situation) {
  if (!situation.user_driver || situation.gpus.empty()) return false;
  const int branch = situation.user_driver->major();
  return std::all_of(situation.gpus.begin(), situation.gpus.end(), [&](const GpuView& gpu) {
    const GpuArchitecture* row = gpu.capability ? find_architecture(situation.knowledge, *gpu.capability) : nullptr;
    return row != nullptr && ((row->last_branch != 0 && branch > row->last_branch) || branch < row->first_branch);
  });
}

// "open" or "proprietary": of the module that runs, else of the one that is installed.
std::string flavour_of(const Situation& situation) {
  if (const auto running = text_of(situation, "driver.kernel_mode.flavour")) return *running;
  const Fact& installed = fact_of(situation, "driver.kernel_mode.installed");
  if (installed.detail.starts_with("open")) return "open";
  return installed.detail.starts_with("proprietary") ? "proprietary" : "";
}

// The GPUs whose architecture is driven by one kind of module only, and not by this one.
std::vector<Found> find_flavour(const Situation& situation, std::string_view wanted) {
  const std::string flavour = flavour_of(situation);
  if (flavour.empty() || flavour == wanted || is_jetson(situation)) return {};
  std::vector<std::string> gpus;
  for (const GpuView& gpu : situation.gpus) {
    if (!gpu.capability) continue;
    const GpuArchitecture* row = find_architecture(situation.knowledge, *gpu.capability);
    if (row == nullptr || row->kernel_module != wanted) continue;
    gpus.push_back(fmt::format("{} ({}, compute capability {})", gpu.model, row->name, to_string(*gpu.capability)));
  }
  if (gpus.empty()) return {};
  gpus.erase(std::unique(gpus.begin(), gpus.end()), gpus.end());
  const bool running = fact_of(situation, "driver.kernel_mode.flavour").is_known();
  return {{.evidence = fmt::format("{} the {} module{}, and {} {} driven by the {} one only",
                                   running ? "There runs" : "Installed is", flavour,
                                   situation.kernel_driver ? " " + kernel_version(situation) : "", join(gpus, ", "),
                                   gpus.size() == 1 ? "is" : "are", wanted)}};
}
}  // namespace

std::vector<Found> find_kernel_updated(const Situation& situation) {
  const std::string running = text_of(situation, "os.kernel.release").value_or("");
  if (has_cause(situation, Cause::kernel_updated)) {
    return {{.evidence = fmt::format("The kernel that runs is {}, whose modules are gone; installed are {}", running,
                                     kernels_text(situation, "os.kernel.installed"))}};
  }
  if (!has_cause(situation, Cause::never_built)) return {};
  return {
      {.evidence = fmt::format("The kernel that runs is {} and has no NVIDIA module; kernels that have one: {}",
                               running, kernels_text(situation, "driver.kernel_mode.kernels")),
       .fix =
           "Build the module for the running kernel (dkms autoinstall, with its headers installed), or start a kernel "
           "that has one"}};
}

std::vector<Found> find_next_kernel_without_module(const Situation& situation) {
  const std::string running = text_of(situation, "os.kernel.release").value_or("");
  const std::vector<std::string> installed = list_of(situation, "os.kernel.installed");
  const std::vector<std::string> built = list_of(situation, "driver.kernel_mode.kernels");
  const auto version = dotted_version_from(running);
  if (!situation.kernel_driver || built.empty() || !version || is_in_container(situation)) return {};
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

std::vector<Found> find_module_unsigned(const Situation& situation) {
  if (!has_cause(situation, Cause::unsigned_module)) return {};
  const std::vector<std::string> said = rows_with(situation, "kernel.log.nvidia", "module loader:");
  return {{.evidence = fmt::format("Secure Boot is {}, the module for the running kernel is {}{}",
                                   fact_text(fact_of(situation, "os.secure_boot")),
                                   fact_text(fact_of(situation, "driver.kernel_mode.signature")),
                                   said.empty() ? "" : "; the kernel said: " + join(said, "; "))}};
}

std::vector<Found> find_module_blocked(const Situation& situation) {
  if (!has_cause(situation, Cause::blocked)) return {};
  return {{.evidence = "No NVIDIA module is loaded, and it is blocked: " +
                       join(list_of(situation, "driver.kernel_mode.blocked"), ", ")}};
}

std::vector<Found> find_module_not_loaded(const Situation& situation) {
  if (!has_cause(situation, Cause::not_loaded) || is_out_of_branch(situation)) return {};
  return {{.evidence = fmt::format("On the bus: {}; the module {} is installed for the running kernel and not loaded",
                                   join(waiting_gpus(situation), ", "),
                                   fact_text(fact_of(situation, "driver.kernel_mode.installed")))}};
}

std::vector<Found> find_no_driver(const Situation& situation) {
  if (!has_cause(situation, Cause::no_driver)) return {};
  const bool wanted = wants_gpu(situation);
  return {{.evidence = fmt::format("On the bus: {}; neither a kernel module nor a libcuda is there",
                                   join(waiting_gpus(situation), ", ")),
           .severity = wanted ? Severity::error : Severity::warning}};
}

std::vector<Found> find_open_module_needed(const Situation& situation) { return find_flavour(situation, "open"); }

std::vector<Found> find_open_module_refused(const Situation& situation) {
  return find_flavour(situation, "proprietary");
}

}  // namespace varve
