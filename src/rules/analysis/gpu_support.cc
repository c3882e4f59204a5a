// Whether a driver knows a GPU.
#include <fmt/format.h>

#include <algorithm>

#include "rules/analysis/gpu_code.h"

namespace varve {

namespace {
std::vector<ComputeCapability> recorded_targets(const Situation& situation) {
  std::vector<ComputeCapability> targets;
  for (const std::string& name : situation.jit_targets) {
    if (const auto target = compute_capability_from(name)) targets.push_back(*target);  // "sm_90a" is none of its own
  }
  std::sort(targets.begin(), targets.end());
  return targets;
}

std::string is_newer_than_data(const Situation& situation, std::string_view what) {
  return fmt::format("{} is newer than the data of {}", what, situation.knowledge.date);
}

GpuSupportVerdict by_compiler(const Situation& situation, const ServingDriver& driver, ComputeCapability gpu,
                              const std::vector<ComputeCapability>& targets) {
  const std::string name = gpu_words(situation, gpu), words = driver_words(driver);
  if (std::binary_search(targets.begin(), targets.end(), gpu)) {
    return {GpuSupport::known, fmt::format("the compiler of {} knows {}", words, name)};
  }
  const GpuArchitecture* row = find_architecture(situation.knowledge, gpu);
  const bool dropped = row == nullptr
                           ? gpu < targets.front()
                           : row->last_branch != 0 && driver.version && driver.version->major() > row->last_branch;
  if (dropped || gpu < targets.front()) {
    return {GpuSupport::dropped,
            fmt::format("{} no longer serves {}: its compiler begins at {}", words, name, to_string(targets.front()))};
  }
  if (row == nullptr && is_newer_gpu(situation.knowledge, gpu)) {
    return {GpuSupport::untold, is_newer_than_data(situation, name) + ", and the compiler was not asked for it"};
  }
  return {GpuSupport::too_new,
          fmt::format("the compiler of {} does not know {}: it ends at {}", words, name, to_string(targets.back()))};
}

// What the branch below offers; a compat libcuda says nothing about the kernel driver.
std::optional<DottedVersion> own_level(const Situation& situation, const ServingDriver& driver, int branch) {
  if (!driver.compat && driver.api_level) return driver.api_level;
  const DriverBranch* row = branch_of(situation.knowledge, {.parts = {branch}});
  return row == nullptr ? std::nullopt : dotted_version_from(row->cuda);
}

// Where the first branch is not known: a driver brings the compiler of the CUDA release that it offers.
GpuSupportVerdict support_by_level(const Situation& situation, const ServingDriver& driver, const GpuArchitecture& row,
                                   int branch) {
  const std::string name = gpu_words(situation, row.capability), words = driver_words(driver);
  const auto level = own_level(situation, driver, branch), first = dotted_version_from(row.first_cuda);
  if (!level || !first) {
    return {GpuSupport::untold, fmt::format("which driver first knew {} is not in the tables", name)};
  }
  if (*level < *first) {
    return {GpuSupport::too_new, fmt::format("{} came with CUDA {}, and there is {}", name, row.first_cuda, words)};
  }
  return {GpuSupport::known, fmt::format("{} knows {} (since CUDA {})", words, name, row.first_cuda)};
}

GpuSupportVerdict by_branch(const Situation& situation, const ServingDriver& driver, const GpuArchitecture& row,
                            int branch) {
  const std::string name = gpu_words(situation, row.capability), words = driver_words(driver);
  if (branch < row.first_branch) {
    return {GpuSupport::too_new,
            fmt::format("{} needs a driver of branch {} or newer, and there is {}", name, row.first_branch, words)};
  }
  if (row.last_branch != 0 && branch > row.last_branch) {
    return {GpuSupport::dropped,
            fmt::format("{} is served up to branch {}, and there is {}", name, row.last_branch, words)};
  }
  if (row.first_branch == 0) return support_by_level(situation, driver, row, branch);
  return {GpuSupport::known, fmt::format("{} knows {} (since branch {})", words, name, row.first_branch)};
}

// NVML of the running driver named the GPU, so the driver knows it whatever the tables say.
bool is_listed_by_driver(const Situation& situation, const ServingDriver& driver) {
  const Fact& capabilities = fact_of(situation, "gpu.compute_capabilities");
  const Fact& kernel = fact_of(situation, "driver.kernel_mode.version");
  return !driver.of_subject && capabilities.is_known() && capabilities.standing == Standing::recorded &&
         capabilities.source.find("nvml") != std::string::npos && kernel.is_known() &&
         kernel.standing == Standing::recorded;
}

GpuSupportVerdict judge_support(const Situation& situation, const ServingDriver& driver, ComputeCapability gpu) {
  if (!driver.of_subject) {
    const std::vector<ComputeCapability> targets = recorded_targets(situation);
    if (!targets.empty()) return by_compiler(situation, driver, gpu, targets);
  }
  if (is_listed_by_driver(situation, driver)) {
    return {GpuSupport::known, fmt::format("{} lists {}", driver_words(driver), gpu_words(situation, gpu))};
  }
  const Knowledge& knowledge = situation.knowledge;
  const GpuArchitecture* row = find_architecture(knowledge, gpu);
  if (row == nullptr) {
    const std::string name = gpu_words(situation, gpu);
    return {GpuSupport::untold, is_newer_gpu(knowledge, gpu) ? is_newer_than_data(situation, name)
                                                             : "which drivers know " + name + " is not in the tables"};
  }
  // A compat libcuda stands on the kernel driver, and that is the one that must know the GPU.
  const std::optional<DottedVersion>& version = driver.compat || !driver.version ? driver.kernel : driver.version;
  if (!version) return {GpuSupport::untold, "the version of the driver is not known"};
  if (is_jetson_driver(*version)) return support_by_level(situation, driver, *row, version->major());
  if (is_newer_driver(knowledge, *version)) {
    return {GpuSupport::untold, is_newer_than_data(situation, "driver " + to_string(*version))};
  }
  return by_branch(situation, driver, *row, version->major());
}
}  // namespace

std::vector<ComputeCapability> capabilities_of(const Situation& situation) {
  std::vector<ComputeCapability> capabilities;
  for (const Gpu& gpu : situation.gpus) {
    if (gpu.capability) capabilities.push_back(*gpu.capability);
  }
  std::sort(capabilities.begin(), capabilities.end());
  capabilities.erase(std::unique(capabilities.begin(), capabilities.end()), capabilities.end());
  return capabilities;
}

std::string gpu_words(const Situation& situation, ComputeCapability capability) {
  const std::string number = to_string(capability);
  for (const Gpu& gpu : situation.gpus) {
    if (gpu.capability != capability || gpu.model.empty()) continue;
    return gpu.model.find(number) != std::string::npos ? gpu.model : fmt::format("{} ({})", gpu.model, number);
  }
  return "a GPU of compute capability " + number;
}

GpuSupportVerdict judge_gpu_support(const Situation& situation, const ServingDriver& driver, ComputeCapability gpu) {
  GpuSupportVerdict verdict = judge_support(situation, driver, gpu);
  verdict.gpu = gpu;
  return verdict;
}

std::vector<GpuSupportVerdict> judge_gpus(const Situation& situation, const ServingDriver& driver) {
  std::vector<GpuSupportVerdict> verdicts;
  for (const ComputeCapability gpu : capabilities_of(situation)) {
    verdicts.push_back(judge_gpu_support(situation, driver, gpu));
  }
  return verdicts;
}

}  // namespace varve
