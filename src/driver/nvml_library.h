#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "driver/probe_library.h"

namespace varve {

// NVML's public C interface, as far as it is asked: declared here from NVIDIA's NVML API reference, so that no SDK is
// needed. Every function is looked up at run time; a driver that lacks one does not support that value.

using NvmlDevice = void*;  // nvmlDevice_t: an opaque pointer

// nvmlReturn_t, the values that mean something here.
enum NvmlReturn : int {
  kNvmlSuccess = 0,
  kNvmlInvalidArgument = 2,
  kNvmlNotSupported = 3,
  kNvmlNoPermission = 4,
  kNvmlTimeout = 10,
  kNvmlFunctionNotFound = 13,
};

// "NVML_ERROR_DRIVER_NOT_LOADED"; "NVML error 77" for one that is not known.
std::string nvml_return_name(std::int64_t code);

// A value, or the code that came in its place. A function the library does not have counts as kNvmlFunctionNotFound.
struct NvmlReading {
  int code = kNvmlSuccess;
  std::string text;
};

// How one fact is asked.
struct NvmlQuestion {
  const char* fact;      // "gpu.power_limit"
  const char* function;  // for the source: "nvmlDeviceGetPowerManagementLimit"
  NvmlReading (*ask)(const ProbeLibrary& library, NvmlDevice device);
};

const std::vector<NvmlQuestion>& nvml_gpu_questions();

int nvml_init(const ProbeLibrary& library);
NvmlReading nvml_driver_version(const ProbeLibrary& library);
NvmlReading nvml_own_version(const ProbeLibrary& library);
NvmlReading nvml_cuda_version(const ProbeLibrary& library);
NvmlReading nvml_driver_branch(const ProbeLibrary& library);
NvmlReading nvml_gpu_count(const ProbeLibrary& library);
int nvml_gpu(const ProbeLibrary& library, unsigned index, NvmlDevice& device);
NvmlReading nvml_pci_address(const ProbeLibrary& library, NvmlDevice device);

}  // namespace varve
