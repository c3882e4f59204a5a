// dmesg, journalctl -k, /proc/driver/nvidia/version: what the kernel driver says of itself and of the GPUs.
//   [ 1843.439669] NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  570.158.01  Release Build  (…)
//   NVRM version: NVIDIA UNIX x86_64 Kernel Module  375.74  Wed Jun 14 01:39:39 PDT 2017
//   [ 9.1] NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
//   [ 0.0] secureboot: Secure boot enabled
// Events are kept by their kind, never the line.
#include "base/text.h"
#include "disclosure/lines/words.h"
#include "disclosure/readers/readers.h"
#include "driver/kernel_events.h"

namespace varve {

namespace {
constexpr std::size_t kMostKinds = 64;

class KernelMessagesReader : public TextReader {
 public:
  static constexpr const char* kName = "kernel log";
  const char* name() const override { return kName; }
  bool take(const TextLine& line, Declared& declared) override {
    const std::string_view text = line.text.substr(0, 1024);
    if (!holds(line, "NVRM") && !holds(line, "nvidia") && !holds(line, "ecure ") && !holds(line, "unsigned module")) {
      return false;
    }
    if (take_version(text, line, declared)) return true;
    if (!has(text, "NVRM: ") && !has(text, "kernel: ") && !text.starts_with('[')) {
      return false;
    }
    if (has(text, "Secure boot enabled") || has(text, "locked down from EFI Secure Boot")) {
      declare(declared, "os.secure_boot", "on", {kName, line.number});
      return true;
    }
    const auto event = kernel_event(text);
    if (!event) return has(text, "NVRM: ");
    if (declared.kernel_log_line == 0) declared.kernel_log_line = line.number;
    if (declared.kernel_events.contains(*event) || declared.kernel_events.size() < kMostKinds) {
      ++declared.kernel_events[*event];
    }
    return true;
  }

 private:
  static bool take_version(std::string_view text, const TextLine& line, Declared& declared) {
    const bool is_version = has(text, "NVRM version: NVIDIA UNIX") || has(text, "NVRM: loading NVIDIA UNIX");
    if (!is_version) return false;
    const bool is_open = has(text, "Open Kernel Module");
    const TextPlace place{kName, line.number};
    declare(declared, "driver.kernel_mode.flavour", is_open ? "open" : "proprietary", place);
    for (const std::string_view column : columns_of(text)) {
      const std::string_view version = leading_version(column);
      if (version.size() < 5 || version.find('.') == std::string_view::npos) continue;
      declare(declared, "driver.kernel_mode.version", std::string(version), place);
      break;
    }
    return true;
  }
};
}  // namespace

std::unique_ptr<TextReader> kernel_messages_reader() { return std::make_unique<KernelMessagesReader>(); }

}  // namespace varve
