#include "rules/machine/machine_view.h"

#include <algorithm>

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

std::string kernel_version(const Situation& situation) {
  return text_of(situation, "driver.kernel_mode.version").value_or("");
}

}  // namespace varve
