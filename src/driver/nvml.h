#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/fact.h"
#include "world/child_probe.h"

namespace varve {

// What the driver's management library (NVML, libnvidia-ml) says about the driver and its GPUs.

// One GPU. UUIDs are kept as a digest only, serial numbers not at all.
struct NvmlGpu {
  std::string pci_address;            // "00000000:17:00.0"; empty when it could not be asked
  std::map<std::string, Fact> facts;  // by fact id; every value is a text: "gpu.power_limit" -> "700 W"
};

struct NvmlAnswer {
  std::string library;                    // that was asked
  std::optional<std::int64_t> init_code;  // nvmlReturn_t of nvmlInit; nothing: it was not reached
  std::string init_name;                  // "NVML_ERROR_DRIVER_NOT_LOADED"
  std::string problem;                    // why the answer is not complete, in words; empty: it is
  Fact driver_version;                    // "550.163.01": of the kernel module
  Fact nvml_version;                      // "12.550.163.01"
  Fact cuda_version;                      // API level of the libcuda beside it: "12.4"
  Fact driver_branch;                     // "r550_00"; newer drivers only
  Fact gpu_count;                         // an integer
  std::vector<NvmlGpu> gpus;              // in the order of their PCI addresses; CUDA's own order may differ
  double seconds = 0;
};

// Asks in a child process. `library` is a path, or the name that the loader finds. NVML needs seconds where persistence
// mode is off, and hangs on a sick GPU: what was answered before the time limit is kept, the rest is missing (timeout).
// The child may not make device nodes or load the driver, so a driver that nobody has used since the start of the
// machine can show as not loaded.
NvmlAnswer ask_nvml(const std::string& library = "libnvidia-ml.so.1",
                    const ProbeLimits& limits = {.seconds = 20, .leave_machine_alone = true});

// The facts of an answer by id: gpu.count (an integer), and one list per value of the GPUs, in the order of `gpus`. A
// list is known only when the value is known for every GPU; a GPU that does not have the thing ("ECC") counts as
// "not available", and where none has it the fact is not applicable.
std::map<std::string, Fact> nvml_facts(const NvmlAnswer& answer);

}  // namespace varve
