#include "kernels/databases/trace_environment.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tables/settings.h"

namespace varve {

namespace {
// Constants that the builder of an image wrote into it: they say what was in the image when it was built, and nothing
// of what the process loaded.
bool is_image_constant(std::string_view name) {
  constexpr std::array<std::string_view, 5> kExactly = {"CUDA_VERSION", "CUDA_DRIVER_VERSION", "NCCL_VERSION",
                                                        "CUDNN_VERSION", "CUBLAS_VERSION"};
  return name.starts_with("NV_") || name.starts_with("NVIDIA_REQUIRE_") ||
         std::find(kExactly.begin(), kExactly.end(), name) != kExactly.end();
}

// Of those the versions of what runs; not what headers there were, and on what drivers it may start.
bool is_version_constant(std::string_view name) {
  return name.ends_with("_VERSION") && name.find("_DEV_") == std::string_view::npos;
}
}  // namespace

void tell_environment(const std::map<std::string, std::string>& environment, const std::string& source,
                      TraceSink& sink) {
  const auto home = environment.find("HOME");
  for (auto& [name, fact] : dispatch_settings(environment, home == environment.end() ? "" : home->second)) {
    fact.source = source;
    if (!is_image_constant(name)) {
      sink.fact("settings." + name, std::move(fact));
    } else if (fact.is_known() && is_version_constant(name)) {
      fact.standing = Standing::declared;
      const std::string_view short_name = std::string_view(name).substr(name.starts_with("NV_") ? 3 : 0);
      sink.fact("trace.image_" + to_lower(short_name), std::move(fact));
    }
  }
}

void tell_rank(const std::map<std::string, std::string>& environment, TraceSink& sink) {
  constexpr std::pair<const char*, const char*> kLaunchers[] = {
      {"RANK", "WORLD_SIZE"}, {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, {"PMI_RANK", "PMI_SIZE"}};
  for (const auto& [rank_name, size_name] : kLaunchers) {
    const auto rank = environment.find(rank_name), size = environment.find(size_name);
    if (rank == environment.end() || size == environment.end()) continue;
    const auto number = parse_integer(rank->second), of = parse_integer(size->second);
    if (!number || !of || *number < 0 || *number >= *of || *of > INT32_MAX) continue;
    return sink.rank(static_cast<std::int32_t>(*number), static_cast<std::int32_t>(*of));
  }
}

}  // namespace varve
