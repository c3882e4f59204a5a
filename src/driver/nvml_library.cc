#include "driver/nvml_library.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "base/redact.h"
#include "base/text.h"

namespace varve {

namespace {
// Sizes and layouts below: nvml.h of NVML 13 (API reference "Device Structs", "Constants"); those of the functions with
// a version suffix have not changed since the version came.
constexpr unsigned kTextSize = 96;   // the largest of the documented buffer sizes: NVML_DEVICE_NAME_V2_BUFFER_SIZE
constexpr unsigned kNoGpus = 1;      // NVML_INIT_FLAG_NO_GPUS: no GPU is not an error
constexpr unsigned kMostLinks = 36;  // NVML_NVLINK_MAX_LINKS

// nvmlPciInfo_t, 68 bytes.
struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain, bus, device;
  unsigned pci_device_id, pci_subsystem_id;
  char bus_id[32];
};
static_assert(sizeof(PciInfo) == 68);

// nvmlMemory_t, 24 bytes.
struct MemoryInfo {
  unsigned long long total, free, used;
};
static_assert(sizeof(MemoryInfo) == 24);

// nvmlSystemDriverBranchInfo_v1_t, 84 bytes; `version` is the size with the structure's version in the top byte.
struct BranchInfo {
  unsigned version;
  char branch[80];
};
static_assert(sizeof(BranchInfo) == 84);

using TextOf = int (*)(NvmlDevice, char*, unsigned);
using NumberOf = int (*)(NvmlDevice, unsigned*);
using TwoNumbersOf = int (*)(NvmlDevice, unsigned*, unsigned*);
using ClockOf = int (*)(NvmlDevice, int, unsigned*);
constexpr int kClockSm = 1, kClockMemory = 2;  // nvmlClockType_t

std::string text_of(const char* buffer, std::size_t size) {
  const std::string_view all(buffer, size);
  return clean_utf8(trim(all.substr(0, all.find('\0'))), 256);
}

NvmlReading ask_text(const ProbeLibrary& library, NvmlDevice device, const char* name) {
  const auto function = library.function<TextOf>(name);
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  char buffer[kTextSize + 1] = {};
  const int code = function(device, buffer, kTextSize);
  return {code, code == kNvmlSuccess ? text_of(buffer, kTextSize) : ""};
}

// A number through the function that stands in the table, as text made by `format`.
template <class Format>
NvmlReading ask_number(const ProbeLibrary& library, NvmlDevice device, const char* name, Format format) {
  const auto function = library.function<NumberOf>(name);
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  unsigned value = 0;
  const int code = function(device, &value);
  return {code, code == kNvmlSuccess ? std::string(format(value)) : ""};
}

std::string named(std::initializer_list<std::pair<unsigned, const char*>> names, unsigned value) {
  for (const auto& [number, name] : names) {
    if (number == value) return name;
  }
  return fmt::format("number {}", value);
}

std::string on_off(unsigned value) { return value != 0 ? "enabled" : "disabled"; }

// A mode that changes at the next reset: "enabled", "enabled (disabled after a reset)".
NvmlReading ask_mode(const ProbeLibrary& library, NvmlDevice device, const char* name) {
  const auto function = library.function<TwoNumbersOf>(name);
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  unsigned current = 0, pending = 0;
  const int code = function(device, &current, &pending);
  if (code != kNvmlSuccess) return {code, {}};
  std::string text = on_off(current);
  if (current != pending) text += fmt::format(" ({} after a reset)", on_off(pending));
  return {code, text};
}

// NVML states milliwatts.
std::string watts(unsigned milliwatts) { return fmt::format("{:g} W", milliwatts / 1000.0); }

NvmlReading ask_clock(const ProbeLibrary& library, NvmlDevice device, const char* name, int clock) {
  const auto function = library.function<ClockOf>(name);
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  unsigned megahertz = 0;
  const int code = function(device, clock, &megahertz);
  return {code, code == kNvmlSuccess ? fmt::format("{} MHz", megahertz) : ""};
}

NvmlReading ask_compute_capability(const ProbeLibrary& library, NvmlDevice device) {
  const auto function = library.function<int (*)(NvmlDevice, int*, int*)>("nvmlDeviceGetCudaComputeCapability");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  int major = 0, minor = 0;
  const int code = function(device, &major, &minor);
  return {code, code == kNvmlSuccess ? fmt::format("{}.{}", major, minor) : ""};
}

NvmlReading ask_memory(const ProbeLibrary& library, NvmlDevice device) {
  const auto function = library.function<int (*)(NvmlDevice, MemoryInfo*)>("nvmlDeviceGetMemoryInfo");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  MemoryInfo memory{};
  const int code = function(device, &memory);
  return {code, code == kNvmlSuccess ? fmt::format("{} MiB", memory.total >> 20) : ""};
}

// The one text without a length: at least 64 bytes (NVML_GSP_FIRMWARE_VERSION_BUF_SIZE).
NvmlReading ask_gsp_firmware(const ProbeLibrary& library, NvmlDevice device) {
  const auto function = library.function<int (*)(NvmlDevice, char*)>("nvmlDeviceGetGspFirmwareVersion");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  char buffer[256] = {};
  const int code = function(device, buffer);
  return {code, code == kNvmlSuccess ? text_of(buffer, sizeof buffer) : ""};
}

NvmlReading ask_application_clocks(const ProbeLibrary& library, NvmlDevice device) {
  const NvmlReading sm = ask_clock(library, device, "nvmlDeviceGetApplicationsClock", kClockSm);
  if (sm.code != kNvmlSuccess) return sm;
  const NvmlReading memory = ask_clock(library, device, "nvmlDeviceGetApplicationsClock", kClockMemory);
  if (memory.code != kNvmlSuccess) return memory;
  return {kNvmlSuccess, "SM " + sm.text + ", memory " + memory.text};
}

NvmlReading ask_pcie(const ProbeLibrary& library, NvmlDevice device, const char* generation, const char* width) {
  const auto number = [](unsigned value) { return std::to_string(value); };
  const NvmlReading first = ask_number(library, device, generation, number);
  if (first.code != kNvmlSuccess) return first;
  const NvmlReading second = ask_number(library, device, width, number);
  if (second.code != kNvmlSuccess) return second;
  return {kNvmlSuccess, "gen " + first.text + " x" + second.text};
}

// Links are numbered from 0; beyond the last one the argument is invalid or the link is not supported.
NvmlReading ask_nvlink(const ProbeLibrary& library, NvmlDevice device) {
  const auto function = library.function<int (*)(NvmlDevice, unsigned, unsigned*)>("nvmlDeviceGetNvLinkState");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  unsigned active_links = 0, links = 0;
  int first_code = kNvmlSuccess;
  for (unsigned link = 0; link < kMostLinks; ++link) {
    unsigned active = 0;
    const int code = function(device, link, &active);
    if (link == 0) first_code = code;
    if (code == kNvmlInvalidArgument || code == kNvmlNotSupported) break;
    if (code != kNvmlSuccess) return {code, {}};
    ++links;
    if (active != 0) ++active_links;
  }
  if (links == 0) return {first_code == kNvmlInvalidArgument ? kNvmlNotSupported : first_code, {}};
  return {kNvmlSuccess, fmt::format("{} of {} links active", active_links, links)};
}

// The host's memory nodes nearest to the GPU.
NvmlReading ask_numa(const ProbeLibrary& library, NvmlDevice device) {
  using Function = int (*)(NvmlDevice, unsigned, unsigned long*, int);
  const auto function = library.function<Function>("nvmlDeviceGetMemoryAffinity");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  constexpr int kScopeNode = 0;  // NVML_AFFINITY_SCOPE_NODE
  constexpr unsigned kBits = 8 * sizeof(unsigned long);
  std::array<unsigned long, 16> nodes{};
  const int code = function(device, nodes.size(), nodes.data(), kScopeNode);
  if (code != kNvmlSuccess) return {code, {}};
  std::vector<std::string> found;
  for (unsigned node = 0; node < kBits * nodes.size(); ++node) {
    if ((nodes[node / kBits] >> (node % kBits) & 1) != 0) found.push_back(std::to_string(node));
  }
  return found.empty() ? NvmlReading{kNvmlNotSupported, {}} : NvmlReading{kNvmlSuccess, "node " + join(found, ", ")};
}

// The digest alone leaves this function; the same GPU has the same one in CUDA_VISIBLE_DEVICES (stack/settings).
NvmlReading ask_uuid(const ProbeLibrary& library, NvmlDevice device) {
  NvmlReading uuid = ask_text(library, device, "nvmlDeviceGetUUID");
  if (uuid.code == kNvmlSuccess) uuid.text = hashed_gpu_id(uuid.text);
  return uuid;
}

std::string brand_name(unsigned brand) {
  return named({{0, "unknown"},
                {1, "Quadro"},
                {2, "Tesla"},
                {3, "NVS"},
                {4, "GRID"},
                {5, "GeForce"},
                {6, "Titan"},
                {7, "NVIDIA Virtual Applications"},
                {8, "NVIDIA Virtual PC"},
                {9, "NVIDIA vGPU for Compute"},
                {10, "NVIDIA RTX Virtual Workstation"},
                {11, "NVIDIA Cloud Gaming"},
                {12, "Quadro RTX"},
                {13, "NVIDIA RTX"},
                {14, "NVIDIA"},
                {15, "GeForce RTX"},
                {16, "Titan RTX"}},
               brand);
}

std::string architecture_name(unsigned architecture) {
  return named({{2, "Kepler"},
                {3, "Maxwell"},
                {4, "Pascal"},
                {5, "Volta"},
                {6, "Turing"},
                {7, "Ampere"},
                {8, "Ada"},
                {9, "Hopper"},
                {10, "Blackwell"},
                {13, "Rubin"}},
               architecture);
}

std::string compute_mode_name(unsigned mode) {
  return named({{0, "default"}, {1, "exclusive thread"}, {2, "prohibited"}, {3, "exclusive process"}}, mode);
}

using L = const ProbeLibrary&;
using D = NvmlDevice;
}  // namespace

const std::vector<NvmlQuestion>& nvml_gpu_questions() {
  static const std::vector<NvmlQuestion> questions = {
      {"gpu.models", "nvmlDeviceGetName", [](L l, D d) { return ask_text(l, d, "nvmlDeviceGetName"); }},
      {"gpu.brand", "nvmlDeviceGetBrand", [](L l, D d) { return ask_number(l, d, "nvmlDeviceGetBrand", brand_name); }},
      {"gpu.architecture", "nvmlDeviceGetArchitecture",
       [](L l, D d) { return ask_number(l, d, "nvmlDeviceGetArchitecture", architecture_name); }},
      {"gpu.compute_capabilities", "nvmlDeviceGetCudaComputeCapability", ask_compute_capability},
      {"gpu.memory", "nvmlDeviceGetMemoryInfo", ask_memory},
      {"gpu.vbios", "nvmlDeviceGetVbiosVersion", [](L l, D d) { return ask_text(l, d, "nvmlDeviceGetVbiosVersion"); }},
      {"gpu.gsp_firmware", "nvmlDeviceGetGspFirmwareVersion", ask_gsp_firmware},
      {"gpu.ecc", "nvmlDeviceGetEccMode", [](L l, D d) { return ask_mode(l, d, "nvmlDeviceGetEccMode"); }},
      {"gpu.mig", "nvmlDeviceGetMigMode", [](L l, D d) { return ask_mode(l, d, "nvmlDeviceGetMigMode"); }},
      {"gpu.persistence", "nvmlDeviceGetPersistenceMode",
       [](L l, D d) { return ask_number(l, d, "nvmlDeviceGetPersistenceMode", on_off); }},
      {"gpu.compute_mode", "nvmlDeviceGetComputeMode",
       [](L l, D d) { return ask_number(l, d, "nvmlDeviceGetComputeMode", compute_mode_name); }},
      {"gpu.power_limit", "nvmlDeviceGetPowerManagementLimit",
       [](L l, D d) { return ask_number(l, d, "nvmlDeviceGetPowerManagementLimit", watts); }},
      {"gpu.power_limit_default", "nvmlDeviceGetPowerManagementDefaultLimit",
       [](L l, D d) { return ask_number(l, d, "nvmlDeviceGetPowerManagementDefaultLimit", watts); }},
      {"gpu.clock_sm_max", "nvmlDeviceGetMaxClockInfo",
       [](L l, D d) { return ask_clock(l, d, "nvmlDeviceGetMaxClockInfo", kClockSm); }},
      {"gpu.clock_memory_max", "nvmlDeviceGetMaxClockInfo",
       [](L l, D d) { return ask_clock(l, d, "nvmlDeviceGetMaxClockInfo", kClockMemory); }},
      {"gpu.application_clocks", "nvmlDeviceGetApplicationsClock", ask_application_clocks},
      {"gpu.pcie", "nvmlDeviceGetCurrPcieLinkGeneration, …Width",
       [](L l, D d) {
         return ask_pcie(l, d, "nvmlDeviceGetCurrPcieLinkGeneration", "nvmlDeviceGetCurrPcieLinkWidth");
       }},
      {"gpu.pcie_max", "nvmlDeviceGetMaxPcieLinkGeneration, …Width",
       [](L l, D d) { return ask_pcie(l, d, "nvmlDeviceGetMaxPcieLinkGeneration", "nvmlDeviceGetMaxPcieLinkWidth"); }},
      {"gpu.nvlink", "nvmlDeviceGetNvLinkState", ask_nvlink},
      {"gpu.numa", "nvmlDeviceGetMemoryAffinity", ask_numa},
      {"gpu.uuid", "nvmlDeviceGetUUID", ask_uuid},
  };
  return questions;
}

int nvml_init(const ProbeLibrary& library) {
  if (const auto with_flags = library.function<int (*)(unsigned)>("nvmlInitWithFlags")) return with_flags(kNoGpus);
  if (const auto init = library.function<int (*)()>("nvmlInit_v2")) return init();
  return kNvmlFunctionNotFound;
}

NvmlReading nvml_driver_version(const ProbeLibrary& library) {
  const auto function = library.function<int (*)(char*, unsigned)>("nvmlSystemGetDriverVersion");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  char buffer[kTextSize + 1] = {};
  const int code = function(buffer, kTextSize);
  return {code, code == kNvmlSuccess ? text_of(buffer, kTextSize) : ""};
}

NvmlReading nvml_own_version(const ProbeLibrary& library) {
  const auto function = library.function<int (*)(char*, unsigned)>("nvmlSystemGetNVMLVersion");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  char buffer[kTextSize + 1] = {};
  const int code = function(buffer, kTextSize);
  return {code, code == kNvmlSuccess ? text_of(buffer, kTextSize) : ""};
}

NvmlReading nvml_cuda_version(const ProbeLibrary& library) {
  const auto function = library.function<int (*)(int*)>("nvmlSystemGetCudaDriverVersion_v2");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  int version = 0;
  const int code = function(&version);
  return {code, code == kNvmlSuccess ? fmt::format("{}.{}", version / 1000, version % 1000 / 10) : ""};
}

NvmlReading nvml_driver_branch(const ProbeLibrary& library) {
  const auto function = library.function<int (*)(BranchInfo*, unsigned)>("nvmlSystemGetDriverBranch");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  BranchInfo info{sizeof(BranchInfo) | 1U << 24, {}};
  const int code = function(&info, sizeof info.branch);
  return {code, code == kNvmlSuccess ? text_of(info.branch, sizeof info.branch) : ""};
}

NvmlReading nvml_gpu_count(const ProbeLibrary& library) {
  const auto function = library.function<int (*)(unsigned*)>("nvmlDeviceGetCount_v2");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  unsigned count = 0;
  const int code = function(&count);
  return {code, code == kNvmlSuccess ? std::to_string(count) : ""};
}

int nvml_gpu(const ProbeLibrary& library, unsigned index, NvmlDevice& device) {
  const auto function = library.function<int (*)(unsigned, NvmlDevice*)>("nvmlDeviceGetHandleByIndex_v2");
  return function == nullptr ? kNvmlFunctionNotFound : function(index, &device);
}

NvmlReading nvml_pci_address(const ProbeLibrary& library, NvmlDevice device) {
  const auto function = library.function<int (*)(NvmlDevice, PciInfo*)>("nvmlDeviceGetPciInfo_v3");
  if (function == nullptr) return {kNvmlFunctionNotFound, {}};
  // A margin behind it: should a later library write more, it does not write over us.
  struct {
    PciInfo info;
    char margin[256];
  } pci{};
  const int code = function(device, &pci.info);
  if (code != kNvmlSuccess) return {code, {}};
  return {code, fmt::format("{:08x}:{:02x}:{:02x}.0", pci.info.domain, pci.info.bus, pci.info.device)};
}

}  // namespace varve
