#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "model/coverage.h"

namespace varve {

// Which compute capability an NVIDIA GPU has, by data/gpu_products.json.

// By the product's name as people or the driver write it: "L40S", "NVIDIA H100 80GB HBM3", "geforce rtx 4090". The
// longest product whose words all stand in the name in order; nothing for a name that no row knows.
std::optional<ComputeCapability> capability_of_product(std::string_view name);

// By the PCI device id, four hexadecimal digits: "2330".
std::optional<ComputeCapability> capability_of_pci_device(std::string_view device);

// What a user may write for a GPU: "9.0", "sm_90" or a product's name.
std::optional<ComputeCapability> capability_of_gpu(std::string_view text);

}  // namespace varve
