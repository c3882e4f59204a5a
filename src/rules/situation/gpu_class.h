#pragma once
#include "rules/situation/situation.h"

namespace varve {

// What a GPU is sold for: forward compatibility depends on it.
enum class GpuClass { data_center, embedded, professional, consumer, unknown };

// By the brand that NVML states, else by the product's name.
GpuClass gpu_class(const Gpu& gpu);

}  // namespace varve
