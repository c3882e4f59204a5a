#pragma once
// For tests only: a machine fact by fact, and what the rules say of it.
#include <string>
#include <utility>
#include <vector>

#include "rules/judgement.h"
#include "tables/knowledge.h"

namespace varve::test {

struct MachineOfFacts {
  Stack stack;

  MachineOfFacts& with(const std::string& id, Value value) {
    stack.facts[id] = known_fact(std::move(value), "test");
    return *this;
  }
  MachineOfFacts& without(const std::string& id, Missing why = Missing::absent) {
    stack.facts[id] = missing_fact(why, "test", "not there");
    return *this;
  }
  MachineOfFacts& file(const std::string& library, const std::string& path, const std::string& version,
                       DriverFileRole role = DriverFileRole::driver, bool first = true) {
    DriverFile made;
    made.library = library;
    made.path = path;
    made.found_by = "directory";
    made.role = role;
    made.loaded_first = first;
    made.version = version.empty() ? missing_fact(Missing::unsupported, path) : known_fact(version, "file name");
    made.api_level = missing_fact(Missing::not_applicable, path);
    stack.driver_files.push_back(std::move(made));
    return *this;
  }

  // The findings of one rule, or of all of them whose severity is above note.
  std::vector<Finding> judge(const std::string& rule = {}) const {
    static const Knowledge knowledge = *load_knowledge();
    const Judgement judgement = judge_rules(analyse(stack, stack, knowledge));
    std::vector<Finding> found;
    for (const Finding& finding : judgement.findings) {
      if (rule.empty() ? finding.severity != Severity::note : finding.id == rule) found.push_back(finding);
    }
    return found;
  }
  bool fires(const std::string& rule) const { return !judge(rule).empty(); }
  // "error", "warning", "note"; empty: the rule is silent.
  std::string severity(const std::string& rule) const {
    const std::vector<Finding> found = judge(rule);
    return found.empty() ? "" : std::string(to_string(found.front().severity));
  }
};

using List = std::vector<std::string>;

// A workstation on which everything fits.
inline MachineOfFacts healthy_machine() {
  MachineOfFacts machine;
  machine.with("gpu.count", std::int64_t{1})
      .with("gpu.models", List{"NVIDIA GeForce RTX 4090"})
      .with("gpu.compute_capabilities", List{"8.9"})
      .with("gpu.bus", List{"0000:01:00.0 10de:2684 (nvidia)"})
      .with("gpu.bars", List{"0000:01:00.0: BAR0 16 MiB, BAR1 32 GiB, BAR3 32 MiB"})
      .with("gpu.iommu", List{"DMA-FQ"})
      .with("gpu.nvswitches", std::int64_t{0})
      .with("os.kernel.release", "6.8.0-45-generic")
      .with("os.kernel.installed", List{"6.8.0-45-generic"})
      .with("os.architecture", "x86_64")
      .with("driver.kernel_mode.version", "550.54.15")
      .with("driver.kernel_mode.installed", "550.54.15")
      .with("driver.kernel_mode.flavour", "open")
      .with("driver.kernel_mode.kernels", List{"6.8.0-45-generic"})
      .with("driver.kernel_mode.modules", List{"nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm"})
      .with("driver.kernel_mode.parameters", List{"PreserveVideoMemoryAllocations=0"})
      .with("driver.device_nodes", List{"nvidia-uvm", "nvidia0", "nvidiactl"})
      .with("driver.device_nodes.links", List{"nvidia0", "nvidiactl"})
      .with("driver.user_mode.version", "550.54.15")
      .with("driver.user_mode.role", "driver")
      .with("driver.api_level", "12.4")
      .with("driver.halves", "same version")
      .with("container.kind", "none")
      .with("machine.hypervisor", "none")
      .with("cgroup.version", "v2")
      .with("kernel.suspends", std::int64_t{0})
      .without("driver.device_nodes.refused")
      .without("driver.module_loader")
      .without("kernel.log.nvidia")
      .file("libcuda", "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15", "550.54.15")
      .file("libnvidia-ml", "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.550.54.15", "550.54.15");
  return machine;
}

// The same machine as one that lost its kernel module.
inline MachineOfFacts machine_without_module() {
  MachineOfFacts machine = healthy_machine();
  machine.without("driver.kernel_mode.version")
      .without("driver.kernel_mode.flavour")
      .without("driver.kernel_mode.modules")
      .without("driver.device_nodes")
      .with("gpu.models", List{"PCI 10de:2684 (no driver)"})
      .with("gpu.bus", List{"0000:01:00.0 10de:2684 (no driver)"});
  return machine;
}

}  // namespace varve::test
