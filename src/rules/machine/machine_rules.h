#pragma once
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// The tables of rules about the machine alone, one a file.
const std::vector<Rule>& driver_rules();            // the two halves of the driver, and its libraries
const std::vector<Rule>& kernel_module_rules();     // why no kernel module runs, or the wrong kind
const std::vector<Rule>& device_rules();            // modules, device nodes, fabric
const std::vector<Rule>& device_bus_rules();        // memory windows, IOMMU, ACS
const std::vector<Rule>& device_state_rules();      // what is visible, how it is divided, what the kernel said of it
const std::vector<Rule>& container_rules();         // this container: nodes, libraries, cgroup; what an image asks for
const std::vector<Rule>& container_image_rules();   // what the name of a container's image tells
const std::vector<Rule>& container_engine_rules();  // what gives GPUs to containers of this host

}  // namespace varve
