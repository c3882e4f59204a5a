#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/coverage.h"

namespace varve {

struct WrittenGpu {
  std::int64_t count;
  std::string name;
  ComputeCapability capability;
};

// The GPUs of a value that somebody wrote, in order: "2x RTX 4090, Tesla T4". Empty: it names none, one of several, or
// what would do. `product` looks a name up.
std::vector<WrittenGpu> written_gpus(
    std::string_view value, const std::function<std::optional<ComputeCapability>(std::string_view name)>& product);

}  // namespace varve
