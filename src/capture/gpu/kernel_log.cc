// What the kernel said of NVIDIA's driver since it started. Only the kinds of events listed here are taken over, never
// a line: a log names users, hosts and disks.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kLogs[] = {"/var/log/dmesg", "/var/log/kern.log", "/var/log/syslog", "/var/log/messages"};
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

struct Event {
  std::string_view mark;   // stands in the line
  std::string_view event;  // what is recorded
};
// The wordings of open-gpu-kernel-modules (nv-pci.c, nv.c, osinit.c), of the kernel's module loader, of its PCI and
// power code.
constexpr Event kEvents[] = {
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

std::optional<std::string> event_of(std::string_view line) {
  if (auto xid = xid_of(line)) return xid;
  for (const Event& event : kEvents) {
    if (line.find(event.mark) != std::string_view::npos) return std::string(event.event);
  }
  return std::nullopt;
}

// The end of a log, from the last start of the kernel on.
std::string since_start(const FileReader& file) {
  const std::uint64_t from = file.size() > kMostBytes ? file.size() - kMostBytes : 0;
  std::string text = file.start(from, kMostBytes).value_or("");
  const std::size_t start = text.rfind("Linux version ");
  return start == std::string::npos ? text : text.substr(start);
}
}  // namespace

void collect_kernel_log(const Subject& subject, Facts& facts) {
  Fact& fact = facts["kernel.log.nvidia"];
  if (has_no_gpu(facts)) {
    fact = missing_fact(Missing::not_applicable, kLogs[0], "no GPU");
    return;
  }
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string> read;
  std::optional<Fact> unread;
  for (const char* path : kLogs) {
    const Looked<FileReader> file = subject.files.open(path);
    if (!file) {
      if (file.failure != LookFailure::absent) unread = missing_because(file, path);
      continue;
    }
    read.emplace_back(path);
    std::map<std::string, std::int64_t> own;  // the same event stands in more than one log
    const std::string text = since_start(*file);
    for (const std::string_view line : split(text, '\n')) {
      if (const auto event = event_of(line)) ++own[*event];
    }
    for (const auto& [event, count] : own) counts[event] = std::max(counts[event], count);
  }
  std::vector<std::string> events;
  for (const auto& [event, count] : counts) {
    events.push_back(count == 1 ? event : fmt::format("{} ({} times)", event, count));
  }
  if (!events.empty()) {
    fact = known_fact(std::move(events), join(read, ", "));
  } else if (!read.empty()) {
    fact = missing_fact(Missing::absent, join(read, ", "), "nothing about NVIDIA's driver that would matter");
  } else {
    fact = unread.value_or(missing_fact(Missing::absent, "/var/log", "no log of the kernel is kept in a file"));
  }
}

}  // namespace varve
