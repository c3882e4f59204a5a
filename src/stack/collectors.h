#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/stack.h"
#include "world/world.h"

namespace varve {

using Facts = std::map<std::string, Fact>;

// What the collectors look at: a world, and in it this process or another one.
struct Subject {
  const World& world;
  bool identify = false;
  std::optional<int> process;                      // nothing: the host, with our own affinity, cgroup and settings
  std::string proc;                                // "/proc/self" or "/proc/1234"
  std::string home;                                // of the subject's user; shortened to ~ in paths
  std::map<std::string, std::string> environment;  // the subject's
  Looked<std::string> cpuinfo;                     // read once: the kernel takes its time to write it
  std::vector<Library> libraries;                  // mapped by the process
};

// A collector fills the facts of one area, each with a value or the reason why it is missing. It never fails.
struct Collector {
  std::string_view area;
  void (*collect)(const Subject& subject, Facts& facts);
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
void collect_kernel_tuning(const Subject& subject, Facts& facts);
void collect_gpus(const Subject& subject, Facts& facts);
void collect_gpu_driver(const Subject& subject, Facts& facts);
void collect_user_driver(const Subject& subject, Facts& facts);
void collect_toolkits(const Subject& subject, Facts& facts);
void collect_container(const Subject& subject, Facts& facts);
void collect_cgroup(const Subject& subject, Facts& facts);
void collect_affinity(const Subject& subject, Facts& facts);

}  // namespace varve
