#pragma once
#include <vector>

#include "rules/rule.h"

// What the rows of runtime_rules.cc ask. Each function finds one kind of cause; consumers that share a cause share a
// finding, and each is named with its environment.
namespace varve::runtime_findings {

// The driver against the runtimes that consumers load.
std::vector<Found> no_driver(const Situation& situation);
std::vector<Found> driver_too_old(const Situation& situation);
std::vector<Found> minor_version(const Situation& situation);
std::vector<Found> second_runtime(const Situation& situation);
std::vector<Found> newer_than_data(const Situation& situation);
std::vector<Found> branch_end_of_life(const Situation& situation);

// The driver against the GPUs.
std::vector<Found> gpu_unknown(const Situation& situation);
std::vector<Found> gpu_dropped(const Situation& situation);

// Forward compatibility.
std::vector<Found> forward_class(const Situation& situation);
std::vector<Found> forward_branch(const Situation& situation);
std::vector<Found> forward_older(const Situation& situation);
std::vector<Found> forward_in_use(const Situation& situation);
std::vector<Found> forward_not_first(const Situation& situation);
std::vector<Found> forward_of_image(const Situation& situation);

// GPU code against the GPUs.
std::vector<Found> no_kernel_image(const Situation& situation);
std::vector<Found> ptx_too_new(const Situation& situation);
std::vector<Found> jit_at_start(const Situation& situation);
std::vector<Found> code_in_part(const Situation& situation);
std::vector<Found> jit_disabled(const Situation& situation);
std::vector<Found> jit_forced(const Situation& situation);
std::vector<Found> compiler_without_gpu(const Situation& situation);
std::vector<Found> compression(const Situation& situation);

}  // namespace varve::runtime_findings
