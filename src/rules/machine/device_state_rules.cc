// Settings and states of the GPUs: what is visible, how it is divided, what the kernel said of it.
#include "rules/machine/device_state_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
bool has_nvidia_gpu(const Situation& situation) { return !situation.gpus.empty(); }

// A container may be shown all of the host's GPUs and given the nodes of some.
std::size_t usable_gpus(const Situation& situation) {
  const auto listed = std::count_if(situation.gpus.begin(), situation.gpus.end(), [](const GpuView& gpu) {
    return gpu.model.find("(excluded)") == std::string::npos;
  });
  const std::vector<std::string> nodes = list_of(situation, "driver.device_nodes");
  const auto given = std::count_if(nodes.begin(), nodes.end(), [](const std::string& node) {
    return node.size() > 6 && node.starts_with("nvidia") && node[6] >= '0' && node[6] <= '9';
  });
  const bool fewer = is_in_container(situation) && given > 0 && given < listed;
  return static_cast<std::size_t>(fewer ? given : listed);
}

bool is_hidden(std::string_view value) {
  const std::string lower = to_lower(trim(value));
  return lower.empty() || lower == "-1" || lower == "none" || lower == "void" || lower == "nodevfiles";
}

// CUDA takes the entries up to the first one that names nothing (CUDA C++ Programming Guide, CUDA_VISIBLE_DEVICES).
std::vector<Found> judge_visible(const Situation& situation, std::string_view value) {
  const std::size_t count = usable_gpus(situation);
  std::size_t good = 0;
  std::set<std::string> seen;
  for (const std::string_view piece : split(value, ',')) {
    const std::string entry(trim(piece));
    const auto number = parse_integer(entry);
    const bool named = entry.starts_with("GPU-") || entry.starts_with("MIG-");
    if (named) {
      const std::vector<std::string> known = list_of(situation, "gpu.uuid");
      const bool checkable = !known.empty() && entry.starts_with("GPU-sha256:");
      if (!checkable || std::find(known.begin(), known.end(), entry) != known.end()) {
        ++good;
        continue;
      }
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
}  // namespace

std::vector<Found> find_visible_devices(const Situation& situation) {
  const auto value = setting_of(situation, "CUDA_VISIBLE_DEVICES");
  if (!value || !has_nvidia_gpu(situation)) return {};
  if (is_hidden(*value)) {
    return {{.evidence = fmt::format("CUDA_VISIBLE_DEVICES is \"{}\"; the machine has {} GPU{}", *value,
                                     situation.gpus.size(), situation.gpus.size() == 1 ? "" : "s")}};
  }
  const bool divided =
      !rows_with(situation, "gpu.mig", "enabled").empty() || rows_with(situation, "gpu.mig", "on").size() > 0;
  return divided ? std::vector<Found>{} : judge_visible(situation, *value);
}

std::vector<Found> find_mig_without_instances(const Situation& situation) {
  const std::vector<std::string> modes = list_of(situation, "gpu.mig");
  const auto divided = std::count_if(modes.begin(), modes.end(), [](const std::string& mode) {
    return mode == "on" || mode == "enabled" || mode.starts_with("on (") || mode.starts_with("enabled (");
  });
  if (divided == 0 || !is_absent(situation, "gpu.mig.instances") || is_in_container(situation)) return {};
  return {
      {.evidence = fmt::format("MIG is enabled on {} of {} GPUs, and there is no GPU instance with a compute instance",
                               divided, modes.size()),
       .severity = static_cast<std::size_t>(divided) == modes.size() ? Severity::error : Severity::warning}};
}

std::vector<Found> find_compute_mode(const Situation& situation) {
  const std::vector<std::string> modes = list_of(situation, "gpu.compute_mode");
  std::vector<Found> found;
  const auto count = [&](std::string_view start) {
    return std::count_if(modes.begin(), modes.end(), [&](const std::string& mode) { return mode.starts_with(start); });
  };
  if (const auto prohibited = count("prohibited"); prohibited > 0) {
    found.push_back({.evidence = fmt::format("{} of {} GPUs prohibit compute contexts", prohibited, modes.size())});
  }
  if (const auto exclusive = count("exclusive"); exclusive > 0) {
    found.push_back({.evidence = fmt::format("{} of {} GPUs allow one process only", exclusive, modes.size()),
                     .severity = Severity::note,
                     .consequence = "A second process on such a GPU gets CUDA_ERROR_DEVICE_UNAVAILABLE."});
  }
  return found;
}

std::vector<Found> find_slept(const Situation& situation) {
  const double times = number_of(situation, "kernel.suspends").value_or(0);
  const std::vector<std::string> said = rows_with(situation, "kernel.log.nvidia", "the machine slept");
  if ((times < 1 && said.empty()) || !situation.kernel_driver || !has_nvidia_gpu(situation)) return {};
  if (lists(situation, "driver.kernel_mode.parameters", "PreserveVideoMemoryAllocations=1")) return {};
  const bool stated = lists(situation, "driver.kernel_mode.parameters", "PreserveVideoMemoryAllocations=0");
  const std::string slept = times < 1 ? "" : fmt::format(" {:.0f} time{}", times, times < 2 ? "" : "s");
  return {{.evidence = fmt::format("The machine slept{} since it started, and PreserveVideoMemoryAllocations is {}",
                                   slept, stated ? "0" : "not stated"),
           .severity = stated ? Severity::warning : Severity::note}};
}

std::vector<Found> find_initialisation_failed(const Situation& situation) {
  std::vector<std::string> said = rows_with(situation, "kernel.log.nvidia", "RmInitAdapter failed");
  for (const char* event :
       {"memory window is invalid", "did not initialize", "another driver holds", "not supported by this driver",
        "requires the open", "not supported by the open", "legacy driver", "firmware"}) {
    for (std::string& row : rows_with(situation, "kernel.log.nvidia", event)) said.push_back(std::move(row));
  }
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log: " + join(said, "; ")}};
}

std::vector<Found> find_gpu_lost(const Situation& situation) {
  std::vector<std::string> said = rows_with(situation, "kernel.log.nvidia", "fallen off the bus");
  for (const std::string& row : list_of(situation, "kernel.log.nvidia")) {
    if (row == "Xid 79" || row.starts_with("Xid 79 ") || row == "Xid 154" || row.starts_with("Xid 154 "))
      said.push_back(row);
  }
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log: " + join(said, "; ")}};
}

namespace {
// NVIDIA's "XID Errors": of hardware, memory, link and firmware; the others of the table are faults of programs.
constexpr std::int64_t kHardware[] = {48, 61, 62, 63, 64, 74, 92, 94, 95, 109, 110, 119, 120, 121, 140, 143, 149};
constexpr std::int64_t kPrograms[] = {8, 13, 31, 32, 43, 45, 68, 69};

template <std::size_t N>
std::vector<std::string> xids_of(const Situation& situation, const std::int64_t (&numbers)[N]) {
  std::vector<std::string> rows = rows_with(situation, "kernel.log.nvidia", "Xid ");
  std::erase_if(rows, [&](const std::string& row) {
    const std::string_view rest = std::string_view(row).substr(std::min<std::size_t>(4, row.size()));
    const auto number = parse_integer(rest.substr(0, rest.find(' ')));
    return !row.starts_with("Xid ") || !number || std::find(numbers, numbers + N, *number) == numbers + N;
  });
  return rows;
}
}  // namespace

std::vector<Found> find_hardware_errors(const Situation& situation) {
  std::vector<std::string> said = xids_of(situation, kHardware);
  for (std::string& row : rows_with(situation, "kernel.log.nvidia", "SXid")) said.push_back(std::move(row));
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log since the start: " + join(said, ", ")}};
}

std::vector<Found> find_program_errors(const Situation& situation) {
  const std::vector<std::string> said = xids_of(situation, kPrograms);
  if (said.empty()) return {};
  return {{.evidence = "The kernel's log since the start: " + join(said, ", ")}};
}

std::vector<Found> find_handshake_failed(const Situation& situation) {
  for (const HandshakeStep& step : situation.machine.handshake) {
    if (step.state != StepState::failed || step.subject.starts_with('/') || step.subject.starts_with('~')) continue;
    const std::string subject = step.subject.empty() ? "" : " of " + step.subject;
    const std::string code = step.code ? fmt::format(" with {}", *step.code) : "";
    return {{.evidence = fmt::format("The step \"{}\"{} failed{}: {}", step.step, subject, code, step.detail)}};
  }
  return {};
}

}  // namespace varve
