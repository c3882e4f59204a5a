#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "driver/nvml_library.h"
#include "driver/probe_library.h"

namespace varve {

// What NVML says of one GPU at one moment. Missing is what it does not support.
struct NvmlSample {
  std::optional<unsigned> sm_mhz, milliwatts, celsius;
  std::optional<std::uint64_t> memory_used_bytes;
  std::optional<std::uint64_t> event_reasons;  // nvmlClocksEventReasons, a bit mask
  std::vector<unsigned> processes;             // that compute on it, by process id; in a container often none
  std::optional<std::uint64_t> memory_free_bytes = {};
};

// Asks NVML again and again, in this process: only where a probe in a child has answered before (ask_nvml), since a
// sick GPU lets its calls hang. Nothing is asked that changes a GPU. One thread at a time.
class NvmlSampler {
 public:
  // Error: the library is not there, or nvmlInit fails, with its code.
  static Result<NvmlSampler> open(const std::string& library = "libnvidia-ml.so.1");

  std::size_t gpus() const { return devices_.size(); }
  const std::string& pci_address(std::size_t gpu) const { return addresses_[gpu]; }
  NvmlSample sample(std::size_t gpu) const;

 private:
  explicit NvmlSampler(ProbeLibrary library) : library_(std::move(library)) {}

  ProbeLibrary library_;
  std::vector<NvmlDevice> devices_;
  std::vector<std::string> addresses_;
};

// The reasons of the mask that slow a GPU down (power, heat, hardware), not those by which it idles or a user set
// clocks.
std::uint64_t slowing_reasons(std::uint64_t mask);
std::string reasons_text(std::uint64_t mask);  // "power limit, heat (hardware)"

}  // namespace varve
