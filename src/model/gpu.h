#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/coverage.h"
#include "model/fact.h"

namespace varve {

// A mode that changes at the next reset of the GPU.
struct GpuMode {
  bool on = false, on_after_reset = false;

  bool operator==(const GpuMode&) const = default;
};

struct GpuClocks {
  std::int64_t sm_mhz = 0, memory_mhz = 0;

  bool operator==(const GpuClocks&) const = default;
};

struct PcieLink {
  std::int64_t generation = 0, lanes = 0;

  bool operator==(const PcieLink&) const = default;
};

struct NvLinks {
  std::int64_t active = 0, all = 0;

  bool operator==(const NvLinks&) const = default;
};

enum class ComputeMode { shared, exclusive_thread, prohibited, exclusive_process };
std::string_view to_string(ComputeMode mode);  // as NVIDIA says it: the first is "default"
std::optional<ComputeMode> compute_mode_from(std::string_view text);

// One GPU of the machine: what the PCI bus, the kernel driver and NVML say of it, or what was supposed. What nobody
// says, or this GPU does not have, is empty.
struct Gpu {
  // Of the bus.
  std::string address;         // "0000:01:00.0"
  std::string vendor, device;  // ids, four hexadecimal digits: "10de", "2330"
  std::string bound_driver;    // the kernel module that has it: "nvidia", "vfio-pci"; empty: none
  std::string windows;         // into its memory: "BAR0 16.0 MiB, BAR1 not assigned"
  std::string iommu;           // kind of its group's domain: "DMA-FQ", "identity", "none"

  // Of its driver.
  bool listed = false;    // NVIDIA's driver lists it, or a person or a log names it: not seen on the bus alone
  bool excluded = false;  // the driver was told to leave it alone
  std::string model;      // "NVIDIA H100 80GB HBM3"
  std::string brand;      // "Tesla", "GeForce RTX"
  std::string architecture, vbios, gsp_firmware;
  std::string uuid;          // hashed
  std::string numa;          // the host's nearest nodes: "node 0"
  std::string driver_model;  // under Windows: "WDDM", "TCC", "MCDM"
  std::optional<ComputeCapability> capability;
  std::optional<std::int64_t> memory_mib;
  std::optional<double> power_limit_watts, power_limit_default_watts;
  std::optional<std::int64_t> clock_sm_max_mhz, clock_memory_max_mhz;
  std::optional<GpuClocks> application_clocks;
  std::optional<PcieLink> pcie, pcie_max;  // now, at best
  std::optional<NvLinks> nvlink;
  std::optional<GpuMode> ecc, mig;
  std::optional<bool> persistence;
  std::optional<ComputeMode> compute_mode;

  bool operator==(const Gpu&) const = default;
};

// How a fact that lists one text for each GPU ("gpu.power_limit": "700 W") shows one of them. The facts are made from
// the GPUs by these, and the GPUs of logs and of documents without them are read back by the same rows.
struct GpuField {
  const char* fact;
  std::string (*text)(const Gpu& gpu);            // empty: not known of this GPU
  void (*read)(std::string_view text, Gpu& gpu);  // what `text` wrote; any other text leaves the GPU as it is
};
const GpuField* find_gpu_field(std::string_view fact);  // nullptr: no list of GPUs

// The same place written in one way: NVML has "00000000:17:00.0" for what the kernel calls "0000:17:00.0".
std::string pci_address(std::string_view text);

// The GPU at an address, put in by the order of addresses when it is new; those without one stand last.
Gpu& gpu_at(std::vector<Gpu>& gpus, const std::string& address);

// Those of gpu.count and of the lists of a driver, in their order: the listed ones, or, where none is, all of the bus.
std::vector<Gpu> counted_gpus(const std::vector<Gpu>& gpus);

// What such a fact says of these GPUs, one text each; `unknown` stands for what is not known of one.
std::vector<std::string> gpu_texts(const std::vector<Gpu>& gpus, std::string_view fact, std::string_view unknown);

// The GPUs, with what only the list facts say, by the places in the lists: all of it in a document without GPUs, and
// what a log added later.
std::vector<Gpu> gpus_with_facts(std::vector<Gpu> gpus, const std::map<std::string, Fact>& facts);

}  // namespace varve
