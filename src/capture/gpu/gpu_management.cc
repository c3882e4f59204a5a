// What NVML tells about the GPUs, and what can be told without it.
#include "base/text.h"
#include "capture/gpu/collect_gpu.h"
#include "capture/gpu/nvidia.h"
#include "driver/nvml.h"
#include "driver/nvml_library.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
std::string model_of(const Gpu& gpu) { return find_gpu_field("gpu.models")->text(gpu); }

std::optional<ComputeCapability> inferred_capability(const Gpu& gpu) {
  if (gpu.listed) return capability_of_product(gpu.model);
  return gpu.vendor == kNvidiaVendor ? capability_of_pci_device(gpu.device) : std::nullopt;
}

// By the names of the GPUs, where nobody could ask the driver.
std::optional<Fact> infer_capabilities(Stack& stack) {
  const auto models = stack.facts.find("gpu.models");
  if (models == stack.facts.end() || !models->second.is_known()) return std::nullopt;
  for (Gpu& gpu : stack.gpus) {
    if (!gpu.capability) gpu.capability = inferred_capability(gpu);
  }
  const std::vector<Gpu> gpus = counted_gpus(stack.gpus);
  for (const Gpu& gpu : gpus) {
    if (!gpu.capability) return missing_fact(Missing::unsupported, "gpu.models", "no row for " + model_of(gpu));
  }
  return known_fact(gpu_texts(gpus, "gpu.compute_capabilities", ""), "gpu.models", Standing::inferred);
}

// What NVML says of its GPUs; those that it does not list are none of this container's.
void keep_gpus(const NvmlAnswer& answer, std::vector<Gpu>& gpus) {
  if (answer.gpus.empty()) return;
  for (Gpu& gpu : gpus) gpu.listed = false;
  for (const NvmlGpu& said : answer.gpus) {
    Gpu& gpu = said.pci_address.empty() ? gpus.emplace_back() : gpu_at(gpus, clean_utf8(said.pci_address, 32));
    gpu.listed = true;
    for (const auto& [id, fact] : said.facts) {
      if (fact.is_known()) find_gpu_field(id)->read(value_text(*fact.value), gpu);
    }
  }
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
    keep_gpus(answer, stack.gpus);
    for (auto& [id, fact] : nvml_facts(answer)) {
      // What the driver's own files said stays where NVML has no answer.
      if (fact.is_known() || !facts[id].is_known()) facts[id] = std::move(fact);
    }
  }
  Fact& capabilities = facts["gpu.compute_capabilities"];
  if (capabilities.is_known() || has_no_gpu(facts)) return;
  if (const std::optional<Fact> inferred = infer_capabilities(stack)) capabilities = *inferred;
}

}  // namespace varve
