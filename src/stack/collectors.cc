#include "stack/collectors.h"

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
      {"operating system", Scope::root, facts_only<collect_os>},
      {"C library", Scope::root, facts_only<collect_c_library>},
      {"kernel tuning", Scope::machine, facts_only<collect_kernel_tuning>},
      {"GPUs", Scope::machine, facts_only<collect_gpus>},
      {"GPU kernel driver", Scope::machine, facts_only<collect_gpu_driver>},
      {"GPU user driver", Scope::root, collect_user_driver},
      {"CUDA toolkits", Scope::root, collect_toolkits},
      {"container", Scope::machine, facts_only<collect_container>},
      {"cgroup", Scope::machine, facts_only<collect_cgroup>},
      {"affinity", Scope::machine, facts_only<collect_affinity>},
  };
  return table;
}

}  // namespace varve
