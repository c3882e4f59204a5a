#include "rules/machine/device_bus_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
bool is_translating(const std::string& domain) { return domain == "DMA" || domain == "DMA-FQ"; }
}  // namespace

std::vector<Found> find_bars(const Situation& situation) {
  std::vector<std::string> rows = rows_with(situation, "gpu.bars", "not assigned");
  std::erase_if(rows, [&](const std::string& row) {  // a GPU given to a virtual machine is not ours to judge
    const std::string address = row.substr(0, row.find(": "));
    const std::vector<std::string> bus = rows_with(situation, "gpu.bus", address + " ");
    return bus.empty() || bus.front().find("(vfio") != std::string::npos;
  });
  if (rows.empty()) return {};
  return {{.evidence = "Memory windows without an address: " + join(rows, "; ")}};
}

std::vector<Found> find_iommu(const Situation& situation) {
  if (situation.gpus.size() < 2 || is_virtual(situation) || is_jetson(situation)) return {};
  if (number_of(situation, "gpu.nvswitches").value_or(0) > 0) return {};  // between them data goes by NVLink
  const std::vector<std::string> domains = list_of(situation, "gpu.iommu");
  const auto translated = std::count_if(domains.begin(), domains.end(), is_translating);
  const std::vector<std::string> parameters = list_of(situation, "os.kernel.parameters");
  const auto says = [&](std::string_view text) {
    return std::find(parameters.begin(), parameters.end(), text) != parameters.end();
  };
  const bool unstated = std::count(domains.begin(), domains.end(), "kind not stated") > 0 || domains.empty();
  const bool switched_on =
      (says("intel_iommu=on") || says("amd_iommu=on") || says("iommu=on") || says("amd_iommu=force_isolation")) &&
      !says("iommu=pt");
  if (translated < 2 && !(unstated && switched_on)) return {};
  const std::string what = translated >= 2
                               ? fmt::format("the IOMMU translates for {} of them ({})", translated, domains.front())
                               : "the kernel's parameters switch the IOMMU on, without iommu=pt";
  const bool linked = !rows_with(situation, "gpu.nvlink", "link").empty();
  return {{.evidence = fmt::format("{} NVIDIA GPUs, and {}", situation.gpus.size(), what),
           .severity = linked ? Severity::note : Severity::warning}};
}

std::vector<Found> find_acs(const Situation& situation) {
  const std::vector<std::string> bridges = list_of(situation, "pci.acs");
  if (bridges.empty() || situation.gpus.size() < 2 || is_virtual(situation)) return {};
  const bool linked = number_of(situation, "gpu.nvswitches").value_or(0) > 0;
  return {{.evidence = fmt::format("Access control services redirect peer traffic on {} bridge{} above the GPUs: {}",
                                   bridges.size(), bridges.size() == 1 ? "" : "s", join(bridges, ", ")),
           .severity = linked ? Severity::note : Severity::warning}};
}

}  // namespace varve
