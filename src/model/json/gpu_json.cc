#include <nlohmann/json.hpp>

#include "model/json/stack_parts_json.h"

namespace varve {

namespace {
constexpr std::pair<const char*, std::string Gpu::*> kTexts[] = {
    {"address", &Gpu::address}, {"vendor", &Gpu::vendor},
    {"device", &Gpu::device},   {"bound_driver", &Gpu::bound_driver},
    {"windows", &Gpu::windows}, {"iommu", &Gpu::iommu},
    {"model", &Gpu::model},     {"brand", &Gpu::brand},
    {"vbios", &Gpu::vbios},     {"architecture", &Gpu::architecture},
    {"numa", &Gpu::numa},       {"gsp_firmware", &Gpu::gsp_firmware},
    {"uuid", &Gpu::uuid},       {"driver_model", &Gpu::driver_model},
};
constexpr std::pair<const char*, std::optional<std::int64_t> Gpu::*> kIntegers[] = {
    {"memory_mib", &Gpu::memory_mib},
    {"clock_sm_max_mhz", &Gpu::clock_sm_max_mhz},
    {"clock_memory_max_mhz", &Gpu::clock_memory_max_mhz},
};
constexpr std::pair<const char*, std::optional<double> Gpu::*> kNumbers[] = {
    {"power_limit_watts", &Gpu::power_limit_watts},
    {"power_limit_default_watts", &Gpu::power_limit_default_watts},
};
constexpr std::pair<const char*, std::optional<PcieLink> Gpu::*> kLinks[] = {
    {"pcie", &Gpu::pcie},
    {"pcie_max", &Gpu::pcie_max},
};
constexpr std::pair<const char*, std::optional<GpuMode> Gpu::*> kModes[] = {{"ecc", &Gpu::ecc}, {"mig", &Gpu::mig}};

// Two integers that belong together.
template <class Pair>
std::optional<Pair> pair_from(const Fields& fields, const char* key, const char* first, const char* second) {
  if (!fields.has(key)) return std::nullopt;
  const Fields row = fields.object(key);
  return Pair{row.integer(first), row.integer(second)};
}
}  // namespace

Json gpu_to_json(const Gpu& gpu) {
  Json json{{"listed", gpu.listed}};
  for (const auto& [key, member] : kTexts) {
    if (!(gpu.*member).empty()) json[key] = gpu.*member;
  }
  for (const auto& [key, member] : kIntegers) {
    if (gpu.*member) json[key] = *(gpu.*member);
  }
  for (const auto& [key, member] : kNumbers) {
    if (gpu.*member) json[key] = *(gpu.*member);
  }
  for (const auto& [key, member] : kLinks) {
    if (gpu.*member) json[key] = {{"generation", (gpu.*member)->generation}, {"lanes", (gpu.*member)->lanes}};
  }
  for (const auto& [key, member] : kModes) {
    if (gpu.*member) json[key] = {{"on", (gpu.*member)->on}, {"on_after_reset", (gpu.*member)->on_after_reset}};
  }
  if (gpu.excluded) json["excluded"] = true;
  if (gpu.capability) json["capability"] = to_string(*gpu.capability);
  if (gpu.application_clocks) {
    json["application_clocks"] = {{"sm_mhz", gpu.application_clocks->sm_mhz},
                                  {"memory_mhz", gpu.application_clocks->memory_mhz}};
  }
  if (gpu.nvlink) json["nvlink"] = {{"active", gpu.nvlink->active}, {"all", gpu.nvlink->all}};
  if (gpu.persistence) json["persistence"] = *gpu.persistence;
  if (gpu.compute_mode) json["compute_mode"] = std::string(to_string(*gpu.compute_mode));
  return json;
}

Gpu gpu_from(const Fields& fields) {
  Gpu gpu;
  gpu.listed = fields.flag("listed", false);
  gpu.excluded = fields.flag("excluded", false);
  for (const auto& [key, member] : kTexts) gpu.*member = fields.text(key);
  for (const auto& [key, member] : kIntegers) gpu.*member = fields.optional_integer(key);
  for (const auto& [key, member] : kNumbers) gpu.*member = fields.optional_number(key);
  for (const auto& [key, member] : kLinks) gpu.*member = pair_from<PcieLink>(fields, key, "generation", "lanes");
  for (const auto& [key, member] : kModes) {
    if (!fields.has(key)) continue;
    const Fields mode = fields.object(key);
    gpu.*member = GpuMode{mode.flag("on", false), mode.flag("on_after_reset", false)};
  }
  if (fields.has("capability")) {
    gpu.capability = compute_capability_from(fields.text("capability"));
    if (!gpu.capability) fields.reject("capability", "it is no compute capability");
  }
  gpu.application_clocks = pair_from<GpuClocks>(fields, "application_clocks", "sm_mhz", "memory_mhz");
  gpu.nvlink = pair_from<NvLinks>(fields, "nvlink", "active", "all");
  if (fields.has("persistence")) gpu.persistence = fields.flag("persistence", false);
  gpu.compute_mode = fields.optional_word("compute_mode", compute_mode_from);
  return gpu;
}

}  // namespace varve
