#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/stack.h"
#include "stack/subject.h"

namespace varve {

using Facts = std::map<std::string, Fact>;

// On which subjects a collector has something to look at.
enum class Scope {
  machine,  // a running machine: the host, or a process on it
  root,     // whatever has a file system of its own: also a root directory or an image
  any,
};

// A collector fills the facts of one area, each with a value or the reason why it is missing, and the parts that belong
// to it. It never fails.
struct Collector {
  std::string_view area;
  Scope scope;
  void (*collect)(const Subject& subject, Stack& stack);
};

// In the order in which they run; a later one may read the facts of an earlier one.
const std::vector<Collector>& collectors();

void collect_cpu(const Subject& subject, Facts& facts);
void collect_cpu_cache(const Subject& subject, Facts& facts);
void collect_cpu_frequency(const Subject& subject, Facts& facts);
void collect_memory(const Subject& subject, Facts& facts);
void collect_numa(const Subject& subject, Facts& facts);
void collect_machine(const Subject& subject, Facts& facts);
void collect_hypervisor(const Subject& subject, Facts& facts);
void collect_os(const Subject& subject, Facts& facts);
void collect_c_library(const Subject& subject, Facts& facts);
void collect_host_compiler(const Subject& subject, Facts& facts);  // os.gcc
void collect_kernel_tuning(const Subject& subject, Facts& facts);
void collect_gpus(const Subject& subject, Facts& facts);
void collect_gpu_driver(const Subject& subject, Facts& facts);
void collect_gpu_bus(const Subject& subject, Facts& facts);
void collect_device_access(const Subject& subject, Facts& facts);
void collect_kernel_releases(const Subject& subject, Facts& facts);
void collect_kernel_log(const Subject& subject, Facts& facts);
void collect_container_engines(const Subject& subject, Facts& facts);
void collect_user_driver(const Subject& subject, Stack& stack);
void collect_gpu_management(const Subject& subject, Stack& stack);
void collect_toolkits(const Subject& subject, Stack& stack);
void collect_environments(const Subject& subject, Stack& stack);
void collect_process_binaries(const Subject& subject, Stack& stack);
void collect_toolkit_binaries(const Subject& subject, Stack& stack);
void collect_files(const Subject& subject, Stack& stack);
void collect_consumers(const Subject& subject, Stack& stack);
void collect_handshake(const Subject& subject, Stack& stack);
void collect_gpu_processes(const Subject& subject, Stack& stack);
void collect_gpu_packages(const Subject& subject, Facts& facts);
void collect_kernel_module(const Subject& subject, Facts& facts);
void collect_container_runtime(const Subject& subject, Facts& facts);
void collect_scheduler(const Subject& subject, Facts& facts);
void collect_container(const Subject& subject, Facts& facts);
void collect_cgroup(const Subject& subject, Facts& facts);
void collect_affinity(const Subject& subject, Facts& facts);

}  // namespace varve
