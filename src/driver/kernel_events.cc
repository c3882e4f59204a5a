#include "driver/kernel_events.h"

#include <fmt/format.h>

#include "base/text.h"

namespace varve {

namespace {
struct KernelEvent {
  std::string_view mark;   // stands in the line
  std::string_view event;  // what is recorded
};
// The wordings of open-gpu-kernel-modules (nv-pci.c, nv.c, osinit.c), of the kernel's module loader, of its PCI and
// power code.
constexpr KernelEvent kKernelEvents[] = {
    {"API mismatch", "NVRM: API mismatch between kernel module and library"},
    {"requires use of the NVIDIA open kernel modules", "NVRM: the GPU requires the open kernel modules"},
    {"is not supported by open", "NVRM: the GPU is not supported by the open kernel modules"},
    {"not supported by the NVIDIA", "NVRM: the GPU is not supported by this driver"},
    {"is supported by the legacy", "NVRM: the GPU is supported by a legacy driver only"},
    {"Legacy drivers. Please",
     "NVRM: the GPU is supported by a legacy driver only"},  // "supported through the NVIDIA 470.xx"
    {"This PCI I/O region assigned to your NVIDIA device is invalid", "NVRM: a PCI memory window is invalid"},
    {"RmInitAdapter failed", "NVRM: RmInitAdapter failed"},
    {"rm_init_adapter failed", "NVRM: RmInitAdapter failed"},
    {"fallen off the bus", "NVRM: GPU has fallen off the bus"},
    {"GPU lost from the bus", "NVRM: GPU has fallen off the bus"},
    {"failed to initialize the NVIDIA kernel module", "NVRM: the kernel module did not initialize"},
    {"The NVIDIA probe routine was not called", "NVRM: another driver holds the GPU"},
    {"GPU is already being used by", "NVRM: another driver holds the GPU"},
    {"No NVIDIA graphics adapter found", "NVRM: no GPU found"},
    {"Key was rejected by service", "module loader: the signature's key was rejected"},
    {"Loading of unsigned module is rejected", "module loader: an unsigned module was rejected"},
    {"Loading of module with unavailable key is rejected", "module loader: the signature's key was rejected"},
    {"PM: suspend exit", "the machine slept"},
    {"PM: hibernation exit", "the machine slept"},
    {"PM: resume from suspend", "the machine slept"},
    {"request_free_mem_region() err", "nvidia-uvm: no address range for GPU memory"},
    {"nvidia-nvswitch: SXid", "NVSwitch error (SXid)"},
    {"Direct firmware load for nvidia/", "a firmware file of the GPU was not found"},
    {"Failed to allocate primary buffer", "NVRM: memory allocation failed"}};

// "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."
std::optional<std::string> xid_of(std::string_view line) {
  const std::size_t at = line.find("NVRM: Xid");
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t colon = line.find("): ", at);
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(colon + 3);
  const auto number = parse_integer(rest.substr(0, rest.find_first_not_of("0123456789")));
  return number ? std::optional(fmt::format("Xid {}", *number)) : std::nullopt;
}
}  // namespace

std::optional<std::string> kernel_event(std::string_view line) {
  if (auto xid = xid_of(line)) return xid;
  for (const KernelEvent& event : kKernelEvents) {
    if (line.find(event.mark) != std::string_view::npos) return std::string(event.event);
  }
  return std::nullopt;
}

}  // namespace varve
