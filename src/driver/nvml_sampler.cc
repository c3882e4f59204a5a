#include "driver/nvml_sampler.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace varve {

namespace {
constexpr int kSmClock = 1;    // NVML_CLOCK_SM
constexpr int kGpuSensor = 0;  // NVML_TEMPERATURE_GPU
constexpr std::size_t kMostDevices = 64;
constexpr unsigned kMostProcesses = 128;

// nvmlProcessInfo_t as nvmlDeviceGetComputeRunningProcesses_v3 fills it, 24 bytes.
struct ProcessInfo {
  unsigned process;
  unsigned long long used_gpu_memory;
  unsigned gpu_instance, compute_instance;
};
static_assert(sizeof(ProcessInfo) == 24);

// nvmlMemory_t.
struct DeviceMemory {
  unsigned long long total, free, used;
};

// nvml.h: nvmlClocksEventReason*, which before driver 535 were called nvmlClocksThrottleReason*, with the same bits.
struct EventReason {
  std::uint64_t bit;
  const char* title;
};
constexpr EventReason kSlowingReasons[] = {
    {0x4, "power limit"},      {0x8, "hardware slowdown"}, {0x10, "waits for another GPU (sync boost)"},
    {0x20, "heat (software)"}, {0x40, "heat (hardware)"},  {0x80, "external power brake"},
};

template <class... Arguments>
std::optional<unsigned> ask_unsigned(const ProbeLibrary& library, const char* name, Arguments... arguments) {
  const auto function = library.function<int (*)(Arguments..., unsigned*)>(name);
  unsigned value = 0;
  if (function == nullptr || function(arguments..., &value) != kNvmlSuccess) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> ask_reasons(const ProbeLibrary& library, NvmlDevice device) {
  for (const char* name : {"nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons"}) {
    const auto function = library.function<int (*)(NvmlDevice, unsigned long long*)>(name);
    unsigned long long reasons = 0;
    if (function != nullptr && function(device, &reasons) == kNvmlSuccess) return reasons;
  }
  return std::nullopt;
}

std::vector<unsigned> ask_processes(const ProbeLibrary& library, NvmlDevice device) {
  const auto function =
      library.function<int (*)(NvmlDevice, unsigned*, ProcessInfo*)>("nvmlDeviceGetComputeRunningProcesses_v3");
  if (function == nullptr) return {};
  std::array<ProcessInfo, kMostProcesses> infos{};
  unsigned count = kMostProcesses;
  if (function(device, &count, infos.data()) != kNvmlSuccess) return {};
  std::vector<unsigned> processes;
  for (unsigned i = 0; i < std::min(count, kMostProcesses); ++i) processes.push_back(infos[i].process);
  std::sort(processes.begin(), processes.end());
  return processes;
}
}  // namespace

Result<NvmlSampler> NvmlSampler::open(const std::string& library) {
  const auto fault = [&](std::string found) { return Error{"watching the GPUs", library, std::move(found), ""}; };
  NvmlSampler sampler(ProbeLibrary::open(library));
  if (!sampler.library_) return fault(sampler.library_.problem());
  if (const int code = nvml_init(sampler.library_); code != kNvmlSuccess) return fault(nvml_return_name(code));
  const std::optional<std::int64_t> count = parse_integer(nvml_gpu_count(sampler.library_).text);
  const auto gpus = static_cast<std::size_t>(std::max<std::int64_t>(count.value_or(0), 0));
  for (unsigned index = 0; index < std::min(gpus, kMostDevices); ++index) {
    NvmlDevice device = nullptr;
    if (nvml_gpu(sampler.library_, index, device) != kNvmlSuccess) continue;
    sampler.devices_.push_back(device);
    sampler.addresses_.push_back(nvml_pci_address(sampler.library_, device).text);
  }
  return sampler;
}

NvmlSample NvmlSampler::sample(std::size_t gpu) const {
  const NvmlDevice device = devices_[gpu];
  NvmlSample sample;
  sample.sm_mhz = ask_unsigned<NvmlDevice, int>(library_, "nvmlDeviceGetClockInfo", device, kSmClock);
  sample.milliwatts = ask_unsigned<NvmlDevice>(library_, "nvmlDeviceGetPowerUsage", device);
  sample.celsius = ask_unsigned<NvmlDevice, int>(library_, "nvmlDeviceGetTemperature", device, kGpuSensor);
  const auto memory = library_.function<int (*)(NvmlDevice, DeviceMemory*)>("nvmlDeviceGetMemoryInfo");
  DeviceMemory used{};
  if (memory != nullptr && memory(device, &used) == kNvmlSuccess) {
    sample.memory_used_bytes = used.used;
    sample.memory_free_bytes = used.free;
  }
  sample.event_reasons = ask_reasons(library_, device);
  sample.processes = ask_processes(library_, device);
  return sample;
}

std::uint64_t slowing_reasons(std::uint64_t mask) {
  std::uint64_t slowing = 0;
  for (const EventReason& reason : kSlowingReasons) slowing |= mask & reason.bit;
  return slowing;
}

std::string reasons_text(std::uint64_t mask) {
  std::vector<std::string> titles;
  for (const EventReason& reason : kSlowingReasons) {
    if ((mask & reason.bit) != 0) titles.emplace_back(reason.title);
  }
  return join(titles, ", ");
}

}  // namespace varve
