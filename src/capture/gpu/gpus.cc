#include <algorithm>

#include "base/redact.h"
#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kGpus = "/proc/driver/nvidia/gpus";
constexpr const char* kPci = "/sys/bus/pci/devices";
constexpr const char* kNotStated = "not stated";
constexpr const char* kGpuFacts[] = {"gpu.count", "gpu.models", "gpu.vbios", "gpu.gsp_firmware"};

void set_all(Facts& facts, const Fact& fact) {
  for (const char* id : kGpuFacts) facts[id] = fact;
}

// What the driver itself says: one directory a GPU, named by its PCI address. "information" is written by nv-procfs.c
// of open-gpu-kernel-modules: "Model: \t\t NVIDIA H100 80GB HBM3", "Video BIOS: \t 96.00.61.00.01", "GPU Firmware: \t
// 550.54.15" or N/A, "GPU Excluded:\t No", "GPU UUID: \t GPU-…", with question marks where it is not known yet.
bool collect_from_driver(const Files& files, Stack& stack) {
  const Looked<std::vector<std::string>> addresses = files.list(kGpus);
  if (!addresses || addresses->empty()) return false;
  Facts& facts = stack.facts;
  std::vector<Gpu> gpus;
  for (const std::string& address : *addresses) {
    const std::string path = std::string(kGpus) + "/" + address + "/information";
    const Looked<std::string> text = files.read(path, std::size_t{64} << 10);
    if (!text) {
      set_all(facts, missing_because(text, path));
      return true;
    }
    const auto field = [&](std::string_view name) { return clean_utf8(find_field(*text, name).value_or(""), 256); };
    Gpu& gpu = gpu_at(gpus, clean_utf8(address, 32));
    gpu.listed = true;
    gpu.excluded = find_field(*text, "GPU Excluded").value_or("No") == "Yes";
    gpu.model = field("Model");
    gpu.vbios = field("Video BIOS");
    gpu.gsp_firmware = field("GPU Firmware");
    const std::string id = hashed_gpu_id(find_field(*text, "GPU UUID").value_or("?"));
    if (id.starts_with("GPU-sha256:") && find_field(*text, "GPU UUID")->find('?') == std::string::npos) gpu.uuid = id;
  }
  const std::string source = std::string(kGpus) + "/*/information";
  facts["gpu.count"] = known_fact(static_cast<std::int64_t>(gpus.size()), kGpus);
  facts["gpu.models"] = known_fact(gpu_texts(gpus, "gpu.models", kNotStated), source + ": Model");
  facts["gpu.vbios"] = known_fact(gpu_texts(gpus, "gpu.vbios", kNotStated), source + ": Video BIOS");
  facts["gpu.gsp_firmware"] = known_fact(gpu_texts(gpus, "gpu.gsp_firmware", kNotStated), source + ": GPU Firmware");
  const bool known = std::none_of(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.uuid.empty(); });
  if (known) facts["gpu.uuid"] = known_fact(gpu_texts(gpus, "gpu.uuid", ""), source + ": GPU UUID");
  stack.gpus = std::move(gpus);
  return true;
}

// "pci:v000010DEd00002330sv000010DEsd000016C1bc03sc02i00" (file2alias.c in the kernel): vendor, device, base class 03.
std::optional<Gpu> parse_modalias(std::string_view alias) {
  if (!alias.starts_with("pci:v") || alias.size() < 23 || alias[13] != 'd') return std::nullopt;
  const std::size_t base_class = alias.find("bc", 22);
  if (base_class == std::string_view::npos || alias.substr(base_class + 2, 2) != "03") return std::nullopt;
  Gpu display;
  display.vendor = clean_utf8(to_lower(alias.substr(9, 4)), 4);
  display.device = clean_utf8(to_lower(alias.substr(18, 4)), 4);
  return display;
}

std::vector<Gpu> pci_displays(const Files& files, const std::vector<std::string>& devices) {
  std::vector<Gpu> displays;
  for (const std::string& device : devices) {
    const std::string path = std::string(kPci) + "/" + device;
    const Looked<std::string> alias = read_value(files, path + "/modalias");
    std::optional<Gpu> display = alias ? parse_modalias(*alias) : std::nullopt;
    if (!display) continue;
    const std::string driver = files.read_link(path + "/driver").value.value_or("");
    display->bound_driver = clean_utf8(driver.substr(driver.rfind('/') + 1), 64);
    display->address = pci_address(clean_utf8(device, 32));
    displays.push_back(std::move(*display));
  }
  return displays;
}

// GPUs that no driver lists: those without a driver, or given to a virtual machine (vfio-pci).
void collect_from_pci(const Files& files, Stack& stack) {
  Facts& facts = stack.facts;
  const Looked<std::vector<std::string>> devices = files.list(kPci);
  if (!devices && devices.failure != LookFailure::absent) {
    set_all(facts, missing_because(devices, kPci));
    return;
  }
  std::vector<Gpu> gpus, others;
  for (Gpu& display : pci_displays(files, devices.value.value_or(std::vector<std::string>{}))) {
    const bool computes = display.vendor == kNvidiaVendor || display.vendor == kAmdVendor;
    (computes ? gpus : others).push_back(std::move(display));
  }
  if (gpus.empty()) {
    std::string detail = devices ? "no GPU for computing on the PCI bus" : "no GPU driver and no PCI bus";
    if (!others.empty()) detail += "; displays: " + join(gpu_texts(others, "gpu.models", ""), ", ");
    set_all(facts, missing_fact(Missing::not_applicable, kPci, detail));
    return;
  }
  set_all(facts, missing_fact(Missing::absent, kGpus, "no NVIDIA driver lists the GPU"));
  facts["gpu.count"] = known_fact(static_cast<std::int64_t>(gpus.size()), kPci);
  facts["gpu.models"] = known_fact(gpu_texts(gpus, "gpu.models", ""), std::string(kPci) + "/*/modalias");
  stack.gpus = std::move(gpus);
}
}  // namespace

bool has_no_gpu(const Facts& facts) {
  const auto count = facts.find("gpu.count");
  return count != facts.end() && !count->second.is_known() && count->second.missing == Missing::not_applicable;
}

// The GPUs are known before the drivers are asked for: without one, a missing driver is no gap.
void collect_gpus(const Subject& subject, Stack& stack) {
  const Files& files = subject.world.files;
  if (collect_from_driver(files, stack)) return;
  collect_from_pci(files, stack);
  Facts& facts = stack.facts;
  if (!has_no_gpu(facts)) return;
  // Two kinds of machine have an NVIDIA GPU that neither place shows.
  if (files.exists("/dev/dxg")) {
    set_all(facts, missing_fact(Missing::unsupported, "/dev/dxg", "WSL: the GPU is reached through Windows"));
  } else if (files.exists("/etc/nv_tegra_release")) {
    set_all(facts,
            missing_fact(Missing::unsupported, "/etc/nv_tegra_release", "Jetson: its GPU is not on the PCI bus"));
  }
}

}  // namespace varve
