#include "capture/collectors.h"

#include "capture/gpu/collect_gpu.h"
#include "capture/hardware/collect_hardware.h"
#include "capture/software/collect_software.h"
#include "capture/system/collect_system.h"

namespace varve {

namespace {
// For an area that is nothing but facts.
template <void (*collect)(const Subject&, Facts&)>
void facts_only(const Subject& subject, Stack& stack) {
  collect(subject, stack.facts);
}
}  // namespace

const std::vector<Collector>& collectors() {
  static const std::vector<Collector> table = {
      {"processor", Scope::machine, facts_only<collect_cpu>},
      {"caches", Scope::machine, facts_only<collect_cpu_cache>},
      {"clock frequency", Scope::machine, facts_only<collect_cpu_frequency>},
      {"memory", Scope::machine, facts_only<collect_memory>},
      {"NUMA", Scope::machine, facts_only<collect_numa>},
      {"machine", Scope::machine, facts_only<collect_machine>},
      {"hypervisor", Scope::machine, facts_only<collect_hypervisor>},
      {"RDMA adapters", Scope::machine, facts_only<collect_rdma>},
      {"operating system", Scope::root, facts_only<collect_os>},
      {"C library", Scope::root, facts_only<collect_c_library>},
      {"host compiler", Scope::root, facts_only<collect_host_compiler>},
      {"kernel tuning", Scope::machine, facts_only<collect_kernel_tuning>},
      {"GPUs", Scope::machine, collect_gpus},
      {"GPU kernel driver", Scope::machine, facts_only<collect_gpu_driver>},
      {"GPU kernel module", Scope::root, facts_only<collect_kernel_module>},
      {"GPUs on the bus", Scope::machine, collect_gpu_bus},
      {"device nodes", Scope::machine, facts_only<collect_device_access>},
      {"kernels installed", Scope::machine, facts_only<collect_kernel_releases>},
      {"kernel log", Scope::machine, facts_only<collect_kernel_log>},
      {"GPU user driver", Scope::root, collect_user_driver},
      {"GPU management", Scope::machine, collect_gpu_management},
      {"CUDA toolkits", Scope::root, collect_toolkits},
      {"libraries of toolkits", Scope::root, collect_toolkit_binaries},
      {"GPU packages", Scope::root, facts_only<collect_gpu_packages>},
      {"environments", Scope::any, collect_environments},
      {"binaries of the process", Scope::machine, collect_process_binaries},
      {"files", Scope::any, collect_files},
      {"consumers", Scope::any, collect_consumers},
      {"handshake", Scope::any, collect_handshake},
      {"processes of the host", Scope::machine, collect_gpu_processes},
      {"container", Scope::machine, facts_only<collect_container>},
      {"container runtime", Scope::root, facts_only<collect_container_runtime>},
      {"container engines", Scope::root, facts_only<collect_container_engines>},
      {"scheduler", Scope::machine, facts_only<collect_scheduler>},
      {"cgroup", Scope::machine, facts_only<collect_cgroup>},
      {"affinity", Scope::machine, facts_only<collect_affinity>},
  };
  return table;
}

}  // namespace varve
