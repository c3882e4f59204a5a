#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// What rules of driver_rules() about the kernel module ask.

std::vector<Found> find_kernel_updated(const Situation& situation);
std::vector<Found> find_next_kernel_without_module(const Situation& situation);
std::vector<Found> find_module_unsigned(const Situation& situation);
std::vector<Found> find_module_blocked(const Situation& situation);
std::vector<Found> find_module_not_loaded(const Situation& situation);
std::vector<Found> find_no_driver(const Situation& situation);
std::vector<Found> find_open_module_needed(const Situation& situation);
std::vector<Found> find_open_module_refused(const Situation& situation);

}  // namespace varve
