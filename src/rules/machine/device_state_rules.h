#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// What rules of device_rules() about settings and states of the GPUs ask.

std::vector<Found> find_visible_devices(const Situation& situation);
std::vector<Found> find_mig_without_instances(const Situation& situation);
std::vector<Found> find_compute_mode(const Situation& situation);
std::vector<Found> find_slept(const Situation& situation);
std::vector<Found> find_initialisation_failed(const Situation& situation);
std::vector<Found> find_gpu_lost(const Situation& situation);
std::vector<Found> find_hardware_errors(const Situation& situation);
std::vector<Found> find_program_errors(const Situation& situation);
std::vector<Found> find_handshake_failed(const Situation& situation);

}  // namespace varve
