#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace varve {

// What NVML said of one GPU while a unit ran, sampled ten times a second. Numbers are missing where no sample had them.
struct GpuConditions {
  std::string pci_address;
  int samples = 0;
  std::optional<double> clock_mhz, lowest_clock_mhz;  // of the SMs: mean, lowest
  std::optional<double> watts, highest_watts;
  std::optional<double> highest_celsius;
  std::optional<std::uint64_t> memory_before_bytes;  // in use on the GPU before the unit was started
  std::optional<std::uint64_t> memory_peak_bytes;    // in use on the GPU at the most, other programs included
  std::uint64_t throttle_reasons = 0;  // nvmlClocksEventReasons of all samples together, those that slow a GPU down
  double throttled = 0;                // part of the samples with such a reason, from 0 to 1
  int foreign_processes = 0;           // on the GPU before the unit was started, and still there while it ran
  bool operator==(const GpuConditions&) const = default;
};

// What the machine did while a unit ran. Missing is what nobody could read.
struct UnitConditions {
  std::optional<double> load;                  // /proc/loadavg at its end: runnable threads, averaged over a minute
  std::optional<double> others_cpus;           // CPUs that other programs kept busy meanwhile, on average
  std::optional<double> cpu_mhz;               // mean over the CPUs at its end (cpufreq)
  std::optional<double> celsius;               // hottest thermal zone at its end
  std::optional<std::uint64_t> cpu_throttles;  // times that CPUs were slowed down for heat meanwhile
  std::uint64_t voluntary_switches = 0;        // it waited for something
  std::uint64_t major_faults = 0;              // page faults that had to wait for a disk
  std::uint64_t minor_faults = 0;
  std::vector<GpuConditions> gpus;
  bool operator==(const UnitConditions&) const = default;
};

// What one fixed matrix product took on a GPU, by the GPU's own clock.
struct GpuCanary {
  std::string pci_address;  // as model/gpu.h writes it
  double seconds = 0;
};

// A fixed piece of work of Varve's own, between units: what it takes shows how fast the machine is just then.
struct Canary {
  int before_unit = 0;         // index of the unit that came next
  double started_seconds = 0;  // since the run began
  double cpu_seconds = 0;      // a chain of multiplications in registers
  double memory_seconds = 0;   // copying memory that no cache holds
  std::vector<GpuCanary> gpus = {};
};

// An output that the user named, of one unit, held against that of the first timing unit.
struct OutputCheck {
  std::string name;    // path as named, "-" for what the program printed
  std::string digest;  // SHA-256; empty: `text` says why
  // Equal bytes, or equal within the tolerance; false also where it could not be read.
  bool equal = false;
  std::string
      text;  // "identical", "numbers differ by up to 3.1e-7", "line 4: 1.25 became 1.31", "there is no such file"
  bool operator==(const OutputCheck&) const = default;
};

}  // namespace varve
