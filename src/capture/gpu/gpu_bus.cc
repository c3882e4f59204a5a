// The GPUs as the PCI bus shows them, whether or not a driver took them: what is bound to each, its memory windows,
// what stands between two of them. Files of sysfs: Documentation/ABI/testing/sysfs-bus-pci of the kernel.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kBusDevices = "/sys/bus/pci/devices";
constexpr const char* kCapabilities = "/proc/driver/nvidia/capabilities";

struct PciDevice {
  std::string address;         // "0000:01:00.0"
  std::string vendor, device;  // "10de", "2b85"
  std::string device_class;    // six hexadecimal digits: "030200"
};

std::string hexadecimal(const Files& files, const std::string& path) {
  const Looked<std::string> text = read_value(files, path);
  return text && text->starts_with("0x") ? to_lower(clean_utf8(text->substr(2), 16)) : "";
}

// Where "vendor", "device" and "class" are not kept, "modalias" says the same (file2alias.c of the kernel):
// "pci:v000010DEd00002330sv000010DEsd000016C1bc03sc02i00".
void read_modalias(const Files& files, const std::string& path, PciDevice& device) {
  const Looked<std::string> alias = read_value(files, path + "/modalias");
  if (!alias || !alias->starts_with("pci:v") || alias->size() < 23) return;
  const std::size_t base = alias->find("bc", 22);
  if (base == std::string::npos || alias->size() < base + 11) return;
  device.vendor = to_lower(clean_utf8(alias->substr(9, 4), 4));
  device.device = to_lower(clean_utf8(alias->substr(18, 4), 4));
  device.device_class =
      to_lower(clean_utf8(alias->substr(base + 2, 2) + alias->substr(base + 6, 2) + alias->substr(base + 9, 2), 6));
}

PciDevice read_device(const Files& files, const std::string& address) {
  const std::string path = std::string(kBusDevices) + "/" + address;
  PciDevice device{.address = clean_utf8(address, 32),
                   .vendor = hexadecimal(files, path + "/vendor"),
                   .device = hexadecimal(files, path + "/device"),
                   .device_class = hexadecimal(files, path + "/class")};
  if (device.vendor.empty() || device.device_class.empty()) read_modalias(files, path, device);
  return device;
}

// Class 03 is a display; 0302 is one without an output, as GPUs for computing are.
bool is_gpu(const PciDevice& device) { return device.vendor == kNvidiaVendor && device.device_class.starts_with("03"); }

// NVSwitches are bridges of class 0680. Their nvidia-nvswitch driver is part of the NVIDIA kernel module.
bool is_nvswitch(const PciDevice& device) {
  return device.vendor == kNvidiaVendor && device.device_class.starts_with("0680");
}

struct Window {
  bool exists = false, assigned = false;
  std::uint64_t size = 0;
};

// A line of "resource": first address, last address, flags. IORESOURCE_UNSET marks what found no room; where the kernel
// gave up on it, the whole line is zero (include/linux/ioport.h, drivers/pci/setup-bus.c).
Window window_of(std::string_view line) {
  constexpr std::int64_t kUnset = 0x20000000;
  const std::vector<std::string_view> words = split_words(line);
  if (words.size() != 3) return {};
  const auto number = [](std::string_view word) {
    return parse_integer(word.substr(std::min<std::size_t>(2, word.size())), 16);
  };
  const auto first = number(words[0]), last = number(words[1]), flags = number(words[2]);
  if (!first || !last || !flags || *last < *first) return {};
  Window window{.exists = *flags != 0 || *last != 0, .assigned = false, .size = 0};
  window.assigned = window.exists && (*flags & kUnset) == 0 && *first != 0;
  if (*last > *first) window.size = static_cast<std::uint64_t>(*last - *first) + 1;
  return window;
}

// NVIDIA GPUs have registers behind BAR0 and their memory behind BAR1, which is 64 bits wide and so takes two lines.
// "BAR0 16.0 MiB, BAR1 not assigned"; empty: not stated.
std::string windows_of(const Files& files, const PciDevice& device) {
  const Looked<std::string> text = read_value(files, std::string(kBusDevices) + "/" + device.address + "/resource");
  if (!text) return {};
  const std::vector<std::string_view> lines = split(*text, '\n');
  std::vector<std::string> parts;
  for (const std::size_t bar : {0u, 1u, 3u}) {
    if (bar >= lines.size()) continue;
    const Window window = window_of(lines[bar]);
    if (!window.exists && bar == 3) continue;
    parts.push_back(fmt::format("BAR{} {}", bar, window.assigned ? format_bytes(window.size) : "not assigned"));
  }
  return join(parts, ", ");
}

// The kind of the default domain of the device's group, since Linux 4.20: "DMA", "DMA-FQ" translate, "identity" does
// not.
std::string iommu_of(const Files& files, const PciDevice& device) {
  const std::string link =
      files.read_link(std::string(kBusDevices) + "/" + device.address + "/iommu_group").value.value_or("");
  if (link.empty()) return "none";
  const std::string group = clean_utf8(link.substr(link.rfind('/') + 1), 16);
  return read_value(files, "/sys/kernel/iommu_groups/" + group + "/type").value.value_or("kind not stated");
}

// Access control services of PCI Express: extended capability 000d; bits 2 and 3 of its control word send requests from
// one device below the bridge to another upwards (PCI Express Base Specification, section 7.7.11).
enum class Redirect { no, yes, unknown };

Redirect redirects(std::string_view space) {
  constexpr std::size_t kExtended = 0x100;
  if (space.size() <= kExtended) return Redirect::unknown;  // without privileges only the first 64 bytes are shown
  const auto word = [&](std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(space[at])) |
           static_cast<unsigned>(static_cast<unsigned char>(space[at + 1])) << 8;
  };
  std::size_t at = kExtended;
  for (int hops = 0; hops < 64 && at >= kExtended && at + 8 <= space.size(); ++hops) {
    const unsigned id = word(at), next = word(at + 2) >> 4;
    if (id == 0 || id == 0xffff) return Redirect::no;
    if (id == 0x000d) return (word(at + 6) & 0x0cu) != 0 ? Redirect::yes : Redirect::no;
    at = next;
  }
  return Redirect::no;
}

// The bridges above a device, by the folders of sysfs: /sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0.
std::vector<std::string> bridges_above(const Files& files, const PciDevice& device) {
  const std::string path = files.resolve(std::string(kBusDevices) + "/" + device.address).value.value_or("");
  std::vector<std::string> bridges;
  for (const std::string_view part : split(path, '/')) {
    const bool address = part.size() == 12 && part[4] == ':' && part[7] == ':' && part[10] == '.';
    if (address && part != device.address) bridges.emplace_back(part);
  }
  return bridges;
}

Fact redirect_fact(const Files& files, const std::vector<PciDevice>& gpus) {
  const std::string source = std::string(kBusDevices) + "/*/config: access control services";
  if (gpus.size() < 2) return missing_fact(Missing::not_applicable, source, "fewer than two GPUs");
  std::set<std::string> bridges, redirecting;
  for (const PciDevice& gpu : gpus) {
    for (std::string& bridge : bridges_above(files, gpu)) bridges.insert(std::move(bridge));
  }
  bool unknown = false;
  for (const std::string& bridge : bridges) {
    const Looked<std::string> space = files.read(std::string(kBusDevices) + "/" + bridge + "/config", 4096);
    const Redirect found = space ? redirects(*space) : Redirect::unknown;
    if (found == Redirect::yes) redirecting.insert(clean_utf8(bridge, 32));
    unknown = unknown || found == Redirect::unknown;
  }
  if (!redirecting.empty()) return known_fact(std::vector<std::string>(redirecting.begin(), redirecting.end()), source);
  if (unknown) return missing_fact(Missing::denied, source, "only root sees all of a bridge's configuration");
  return missing_fact(Missing::absent, source, "no bridge above the GPUs redirects");
}

// /proc/driver/nvidia/capabilities/gpu0/mig/gi1/ci0: nv-caps.c of open-gpu-kernel-modules.
Fact instances_fact(const Files& files) {
  const Looked<std::vector<std::string>> gpus = files.list(kCapabilities);
  if (!gpus) return missing_because(gpus, kCapabilities, "no NVIDIA kernel module is loaded, or it has no such list");
  std::vector<std::string> instances;
  const auto below = [&](const std::string& folder, std::string_view start) {
    std::vector<std::string> names = files.list(folder).value.value_or(std::vector<std::string>{});
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(start); });
    return names;
  };
  for (const std::string& gpu : below(kCapabilities, "gpu")) {
    const std::string folder = std::string(kCapabilities) + "/" + gpu + "/mig";
    for (const std::string& instance : below(folder, "gi")) {
      for (const std::string& compute : below(folder + "/" + instance, "ci")) {
        instances.push_back(clean_utf8(gpu + " " + instance + " " + compute, 64));
      }
    }
  }
  if (instances.empty()) return missing_fact(Missing::absent, kCapabilities, "no GPU instance");
  return known_fact(std::move(instances), kCapabilities);
}

// What the bus says of one GPU, put into the GPU at its address.
Gpu read_gpu(const Files& files, const PciDevice& device, std::vector<Gpu>& gpus) {
  Gpu& gpu = gpu_at(gpus, device.address);
  const std::string driver =
      files.read_link(std::string(kBusDevices) + "/" + device.address + "/driver").value.value_or("");
  gpu.vendor = device.vendor;
  gpu.device = device.device;
  gpu.bound_driver = clean_utf8(driver.substr(driver.rfind('/') + 1), 64);
  gpu.windows = windows_of(files, device);
  gpu.iommu = iommu_of(files, device);
  return gpu;
}

constexpr const char* kIds[] = {"gpu.bus", "gpu.bars", "gpu.iommu", "gpu.nvswitches", "pci.acs"};
}  // namespace

void collect_gpu_bus(const Subject& subject, Stack& stack) {
  const Files& files = subject.world.files;
  Facts& facts = stack.facts;
  facts["gpu.mig.instances"] =
      has_no_gpu(facts) ? missing_fact(Missing::not_applicable, kCapabilities, "no GPU") : instances_fact(files);
  const Looked<std::vector<std::string>> names = files.list(kBusDevices);
  std::vector<PciDevice> devices;
  std::int64_t switches = 0;
  for (const std::string& name : names.value.value_or(std::vector<std::string>{})) {
    PciDevice device = read_device(files, name);
    if (is_nvswitch(device)) ++switches;
    if (is_gpu(device)) devices.push_back(std::move(device));
  }
  if (devices.empty()) {
    const bool looked = names || names.failure == LookFailure::absent;
    const Fact none = has_no_gpu(facts) ? missing_fact(Missing::not_applicable, kBusDevices, "no GPU")
                      : looked          ? missing_fact(Missing::absent, kBusDevices, "no NVIDIA GPU on the PCI bus")
                                        : missing_because(names, kBusDevices);
    for (const char* id : kIds) facts[id] = none;
    return;
  }
  std::vector<Gpu> gpus;
  for (const PciDevice& device : devices) gpus.push_back(read_gpu(files, device, stack.gpus));
  std::vector<std::string> bars = gpu_texts(gpus, "gpu.bars", "");
  std::erase(bars, "");
  const std::string source = std::string(kBusDevices) + "/*";
  facts["gpu.bus"] = known_fact(gpu_texts(gpus, "gpu.bus", ""), source);
  facts["gpu.bars"] = bars.empty() ? missing_fact(Missing::absent, source + "/resource", "not stated")
                                   : known_fact(std::move(bars), source + "/resource");
  facts["gpu.iommu"] = known_fact(gpu_texts(gpus, "gpu.iommu", ""), "/sys/kernel/iommu_groups/*/type");
  facts["gpu.nvswitches"] = known_fact(switches, source + "/class");
  facts["pci.acs"] = redirect_fact(files, devices);
}

}  // namespace varve
