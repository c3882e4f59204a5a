#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// What the machine and its limits take away from speed (speed_rules.cc has the rows).
std::vector<Found> slow_governor(const Situation& situation);
std::vector<Found> power_below_default(const Situation& situation);
std::vector<Found> ecc_unlike(const Situation& situation);        // differs between GPUs, or changes at the next reset
std::vector<Found> partitioned_gpus(const Situation& situation);  // MIG
std::vector<Found> clocks_below_best(const Situation& situation);
std::vector<Found> link_below_best(const Situation& situation);  // PCIe lanes; the generation drops when idle
std::vector<Found> cpu_quota_below_cpus(const Situation& situation);
std::vector<Found> memory_limited(const Situation& situation);
std::vector<Found> threads_unlike_cpus(const Situation& situation);

}  // namespace varve
