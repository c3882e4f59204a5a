#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver/nvml_sampler.h"
#include "model/conditions/unit_conditions.h"

namespace varve {

// A GPU at one moment.
struct WatchedGpu {
  std::string pci_address;
  NvmlSample sample;
};

// Samples all GPUs ten times a second while a unit runs, in a thread of its own that lives no longer than the unit.
class GpuWatch {
 public:
  using Ask = std::function<std::vector<NvmlSample>()>;  // one sample a GPU; called by one thread at a time

  GpuWatch() = default;  // of no GPU: nothing is asked and no thread started
  GpuWatch(std::vector<std::string> addresses, Ask ask, double interval_seconds = 0.1);
  ~GpuWatch();
  GpuWatch(GpuWatch&&) noexcept;
  GpuWatch& operator=(GpuWatch&&) noexcept;

  void begin();  // right before the unit is started: takes the first sample itself
  // After the unit. Where a call hangs for more than two seconds, the GPUs are left alone from then on.
  std::vector<GpuConditions> finish();
  // All GPUs as they are now, between units. None where they are left alone.
  std::vector<WatchedGpu> look() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Of the GPUs of this machine, through NVML; of none where `gpus` is false: nobody has seen NVML answer.
GpuWatch watch_gpus(bool gpus);

// What samples of one GPU tell: the first was taken before the unit was started.
GpuConditions gpu_conditions(const std::string& pci_address, const std::vector<NvmlSample>& samples);

// Whether the unit computed on this GPU, as far as its memory shows: it took at least 16 MiB of it.
bool used_gpu(const GpuConditions& gpu);

}  // namespace varve
