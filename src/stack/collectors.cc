#include "stack/collectors.h"

namespace varve {

const std::vector<Collector>& collectors() {
  static const std::vector<Collector> table = {
      {"processor", collect_cpu},
      {"caches", collect_cpu_cache},
      {"clock frequency", collect_cpu_frequency},
      {"memory", collect_memory},
      {"NUMA", collect_numa},
      {"machine", collect_machine},
      {"hypervisor", collect_hypervisor},
      {"operating system", collect_os},
      {"C library", collect_c_library},
      {"kernel tuning", collect_kernel_tuning},
      {"GPUs", collect_gpus},
      {"GPU kernel driver", collect_gpu_driver},
      {"GPU user driver", collect_user_driver},
      {"CUDA toolkits", collect_toolkits},
      {"container", collect_container},
      {"cgroup", collect_cgroup},
      {"affinity", collect_affinity},
  };
  return table;
}

}  // namespace varve
