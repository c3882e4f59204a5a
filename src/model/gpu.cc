#include "model/gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::string_view kExcluded = " (excluded)", kNotStated = "not stated", kNoDriver = "no driver";

std::string bound_text(const Gpu& gpu) {
  return fmt::format("{}:{} ({})", gpu.vendor, gpu.device, gpu.bound_driver.empty() ? kNoDriver : gpu.bound_driver);
}

// "10de:2330 (vfio-pci)"
void read_bound(std::string_view text, Gpu& gpu) {
  if (text.size() < 12 || text[4] != ':' || text[9] != ' ' || text[10] != '(' || text.back() != ')') return;
  gpu.vendor = text.substr(0, 4);
  gpu.device = text.substr(5, 4);
  const std::string_view bound = text.substr(11, text.size() - 12);
  gpu.bound_driver = bound == kNoDriver ? "" : bound;
}

std::string model_text(const Gpu& gpu) {
  if (!gpu.model.empty()) return gpu.model + std::string(gpu.excluded ? kExcluded : "");
  if (gpu.listed) return std::string(kNotStated);
  return gpu.vendor.empty() ? "" : "PCI " + bound_text(gpu);
}

void read_model(std::string_view text, Gpu& gpu) {
  if (text.starts_with("PCI ")) return read_bound(text.substr(4), gpu);
  gpu.listed = true;
  gpu.excluded = text.ends_with(kExcluded);
  if (gpu.excluded) text.remove_suffix(kExcluded.size());
  gpu.model = text == kNotStated ? "" : text;
}

// "0000:01:00.0 10de:2330 (vfio-pci)"
std::string bus_text(const Gpu& gpu) { return gpu.address.empty() ? "" : gpu.address + " " + bound_text(gpu); }

void read_bus(std::string_view text, Gpu& gpu) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return;
  gpu.address = pci_address(text.substr(0, blank));
  read_bound(text.substr(blank + 1), gpu);
}

// "0000:01:00.0: BAR0 16.0 MiB, BAR1 not assigned"
std::string windows_text(const Gpu& gpu) { return gpu.windows.empty() ? "" : gpu.address + ": " + gpu.windows; }

void read_windows(std::string_view text, Gpu& gpu) {
  const std::size_t end = text.find(": ");
  if (end != std::string_view::npos && pci_address(text.substr(0, end)) == gpu.address)
    gpu.windows = text.substr(end + 2);
}

template <std::string Gpu::*Member>
std::string plain_text(const Gpu& gpu) {
  return gpu.*Member;
}
template <std::string Gpu::*Member>
void read_plain(std::string_view text, Gpu& gpu) {
  gpu.*Member = text;
}

// The number between `before` and what is no digit: 1980 of "SM 1980 MHz".
std::optional<std::int64_t> integer_behind(std::string_view text, std::string_view before) {
  const std::size_t at = text.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  text = text.substr(at + before.size());
  return parse_integer(text.substr(0, text.find_first_not_of("0123456789")));
}

template <std::optional<double> Gpu::*Member>
std::string watts_text(const Gpu& gpu) {
  return gpu.*Member ? fmt::format("{:g} W", *(gpu.*Member)) : "";
}
template <std::optional<double> Gpu::*Member>
void read_watts(std::string_view text, Gpu& gpu) {
  if (const auto watts = parse_number(text.substr(0, text.find_first_not_of("0123456789.")))) gpu.*Member = watts;
}

template <std::optional<std::int64_t> Gpu::*Member>
std::string megahertz_text(const Gpu& gpu) {
  return gpu.*Member ? fmt::format("{} MHz", *(gpu.*Member)) : "";
}
template <std::optional<std::int64_t> Gpu::*Member>
void read_integer(std::string_view text, Gpu& gpu) {
  if (const auto number = integer_behind(text, "")) gpu.*Member = number;
}

std::string memory_text(const Gpu& gpu) { return gpu.memory_mib ? fmt::format("{} MiB", *gpu.memory_mib) : ""; }

std::string clocks_text(const Gpu& gpu) {
  const auto& clocks = gpu.application_clocks;
  return clocks ? fmt::format("SM {} MHz, memory {} MHz", clocks->sm_mhz, clocks->memory_mhz) : "";
}
void read_clocks(std::string_view text, Gpu& gpu) {
  const auto sm = integer_behind(text, "SM "), memory = integer_behind(text, "memory ");
  if (sm && memory) gpu.application_clocks = GpuClocks{*sm, *memory};
}

template <std::optional<PcieLink> Gpu::*Member>
std::string link_text(const Gpu& gpu) {
  const auto& link = gpu.*Member;
  return link ? fmt::format("gen {} x{}", link->generation, link->lanes) : "";
}
template <std::optional<PcieLink> Gpu::*Member>
void read_link(std::string_view text, Gpu& gpu) {
  const auto generation = integer_behind(text, "gen "), lanes = integer_behind(text, "x");
  if (generation && lanes) gpu.*Member = PcieLink{*generation, *lanes};
}

std::string nvlink_text(const Gpu& gpu) {
  return gpu.nvlink ? fmt::format("{} of {} links active", gpu.nvlink->active, gpu.nvlink->all) : "";
}
void read_nvlink(std::string_view text, Gpu& gpu) {
  const auto active = integer_behind(text, ""), all = integer_behind(text, " of ");
  if (active && all) gpu.nvlink = NvLinks{*active, *all};
}

const char* on_text(bool on) { return on ? "enabled" : "disabled"; }
std::optional<bool> on_from(std::string_view word) {
  if (word == "enabled" || word == "on") return true;
  if (word == "disabled" || word == "off") return false;
  return std::nullopt;
}

// "enabled", "enabled (disabled after a reset)"
template <std::optional<GpuMode> Gpu::*Member>
std::string mode_text(const Gpu& gpu) {
  const auto& mode = gpu.*Member;
  if (!mode) return "";
  if (mode->on == mode->on_after_reset) return on_text(mode->on);
  return fmt::format("{} ({} after a reset)", on_text(mode->on), on_text(mode->on_after_reset));
}
template <std::optional<GpuMode> Gpu::*Member>
void read_mode(std::string_view text, Gpu& gpu) {
  const std::size_t blank = text.find(" (");
  const auto now = on_from(text.substr(0, blank));
  if (!now) return;
  const std::string_view rest = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 2);
  gpu.*Member = GpuMode{*now, on_from(rest.substr(0, rest.find(' '))).value_or(*now)};
}

std::string persistence_text(const Gpu& gpu) { return gpu.persistence ? on_text(*gpu.persistence) : ""; }
void read_persistence(std::string_view text, Gpu& gpu) {
  if (const auto on = on_from(text)) gpu.persistence = on;
}

std::string compute_mode_text(const Gpu& gpu) {
  return gpu.compute_mode ? std::string(to_string(*gpu.compute_mode)) : "";
}
void read_compute_mode(std::string_view text, Gpu& gpu) {
  if (const auto mode = compute_mode_from(text)) gpu.compute_mode = mode;
}

std::string capability_text(const Gpu& gpu) { return gpu.capability ? to_string(*gpu.capability) : ""; }
void read_capability(std::string_view text, Gpu& gpu) {
  if (const auto capability = compute_capability_from(text)) gpu.capability = capability;
}

constexpr const char *kBus = "gpu.bus", *kBars = "gpu.bars", *kIommu = "gpu.iommu";  // lists of the GPUs on the bus
constexpr GpuField kFields[] = {
    {"gpu.models", model_text, read_model},
    {"gpu.brand", plain_text<&Gpu::brand>, read_plain<&Gpu::brand>},
    {"gpu.architecture", plain_text<&Gpu::architecture>, read_plain<&Gpu::architecture>},
    {"gpu.compute_capabilities", capability_text, read_capability},
    {"gpu.memory", memory_text, read_integer<&Gpu::memory_mib>},
    {"gpu.vbios", plain_text<&Gpu::vbios>, read_plain<&Gpu::vbios>},
    {"gpu.gsp_firmware", plain_text<&Gpu::gsp_firmware>, read_plain<&Gpu::gsp_firmware>},
    {"gpu.ecc", mode_text<&Gpu::ecc>, read_mode<&Gpu::ecc>},
    {"gpu.mig", mode_text<&Gpu::mig>, read_mode<&Gpu::mig>},
    {"gpu.persistence", persistence_text, read_persistence},
    {"gpu.compute_mode", compute_mode_text, read_compute_mode},
    {"gpu.power_limit", watts_text<&Gpu::power_limit_watts>, read_watts<&Gpu::power_limit_watts>},
    {"gpu.power_limit_default", watts_text<&Gpu::power_limit_default_watts>,
     read_watts<&Gpu::power_limit_default_watts>},
    {"gpu.clock_sm_max", megahertz_text<&Gpu::clock_sm_max_mhz>, read_integer<&Gpu::clock_sm_max_mhz>},
    {"gpu.clock_memory_max", megahertz_text<&Gpu::clock_memory_max_mhz>, read_integer<&Gpu::clock_memory_max_mhz>},
    {"gpu.application_clocks", clocks_text, read_clocks},
    {"gpu.pcie", link_text<&Gpu::pcie>, read_link<&Gpu::pcie>},
    {"gpu.pcie_max", link_text<&Gpu::pcie_max>, read_link<&Gpu::pcie_max>},
    {"gpu.nvlink", nvlink_text, read_nvlink},
    {"gpu.numa", plain_text<&Gpu::numa>, read_plain<&Gpu::numa>},
    {"gpu.uuid", plain_text<&Gpu::uuid>, read_plain<&Gpu::uuid>},
    {kBus, bus_text, read_bus},
    {kBars, windows_text, read_windows},
    {kIommu, plain_text<&Gpu::iommu>, read_plain<&Gpu::iommu>},
};

bool is_list_of_bus(std::string_view fact) { return fact == kBus || fact == kBars || fact == kIommu; }

std::vector<std::string> texts_in(const std::map<std::string, Fact>& facts, const char* id) {
  const auto at = facts.find(id);
  if (at == facts.end() || !at->second.is_known()) return {};
  if (const auto* list = std::get_if<std::vector<std::string>>(&*at->second.value)) return *list;
  return {value_text(*at->second.value)};
}

std::vector<Gpu*> counted(std::vector<Gpu>& gpus) {
  const bool any_listed = std::any_of(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.listed; });
  std::vector<Gpu*> found;
  for (Gpu& gpu : gpus) {
    if (gpu.listed || !any_listed) found.push_back(&gpu);
  }
  return found;
}

// The GPU that a row of gpu.bus is about: the one at its address, else one without an address that may be it.
Gpu& gpu_of_row(std::vector<Gpu>& gpus, const Gpu& row, std::size_t place, std::size_t rows) {
  const std::vector<Gpu*> known = counted(gpus);
  const auto at = std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return gpu.address == row.address; });
  if (at != gpus.end()) return *at;
  const auto same = std::find_if(known.begin(), known.end(), [&](const Gpu* gpu) {
    return gpu->address.empty() && gpu->vendor == row.vendor && gpu->device == row.device;
  });
  if (same != known.end()) return **same;
  if (known.size() == rows && known[place]->address.empty() && known[place]->vendor.empty()) return *known[place];
  return gpus.emplace_back();
}

void read_bus_facts(std::vector<Gpu>& gpus, const std::map<std::string, Fact>& facts) {
  const std::vector<std::string> rows = texts_in(facts, kBus), domains = texts_in(facts, kIommu);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Gpu row;
    read_bus(rows[i], row);
    if (row.address.empty()) continue;
    Gpu& gpu = gpu_of_row(gpus, row, i, rows.size());
    if (gpu.address.empty()) read_bus(rows[i], gpu);
    if (gpu.iommu.empty() && i < domains.size()) gpu.iommu = domains[i];
  }
  for (const std::string& windows : texts_in(facts, kBars)) {
    for (Gpu& gpu : gpus) {
      if (gpu.windows.empty()) read_windows(windows, gpu);
    }
  }
}
}  // namespace

const GpuField* find_gpu_field(std::string_view fact) {
  const auto at =
      std::find_if(std::begin(kFields), std::end(kFields), [&](const GpuField& field) { return fact == field.fact; });
  return at == std::end(kFields) ? nullptr : at;
}

std::string pci_address(std::string_view text) {
  std::string address = to_lower(text);
  const std::size_t domain = std::min(address.find(':'), address.size());
  const std::size_t zeros = std::min(address.find_first_not_of('0'), domain);
  return address.substr(std::min(zeros, domain < 4 ? 0 : domain - 4));
}

Gpu& gpu_at(std::vector<Gpu>& gpus, const std::string& address) {
  const std::string wanted = pci_address(address);
  const auto at = std::find_if(gpus.begin(), gpus.end(),
                               [&](const Gpu& gpu) { return gpu.address.empty() || gpu.address >= wanted; });
  if (at != gpus.end() && at->address == wanted) return *at;
  Gpu& added = *gpus.insert(at, Gpu{});
  added.address = wanted;
  return added;
}

std::vector<Gpu> counted_gpus(const std::vector<Gpu>& gpus) {
  std::vector<Gpu> all = gpus, found;
  for (Gpu* gpu : counted(all)) found.push_back(std::move(*gpu));
  return found;
}

std::vector<std::string> gpu_texts(const std::vector<Gpu>& gpus, std::string_view fact, std::string_view unknown) {
  const GpuField& field = *find_gpu_field(fact);
  std::vector<std::string> texts;
  for (const Gpu& gpu : gpus) {
    std::string text = field.text(gpu);
    texts.push_back(text.empty() ? std::string(unknown) : std::move(text));
  }
  return texts;
}

std::vector<Gpu> gpus_with_facts(std::vector<Gpu> gpus, const std::map<std::string, Fact>& facts) {
  const bool none = gpus.empty();
  if (none) {
    std::size_t most = 0;
    for (const GpuField& field : kFields) {
      if (!is_list_of_bus(field.fact)) most = std::max(most, texts_in(facts, field.fact).size());
    }
    gpus.resize(most);
  }
  const std::vector<Gpu*> in_order = counted(gpus);
  for (const GpuField& field : kFields) {
    if (is_list_of_bus(field.fact)) continue;
    const std::vector<std::string> texts = texts_in(facts, field.fact);
    for (std::size_t i = 0; i < std::min(texts.size(), in_order.size()); ++i) {
      if (field.text(*in_order[i]).empty()) field.read(texts[i], *in_order[i]);
    }
  }
  for (Gpu& gpu : gpus) gpu.listed = gpu.listed || (none && gpu.vendor.empty());
  read_bus_facts(gpus, facts);
  return gpus;
}

}  // namespace varve
