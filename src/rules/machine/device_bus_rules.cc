// The PCI bus: memory windows, and what stands between GPUs that copy to each other.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/machine/machine_rules.h"
#include "rules/machine/machine_view.h"

namespace varve {

namespace {
bool is_translating(const std::string& domain) { return domain == "DMA" || domain == "DMA-FQ"; }

std::vector<Found> find_bars(const Analysis& analysis) {
  std::vector<std::string> rows;
  for (const Gpu& gpu : analysis.gpus_on_bus) {
    if (gpu.bound_driver.starts_with("vfio")) continue;  // given to a virtual machine: not ours to judge
    if (gpu.windows.find("not assigned") != std::string::npos) rows.push_back(find_gpu_field("gpu.bars")->text(gpu));
  }
  if (rows.empty()) return {};
  return {{.evidence = "Memory windows without an address: " + join(rows, "; ")}};
}

std::vector<Found> find_iommu(const Analysis& analysis) {
  if (analysis.gpus.size() < 2 || is_virtual(analysis) || is_jetson(analysis)) return {};
  if (number_of(analysis, "gpu.nvswitches").value_or(0) > 0) return {};  // between them data goes by NVLink
  const std::vector<std::string> domains = list_of(analysis, "gpu.iommu");
  const auto translated = std::count_if(domains.begin(), domains.end(), is_translating);
  const std::vector<std::string> parameters = list_of(analysis, "os.kernel.parameters");
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
  const bool linked = !rows_with(analysis, "gpu.nvlink", "link").empty();
  return {{.evidence = fmt::format("{} NVIDIA GPUs, and {}", analysis.gpus.size(), what),
           .severity = linked ? Severity::note : Severity::warning}};
}

std::vector<Found> find_acs(const Analysis& analysis) {
  const std::vector<std::string> bridges = list_of(analysis, "pci.acs");
  if (bridges.empty() || analysis.gpus.size() < 2 || is_virtual(analysis)) return {};
  const bool linked = number_of(analysis, "gpu.nvswitches").value_or(0) > 0;
  const bool is_placed = bridges.front().find(':') != std::string::npos;  // by its address
  return {
      {.evidence = is_placed
                       ? fmt::format("Access control services redirect peer traffic on {} bridge{} above the GPUs: {}",
                                     bridges.size(), bridges.size() == 1 ? "" : "s", join(bridges, ", "))
                       : fmt::format("Access control services redirect peer traffic on bridges, {}", bridges.front()),
       .severity = linked ? Severity::note : Severity::warning}};
}
}  // namespace

const std::vector<Rule>& device_bus_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-DEVICE-BAR-UNASSIGNED",
       .layer = Layer::hardware,
       .severity = Severity::error,
       .mender = Mender::hardware,
       .category = FaultCategory::device_handshake,
       .needs = {"gpu.bars"},
       .statement = "The firmware and the kernel gave every memory window of a GPU an address.",
       .consequence = "The driver cannot reach the GPU: \"RmInitAdapter failed\", \"No devices were found\".",
       .fix = "Turn on Above 4G Decoding and Resizable BAR in the firmware, update it, or start the kernel with "
              "pci=realloc",
       .source = "NVIDIA/open-gpu-kernel-modules#862; kernel drivers/pci/setup-bus.c",
       .judge = find_bars},
      {.id = "VRV-DEVICE-IOMMU",
       .layer = Layer::hardware,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "Between several GPUs without NVLink the IOMMU does not translate.",
       .consequence = "Peer-to-peer copies go wrong or hang: collective operations of NCCL never end.",
       .fix =
           "Start the kernel with iommu=pt, or turn the IOMMU off in the firmware; NCCL_P2P_DISABLE=1 goes around it",
       .source = "NCCL documentation, Troubleshooting, \"PCI Access Control Services (ACS)\"; NVIDIA/nccl#257",
       .judge = find_iommu},
      {.id = "VRV-DEVICE-ACS",
       .layer = Layer::hardware,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::device_handshake,
       .statement = "No bridge above several GPUs redirects their peer traffic.",
       .consequence =
           "Peer-to-peer copies take the way through the root complex: slower, and with the IOMMU they can hang.",
       .fix = "Turn ACS off in the firmware, or for the bridges by setpci; NCCL_P2P_DISABLE=1 goes around it",
       .source = "NCCL documentation, Troubleshooting, \"PCI Access Control Services (ACS)\"; NVIDIA/nccl#2079",
       .judge = find_acs},
  };
  return rules;
}

}  // namespace varve
