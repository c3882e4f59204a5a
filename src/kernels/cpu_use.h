#pragma once
#include <optional>
#include <span>
#include <string>

#include "kernels/cpu_sampler.h"
#include "model/window.h"

namespace varve {

// How many threads did the work, and on which CPUs, as samples show it.
struct CpuUse {
  int threads =
      0;  // with at least a tenth of the samples of the busiest: helpers that woke now and then are not at work
  std::string cpus;  // "0-3,8"
};

// Of the samples in the windows, or of all without windows. Nothing without a sample there.
std::optional<CpuUse> cpu_use(const CpuEvidence& evidence, std::span<const Stretch> windows = {});

}  // namespace varve
