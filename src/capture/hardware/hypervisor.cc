#include <algorithm>

#include "base/text.h"
#include "capture/hardware/collect_hardware.h"
#include "world/reading.h"

namespace varve {

namespace {
struct Hint {
  std::string_view contains, maker;
};

// What virtual machines write into DMI's sys_vendor and product_name (systemd, src/basic/virt.c).
constexpr Hint kDmiHints[] = {{"VMware", "VMware"},
                              {"Virtual Machine", "Hyper-V"},
                              {"VirtualBox", "VirtualBox"},
                              {"innotek", "VirtualBox"},
                              {"Xen", "Xen"},
                              {"KVM", "KVM"},
                              {"QEMU", "QEMU"},
                              {"Parallels", "Parallels"},
                              {"Amazon EC2", "Amazon Nitro"},
                              {"Google Compute Engine", "KVM (Google Compute Engine)"},
                              {"OpenStack", "KVM (OpenStack)"}};
// Paravirtual clocks exist only under their maker.
constexpr Hint kClockHints[] = {{"kvm-clock", "KVM"}, {"hyperv", "Hyper-V"}, {"xen", "Xen"}};

template <std::size_t N>
std::optional<std::string> match(const Looked<std::string>& text, const Hint (&hints)[N]) {
  if (!text) return std::nullopt;
  for (const Hint& hint : hints) {
    if (text->find(hint.contains) != std::string::npos) return std::string(hint.maker);
  }
  return std::nullopt;
}

// Nothing where the processor has no such flag to show (Arm).
std::optional<bool> has_hypervisor_flag(const Looked<std::string>& cpuinfo) {
  const auto flags = cpuinfo ? find_field(*cpuinfo, "flags") : std::nullopt;
  if (!flags) return std::nullopt;
  const std::vector<std::string_view> words = split_words(*flags);
  return std::find(words.begin(), words.end(), "hypervisor") != words.end();
}

Fact hypervisor_fact(const Subject& subject) {
  const Files& files = subject.world.files;
  const Looked<std::string> release = read_value(files, "/proc/sys/kernel/osrelease");
  if (release && to_lower(*release).find("microsoft") != std::string::npos) {
    return known_fact("Hyper-V (WSL)", "/proc/sys/kernel/osrelease");
  }
  if (const Looked<std::string> type = read_value(files, "/sys/hypervisor/type")) {
    return known_fact(*type == "xen" ? "Xen" : *type, "/sys/hypervisor/type");
  }
  const std::optional<bool> flag = has_hypervisor_flag(subject.cpuinfo);
  if (flag == false) return known_fact("none", "/proc/cpuinfo: flags");
  for (const char* name : {"product_name", "sys_vendor"}) {
    const std::string path = std::string("/sys/class/dmi/id/") + name;
    if (auto maker = match(read_value(files, path), kDmiHints)) return known_fact(*maker, path, Standing::inferred);
  }
  const std::string clocks = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
  if (auto maker = match(read_value(files, clocks), kClockHints)) return known_fact(*maker, clocks, Standing::inferred);
  if (flag == true) return known_fact("of unknown make", "/proc/cpuinfo: flags");
  return missing_fact(Missing::absent, "/proc/cpuinfo: flags", "this processor does not show whether there is one");
}
}  // namespace

void collect_hypervisor(const Subject& subject, Facts& facts) {
  facts["machine.hypervisor"] = hypervisor_fact(subject);
}

}  // namespace varve
