// What NVML tells about the GPUs, and what can be told without it.
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "driver/nvml.h"
#include "driver/nvml_library.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
// "PCI 10de:2330 (vfio-pci)", as collect_gpus names a GPU that no driver lists.
std::optional<ComputeCapability> capability_of_model(const std::string& model) {
  const std::string pci = "PCI " + std::string(kNvidiaVendor) + ":";
  return model.starts_with(pci) ? capability_of_pci_device(model.substr(pci.size(), 4)) : capability_of_product(model);
}

// By the names of the GPUs, where nobody could ask the driver.
std::optional<Fact> inferred_capabilities(const Facts& facts) {
  const auto models = facts.find("gpu.models");
  if (models == facts.end() || !models->second.is_known()) return std::nullopt;
  std::vector<std::string> capabilities;
  for (const std::string& model : std::get<std::vector<std::string>>(*models->second.value)) {
    const auto capability = capability_of_model(model);
    if (!capability) return missing_fact(Missing::unsupported, "gpu.models", "no row for " + model);
    capabilities.push_back(to_string(*capability));
  }
  return known_fact(std::move(capabilities), "gpu.models", Standing::inferred);
}

const DriverFile* management_library(const Stack& stack) {
  for (const DriverFile& file : stack.driver_files) {
    const bool usable = file.role == DriverFileRole::driver || file.role == DriverFileRole::wsl;
    if (file.library == "libnvidia-ml" && file.loaded_first && usable) return &file;
  }
  return nullptr;
}

// Why NVML was not asked; nothing: ask it. Without a loaded kernel module it has nothing to say but costs a process.
std::optional<Fact> reason_not_to_ask(const Subject& subject, const Stack& stack) {
  const std::string source = "NVML (libnvidia-ml.so.1)";
  if (has_no_gpu(stack.facts)) return missing_fact(Missing::not_applicable, source, "no GPU");
  if (!subject.world.is_this_machine || !subject.options.ask_driver) {
    return missing_fact(Missing::not_asked, source, "only the driver of this machine is asked");
  }
  if (management_library(stack) == nullptr) return missing_fact(Missing::absent, source, "the library was not found");
  return std::nullopt;
}
}  // namespace

void collect_gpu_management(const Subject& subject, Stack& stack) {
  Facts& facts = stack.facts;
  const std::optional<Fact> reason = reason_not_to_ask(subject, stack);
  if (reason) {
    for (const NvmlQuestion& question : nvml_gpu_questions()) facts.emplace(question.fact, *reason);
  } else {
    const NvmlAnswer answer = ask_nvml("libnvidia-ml.so.1");
    for (auto& [id, fact] : nvml_facts(answer)) {
      // What the driver's own files said stays where NVML has no answer.
      if (fact.is_known() || !facts[id].is_known()) facts[id] = std::move(fact);
    }
  }
  Fact& capabilities = facts["gpu.compute_capabilities"];
  if (capabilities.is_known() || has_no_gpu(facts)) return;
  if (const std::optional<Fact> inferred = inferred_capabilities(facts)) capabilities = *inferred;
}

}  // namespace varve
