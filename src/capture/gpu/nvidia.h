#pragma once
#include <string_view>

#include "capture/gpu/collect_gpu.h"

namespace varve {

inline constexpr std::string_view kNvidiaVendor = "10de";  // PCI vendor ids
inline constexpr std::string_view kAmdVendor = "1002";

// After collect_gpus: nothing to drive. Then the facts about drivers are not applicable instead of absent.
bool has_no_gpu(const Facts& facts);

}  // namespace varve
