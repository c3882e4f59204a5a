#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/gpu_process.h"
#include "world/world.h"

namespace varve {

struct GpuProcessList {
  std::vector<GpuProcess> processes;  // by process id
  std::vector<std::string> problems;  // what could not be seen, in words
  std::size_t looked_at = 0;          // processes whose mappings were read
  std::size_t denied = 0;             // processes whose mappings may not be read: they may hold a GPU
};

// The processes of this machine (of this process id namespace) that have a CUDA driver, runtime or library mapped,
// found in /proc/PID/maps; no device and no library is opened. A process whose code holds the CUDA runtime statically
// shows by the libcuda that it mapped. Kernel threads are skipped; a process that ends meanwhile is left out.
GpuProcessList gpu_processes(const World& world);

// "docker 5f7a1c0e9b12" from the text of /proc/PID/cgroup: the runtime's name and a digest of the container's id; empty
// when no container shows there.
std::string container_in_cgroup(std::string_view cgroup);

}  // namespace varve
