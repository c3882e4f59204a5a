// Settings and states of the GPUs: what is visible, how it is divided, what the kernel said of it.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
bool has_nvidia_gpu(const Analysis& analysis) { return !analysis.gpus.empty(); }

// A container may be shown all of the host's GPUs and given the nodes of some.
std::size_t usable_gpus(const Analysis& analysis) {
  const auto listed =
      std::count_if(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return !gpu.excluded; });
  const std::vector<std::string> nodes = list_of(analysis, "driver.device_nodes");
  const auto given = std::count_if(nodes.begin(), nodes.end(), [](const std::string& node) {
    return node.size() > 6 && node.starts_with("nvidia") && node[6] >= '0' && node[6] <= '9';
  });
  const bool fewer = is_in_container(analysis) && given > 0 && given < listed;
  return static_cast<std::size_t>(fewer ? given : listed);
}

bool is_hidden(std::string_view value) {
  const std::string lower = to_lower(trim(value));
  return lower.empty() || lower == "-1" || lower == "none" || lower == "void" || lower == "nodevfiles";
}

// CUDA takes the entries up to the first one that names nothing (CUDA C++ Programming Guide, CUDA_VISIBLE_DEVICES).
std::vector<Found> judge_visible(const Analysis& analysis, std::string_view value) {
  const bool in_parts =
      std::any_of(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return gpu.mig && gpu.mig->on; });
  const std::size_t count = usable_gpus(analysis);
  std::size_t good = 0;
  std::set<std::string> seen;
  for (const std::string_view piece : split(value, ',')) {
    const std::string entry(trim(piece));
    const auto number = parse_integer(entry);
    if (number && in_parts) return {};  // of the parts, which are not counted here
    const bool named = entry.starts_with("GPU-") || entry.starts_with("MIG-");
    if (named && !names_no_gpu(analysis, entry)) {
      ++good;
      continue;
    }
    const bool fits = number && *number >= 0 && static_cast<std::size_t>(*number) < count;
    if (fits && seen.insert(entry).second) {
      ++good;
      continue;
    }
    if (fits)
      return {{.evidence = fmt::format("CUDA_VISIBLE_DEVICES is \"{}\", which names GPU {} twice", value, entry)}};
    Found found{.evidence = fmt::format("CUDA_VISIBLE_DEVICES is \"{}\", and \"{}\" names none of the {} GPU{}", value,
                                        entry, count, count == 1 ? "" : "s")};
    if (good > 0) {
      found.severity = Severity::warning;
      found.consequence =
          fmt::format("Programs see {} GPU{}: what stands behind the entry that names nothing is not looked at.", good,
                      good == 1 ? "" : "s");
    }
    return {std::move(found)};
  }
  return {};
}

// A table that somebody cut shows a GPU 4 and no other: how many there are is not told.
bool is_cut_list(const Analysis& analysis) {
  const auto is_not_shown = [](const Gpu& gpu) { return gpu.listed && gpu.model.empty(); };
  return is_a_text(analysis) && std::any_of(analysis.gpus.begin(), analysis.gpus.end(), is_not_shown) &&
         !std::all_of(analysis.gpus.begin(), analysis.gpus.end(), is_not_shown);
}

std::vector<Found> find_visible_devices(const Analysis& analysis) {
  const auto value = setting_of(analysis, "CUDA_VISIBLE_DEVICES");
  if (!value || !has_nvidia_gpu(analysis) || is_cut_list(analysis)) return {};
  if (is_hidden(*value)) {
    return {{.evidence = fmt::format("CUDA_VISIBLE_DEVICES is \"{}\"; the machine has {} GPU{}", *value,
                                     analysis.gpus.size(), analysis.gpus.size() == 1 ? "" : "s")}};
  }
  return judge_visible(analysis, *value);
}

std::vector<Found> find_mig_without_instances(const Analysis& analysis) {
  const std::vector<Gpu>& gpus = analysis.gpus;
  const auto divided = std::count_if(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.mig && gpu.mig->on; });
  if (divided == 0 || !is_absent(analysis, "gpu.mig.instances") || is_in_container(analysis)) return {};
  return {
      {.evidence = fmt::format("MIG is enabled on {} of {} GPUs, and there is no GPU instance with a compute instance",
                               divided, gpus.size()),
       .severity = static_cast<std::size_t>(divided) == gpus.size() ? Severity::error : Severity::warning}};
}

std::vector<Found> find_compute_mode(const Analysis& analysis) {
  const std::vector<Gpu>& gpus = analysis.gpus;
  std::vector<Found> found;
  const auto count = [&](ComputeMode mode) {
    return std::count_if(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return gpu.compute_mode == mode; });
  };
  if (const auto prohibited = count(ComputeMode::prohibited); prohibited > 0) {
    found.push_back({.evidence = fmt::format("{} of {} GPUs prohibit compute contexts", prohibited, gpus.size())});
  }
  const auto exclusive = count(ComputeMode::exclusive_process) + count(ComputeMode::exclusive_thread);
  if (exclusive > 0) {
    found.push_back({.evidence = fmt::format("{} of {} GPUs allow one process only", exclusive, gpus.size()),
                     .severity = Severity::note,
                     .consequence = "A second process on such a GPU gets CUDA_ERROR_DEVICE_UNAVAILABLE."});
  }
  return found;
}

std::vector<Found> find_slept(const Analysis& analysis) {
  const double times = number_of(analysis, "kernel.suspends").value_or(0);
  const std::vector<std::string> said = rows_with(analysis, "kernel.log.nvidia", "the machine slept");
  if ((times < 1 && said.empty()) || !analysis.kernel_driver || !has_nvidia_gpu(analysis)) return {};
  if (lists(analysis, "driver.kernel_mode.parameters", "PreserveVideoMemoryAllocations=1")) return {};
  const bool stated = lists(analysis, "driver.kernel_mode.parameters", "PreserveVideoMemoryAllocations=0");
  const std::string slept = times < 1 ? "" : fmt::format(" {:.0f} time{}", times, times < 2 ? "" : "s");
  return {{.evidence = fmt::format("The machine slept{} since it started, and PreserveVideoMemoryAllocations is {}",
                                   slept, stated ? "0" : "not stated"),
           .severity = stated ? Severity::warning : Severity::note}};
}

std::vector<Found> find_initialisation_failed(const Analysis& analysis) {
  std::vector<std::string> said = rows_with(analysis, "kernel.log.nvidia", "RmInitAdapter failed");
  for (const char* event :
       {"memory window is invalid", "did not initialize", "another driver holds", "not supported by this driver",
        "requires the open", "not supported by the open", "legacy driver", "firmware"}) {
    for (std::string& row : rows_with(analysis, "kernel.log.nvidia", event)) said.push_back(std::move(row));
  }
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log: " + join(said, "; ")}};
}

std::vector<Found> find_gpu_lost(const Analysis& analysis) {
  std::vector<std::string> said = rows_with(analysis, "kernel.log.nvidia", "fallen off the bus");
  for (const std::string& row : list_of(analysis, "kernel.log.nvidia")) {
    if (row == "Xid 79" || row.starts_with("Xid 79 ") || row == "Xid 154" || row.starts_with("Xid 154 "))
      said.push_back(row);
  }
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log: " + join(said, "; ")}};
}

// NVIDIA's "XID Errors": of hardware, memory, link and firmware; the others of the table are faults of programs.
constexpr std::int64_t kHardware[] = {48, 61, 62, 63, 64, 74, 92, 94, 95, 109, 110, 119, 120, 121, 140, 143, 149};
constexpr std::int64_t kPrograms[] = {8, 13, 31, 32, 43, 45, 68, 69};

template <std::size_t N>
std::vector<std::string> xids_of(const Analysis& analysis, const std::int64_t (&numbers)[N]) {
  std::vector<std::string> rows = rows_with(analysis, "kernel.log.nvidia", "Xid ");
  std::erase_if(rows, [&](const std::string& row) {
    const std::string_view rest = std::string_view(row).substr(std::min<std::size_t>(4, row.size()));
    const auto number = parse_integer(rest.substr(0, rest.find(' ')));
    return !row.starts_with("Xid ") || !number || std::find(numbers, numbers + N, *number) == numbers + N;
  });
  return rows;
}

std::vector<Found> find_hardware_errors(const Analysis& analysis) {
  std::vector<std::string> said = xids_of(analysis, kHardware);
  for (std::string& row : rows_with(analysis, "kernel.log.nvidia", "SXid")) said.push_back(std::move(row));
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log since the start: " + join(said, ", ")}};
}

std::vector<Found> find_program_errors(const Analysis& analysis) {
  const std::vector<std::string> said = xids_of(analysis, kPrograms);
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log since the start: " + join(said, ", ")}};
}

std::vector<Found> find_handshake_failed(const Analysis& analysis) {
  for (const HandshakeStep& step : analysis.machine.handshake) {
    if (step.state != StepState::failed || step.subject.starts_with('/') || step.subject.starts_with('~')) continue;
    const std::string subject = step.subject.empty() ? "" : " of " + step.subject;
    const std::string code = step.code ? fmt::format(" with {}", *step.code) : "";
    return {{.evidence = fmt::format("The step \"{}\"{} failed{}: {}", step.step, subject, code, step.detail)}};
  }
  return {};
}
}  // namespace

const std::vector<Rule>& device_state_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-DEVICE-INITIALISATION",
       .layer = Layer::handshake,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "The kernel module initialised every GPU since the machine started.",
       .consequence = "A GPU that was not initialised is listed and cannot be used.",
       .fix = "Power the machine off and on; if it comes back, check the firmware's PCI settings, the power supply and "
              "the driver branch",
       .source = "NVIDIA/open-gpu-kernel-modules, osinit.c and nv.c",
       .judge = find_initialisation_failed},
      {.id = "VRV-DEVICE-LOST",
       .layer = Layer::hardware,
       .severity = Severity::error,
       .mender = Mender::hardware,
       .category = FaultCategory::device_handshake,
       .statement = "No GPU has left the bus since the machine started.",
       .consequence = "Every call on that GPU fails, and NVML may hang, until the machine is restarted.",
       .fix = "Restart; check power, cooling, riser and slot; update the firmware",
       .source = "NVIDIA XID Errors, Xid 79",
       .judge = find_gpu_lost},
      {.id = "VRV-DEVICE-XID",
       .layer = Layer::hardware,
       .severity = Severity::warning,
       .mender = Mender::hardware,
       .category = FaultCategory::device_handshake,
       .statement = "The kernel reported no error of the GPU's hardware, memory or links.",
       .consequence =
           "Programs on that GPU may have failed or lost data; some of these errors stay until the GPU is reset.",
       .fix = "Look the numbers up in NVIDIA's XID documentation; drain the machine and run the field diagnostic where "
              "it asks for it",
       .source = "NVIDIA XID Errors",
       .judge = find_hardware_errors},
      {.id = "VRV-DEVICE-XID-PROGRAM",
       .layer = Layer::kernels,
       .severity = Severity::note,
       .mender = Mender::application,
       .category = FaultCategory::device_handshake,
       .statement = "The kernel reported no faults of programs on the GPU.",
       .consequence = "A program read or wrote where it must not, or was ended; the stack itself need not be at fault.",
       .fix = "Run the program under compute-sanitizer",
       .source = "NVIDIA XID Errors, Xid 13, 31, 43, 45",
       .judge = find_program_errors},
      {.id = "VRV-DEVICE-SLEPT",
       .layer = Layer::kernel_driver,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "A machine that sleeps keeps the GPU's memory over it.",
       .consequence = "Programs lost their memory on the GPU, and the driver's state may be broken: error 999 or "
                      "\"unspecified launch failure\" until the modules are loaded anew. Hints at CUDA_VISIBLE_DEVICES "
                      "in such messages mislead.",
       .fix = "Now: rmmod nvidia_uvm and modprobe nvidia_uvm, or restart. For good: "
              "NVreg_PreserveVideoMemoryAllocations=1 with the services nvidia-suspend and nvidia-resume",
       .source =
           "NVIDIA README, \"Configuring Power Management Support\"; pytorch/pytorch#43281, pytorch/pytorch#88639",
       .judge = find_slept},
      {.id = "VRV-DEVICE-VISIBLE-DEVICES",
       .layer = Layer::settings,
       .severity = Severity::error,
       .mender = Mender::application,
       .category = FaultCategory::device_handshake,
       .statement = "CUDA_VISIBLE_DEVICES names GPUs that are there.",
       .consequence = "CUDA programs see no GPU.",
       .fix = "Unset CUDA_VISIBLE_DEVICES, or give numbers from 0 on that nvidia-smi -L lists",
       .source = "CUDA C++ Programming Guide, CUDA Environment Variables; PaddlePaddle/Paddle#17857",
       .judge = find_visible_devices},
      {.id = "VRV-DEVICE-MIG-EMPTY",
       .layer = Layer::hardware,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "A GPU in MIG mode has at least one compute instance.",
       .consequence = "CUDA does not see the GPU.",
       .fix = "Create instances (nvidia-smi mig -cgi … -C), or turn MIG off",
       .source = "NVIDIA Multi-Instance GPU User Guide",
       .judge = find_mig_without_instances},
      {.id = "VRV-DEVICE-COMPUTE-MODE",
       .layer = Layer::hardware,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "The GPUs allow compute contexts.",
       .consequence = "CUDA programs get CUDA_ERROR_DEVICE_UNAVAILABLE or no device.",
       .fix = "Run nvidia-smi -c DEFAULT as root",
       .source = "nvidia-smi(1), compute mode",
       .judge = find_compute_mode},
      {.id = "VRV-DEVICE-HANDSHAKE",
       .layer = Layer::handshake,
       .severity = Severity::error,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "A kernel can be started on every GPU.",
       .consequence = "CUDA programs fail at this step too.",
       .fix = "See the findings about the driver and the GPU; varve explain CODE tells what the number means",
       .source = "tried on this machine",
       .judge = find_handshake_failed},
  };
  return rules;
}

}  // namespace varve
