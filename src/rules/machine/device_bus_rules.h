#pragma once
#include <vector>

#include "rules/rule.h"

namespace varve {

// What rules of device_rules() about the PCI bus ask.

std::vector<Found> find_bars(const Situation& situation);   // memory windows without an address
std::vector<Found> find_iommu(const Situation& situation);  // between several GPUs
std::vector<Found> find_acs(const Situation& situation);

}  // namespace varve
