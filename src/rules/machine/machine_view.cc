#include "rules/machine/machine_view.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

bool is_in_container(const Situation& situation) {
  const auto kind = text_of(situation, "container.kind");
  return kind && *kind != "none";
}

bool is_on_host(const Situation& situation) { return text_of(situation, "container.kind") == "none"; }

bool is_wsl(const Situation& situation) {
  const auto hypervisor = text_of(situation, "machine.hypervisor");
  return (hypervisor && hypervisor->find("WSL") != std::string::npos) ||
         lists(situation, "driver.device_nodes", "dxg") || user_driver_role(situation) == DriverFileRole::wsl;
}

bool is_jetson(const Situation& situation) { return text_of(situation, "os.jetson_linux").has_value(); }

bool is_virtual(const Situation& situation) {
  const auto hypervisor = text_of(situation, "machine.hypervisor");
  return hypervisor && *hypervisor != "none";
}

bool has_gpu_node(const Situation& situation) {
  const std::vector<std::string> nodes = list_of(situation, kNodes);
  return std::any_of(nodes.begin(), nodes.end(), [](const std::string& node) {
    return node == "dxg" || node == "nvmap" || node == "nvhost-gpu" ||
           (node.size() > 6 && node.starts_with("nvidia") && node[6] >= '0' && node[6] <= '9');
  });
}

bool lists(const Situation& situation, std::string_view id, std::string_view value) {
  const std::vector<std::string> rows = list_of(situation, id);
  return std::find(rows.begin(), rows.end(), value) != rows.end();
}

std::vector<std::string> rows_with(const Situation& situation, std::string_view id, std::string_view text) {
  std::vector<std::string> rows = list_of(situation, id);
  std::erase_if(rows, [&](const std::string& row) { return row.find(text) == std::string::npos; });
  return rows;
}

std::vector<std::string> gpus_bound_to(const Situation& situation, std::string_view driver) {
  std::vector<std::string> rows;
  for (const Gpu& gpu : situation.gpus_on_bus) {
    if (gpu.bound_driver == driver) rows.push_back(find_gpu_field("gpu.bus")->text(gpu));
  }
  return rows;
}

bool wants_gpu(const Situation& situation) {
  for (const Environment& environment : situation.subject.environments) {
    for (const Package& package : environment.packages) {
      const bool runs = package.is_consumer() || package.role == PackageRole::runtime;
      if (runs && package.cuda.is_known()) return true;
    }
  }
  for (const Binary& binary : situation.subject.binaries) {
    for (const Dependency& dependency : binary.dependencies) {
      if (dependency.name == "libcuda.so.1") return true;
    }
  }
  return false;
}

bool has_word(std::string_view list, std::string_view word) {
  for (const std::string_view piece : split(list, ',')) {
    if (trim(piece) == word || trim(piece) == "all") return true;
  }
  return false;
}

bool names_no_gpu(const Situation& situation, std::string_view entry) {
  const std::vector<Gpu>& gpus = situation.gpus;
  constexpr std::string_view kHashed = "GPU-sha256:";
  const auto holds = [](const Gpu& gpu, std::string_view id) { return gpu.uuid == id; };
  const bool all_known = !gpus.empty() && std::all_of(gpus.begin(), gpus.end(),
                                                      [&](const Gpu& gpu) { return gpu.uuid.starts_with(kHashed); });
  const auto is_other = [&](std::string_view id) {
    return all_known && id.starts_with(kHashed) &&
           std::none_of(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return holds(gpu, id); });
  };
  if (!entry.starts_with("MIG-")) return is_other(entry);
  // "MIG-GPU-…/1/0" names its GPU; of the newer "MIG-…" only that there is no GPU in parts can be held against it.
  if (is_other(entry.substr(4, entry.find('/') - 4))) return true;
  return !gpus.empty() && std::all_of(gpus.begin(), gpus.end(), [](const Gpu& gpu) {
    // The parts came with 8.0, and with the first GPU of a generation only (MIG User Guide, supported GPUs).
    const bool never = gpu.capability && (gpu.capability->major < 8 || gpu.capability->minor != 0);
    return never || (gpu.mig && !gpu.mig->on);
  });
}

std::string kernel_version(const Situation& situation) {
  return text_of(situation, "driver.kernel_mode.version").value_or("");
}

}  // namespace varve
