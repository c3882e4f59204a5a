#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/fact.h"

namespace varve {

// A running process that holds a CUDA driver or runtime, and the pair it runs.
struct GpuProcess {
  std::int64_t pid = 0;
  std::string program;                 // name of its executable
  std::string container;               // "docker 3f2a…" (digest of the id), empty: none
  Fact driver;                         // version of the libcuda it has mapped
  Fact runtimes;                       // CUDA runtimes mapped: {"12.4"}
  std::vector<std::string> libraries;  // the CUDA libraries it has mapped, names with versions where known
};

}  // namespace varve
