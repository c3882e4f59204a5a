#pragma once
#include <string_view>

namespace varve {

// A value that names a GPU and its driver: "Tesla T4 / 495.29.05". Where no driver's number ends it, all of it is the
// GPU's.
struct GpuAndDriver {
  std::string_view gpu, driver;
};
GpuAndDriver gpu_and_driver(std::string_view value);

}  // namespace varve
