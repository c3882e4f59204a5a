#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/coverage.h"

namespace varve {

// Which compute capability an NVIDIA GPU has, by data/gpu_products.json.

// By the product's name as people or the driver write it: "L40S", "NVIDIA H100 80GB HBM3", "geforce rtx 4090". The
// longest product whose words all stand in the name in order; nothing for a name that no row knows.
std::optional<ComputeCapability> capability_of_product(std::string_view name);

// By the PCI device id, four hexadecimal digits: "2330".
std::optional<ComputeCapability> capability_of_pci_device(std::string_view device);

// What kind of product it is: NVIDIA lets a newer user driver run over an older kernel driver (forward compatibility)
// on some kinds only.
enum class ProductClass { datacenter, professional, geforce, titan, jetson, desktop_soc };
std::string_view to_string(ProductClass kind);  // "data-center GPU"

// By data/gpu_products.json; a name without a row by the word in it that names a line of products ("GeForce", "Tesla",
// "Quadro", "TITAN", "Jetson"). Nothing for any other name.
std::optional<ProductClass> class_of_product(std::string_view name);

// The brand as NVIDIA_REQUIRE_CUDA spells it: "tesla", "nvidia" (data-center GPUs since Ampere), "geforce",
// "geforcertx", "quadro", "quadrortx", "nvidiartx", "titan", "titanrtx". Empty: not known.
std::string brand_of_product(std::string_view name);

// As compilers and people spell what GPU code is made for: "9.0", "90", "sm_90", "SM90a", "compute_100f", "cc 9.0".
std::optional<ComputeCapability> capability_of_target(std::string_view text);

// What a user may write for a GPU: one of the above, or a product's name in any spelling: "L40S", "rtx5090", "Orin".
std::optional<ComputeCapability> capability_of_gpu(std::string_view text);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_gpu_products();

}  // namespace varve
