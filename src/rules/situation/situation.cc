#include "rules/situation/situation.h"

#include <algorithm>
#include <cassert>

#include "base/text.h"
#include "model/fact_catalog.h"
#include "tables/gpu_products.h"

namespace varve {

namespace {
const Fact& fact_in(const Stack& stack, std::string_view id) {
  static const Fact nowhere = missing_fact(Missing::not_applicable, "", "the document has no such fact");
  const auto at = stack.facts.find(std::string(id));
  return at == stack.facts.end() ? nowhere : at->second;
}

std::optional<DottedVersion> version_in(const Stack& stack, std::string_view id) {
  const Fact& fact = fact_in(stack, id);
  if (!fact.is_known()) return std::nullopt;
  return dotted_version_from(value_text(*fact.value));
}

std::vector<std::string> texts_of(const Fact& fact) {
  if (!fact.is_known()) return {};
  if (const auto* list = std::get_if<std::vector<std::string>>(&*fact.value)) return *list;
  return {value_text(*fact.value)};
}

constexpr std::string_view kNvidia = "10de";  // PCI vendor ids
constexpr std::string_view kAmd = "1002", kIntel = "8086";

// Of a text only the model is known.
bool is_of_another_maker(const Gpu& gpu) {
  if (gpu.vendor == kAmd || gpu.vendor == kIntel) return true;
  const std::string model = to_lower(gpu.model);
  return model.find("amd") != std::string::npos || model.find("radeon") != std::string::npos ||
         model.find("intel(r)") != std::string::npos || model.find("intel arc") != std::string::npos;
}

void look_at_gpus(const Stack& machine, Situation& situation) {
  const std::vector<Gpu> all = gpus_with_facts(machine.gpus, machine.facts);
  for (const Gpu& gpu : all) {
    if (!gpu.address.empty() && gpu.vendor == kNvidia) situation.gpus_on_bus.push_back(gpu);
  }
  for (Gpu& gpu : counted_gpus(all)) {
    if (is_of_another_maker(gpu)) continue;
    if (!gpu.listed || gpu.excluded) gpu.model = find_gpu_field("gpu.models")->text(gpu);
    gpu.brand = to_lower(gpu.brand);
    if (!gpu.capability) gpu.capability = capability_of_product(gpu.model);
    situation.gpus.push_back(std::move(gpu));
  }
}

// What the compiler said itself wins over what the tables say of the API level.
void set_ptx_ceiling(Situation& situation) {
  if (const auto asked = version_in(situation.machine, "driver.jit.ptx_isa")) {
    situation.ptx_ceiling = asked;
    situation.ptx_ceiling_source = "driver.jit.ptx_isa";
    return;
  }
  if (!situation.api_level) return;
  const CudaRelease* release = find_release(situation.knowledge, to_string(*situation.api_level));
  const std::string isa = release == nullptr ? "" : release->ptx_isa;
  situation.ptx_ceiling = dotted_version_from(isa);
  situation.ptx_ceiling_source = "CUDA " + to_string(*situation.api_level) + " writes and takes PTX " + isa;
}
}  // namespace

Situation look_at_situation(const Stack& machine, const Stack& subject, const Knowledge& knowledge) {
  Situation situation{.machine = machine, .subject = subject, .knowledge = knowledge};
  situation.kernel_driver = version_in(machine, "driver.kernel_mode.version");
  situation.user_driver = version_in(machine, "driver.user_mode.version");
  situation.api_level = version_in(machine, "driver.api_level");
  situation.jit_targets = texts_of(fact_in(machine, "driver.jit.targets"));
  set_ptx_ceiling(situation);
  look_at_gpus(machine, situation);
  situation.has_gpu = !situation.gpus.empty();
  const Fact& count = fact_in(machine, "gpu.count");  // not applicable with a source: somebody looked
  const bool none = !count.is_known() && count.missing == Missing::not_applicable && !count.source.empty();
  situation.has_no_gpu = !situation.has_gpu && (none || count.is_known());
  return situation;
}

const Fact& fact_of(const Situation& situation, std::string_view id) {
  const FactDefinition* definition = find_fact_definition(id);
  assert(definition != nullptr && "a rule asks for a fact that schema/stack.schema.json does not have");
  const bool of_subject = definition != nullptr && definition->of == FactOwner::subject;
  return fact_in(of_subject ? situation.subject : situation.machine, id);
}

std::optional<std::string> text_of(const Situation& situation, std::string_view id) {
  const Fact& fact = fact_of(situation, id);
  return fact.is_known() ? std::optional(value_text(*fact.value)) : std::nullopt;
}

std::vector<std::string> list_of(const Situation& situation, std::string_view id) {
  return texts_of(fact_of(situation, id));
}

std::optional<double> number_of(const Situation& situation, std::string_view id) {
  const Fact& fact = fact_of(situation, id);
  if (!fact.is_known()) return std::nullopt;
  if (const auto* number = std::get_if<double>(&*fact.value)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&*fact.value)) return static_cast<double>(*integer);
  return std::nullopt;
}

std::optional<DriverFileRole> user_driver_role(const Situation& situation) {
  return driver_file_role_from(text_of(situation, "driver.user_mode.role").value_or(""));
}

bool is_absent(const Situation& situation, std::string_view id) {
  const Fact& fact = fact_of(situation, id);
  return !fact.is_known() && fact.missing == Missing::absent;
}

bool is_a_text(const Situation& situation) { return situation.machine.subject.starts_with("text "); }

bool is_driven_in_text(const Situation& situation) {
  return is_a_text(situation) && situation.kernel_driver && !situation.has_gpu && !situation.has_no_gpu;
}

std::optional<std::string> setting_of(const Situation& situation, std::string_view name) {
  return text_of(situation, "settings." + std::string(name));
}

const Package* find_package(const Environment& environment, std::string_view name) {
  const auto& packages = environment.packages;
  const auto at = std::find_if(packages.begin(), packages.end(), [&](const Package& p) { return p.name == name; });
  return at == packages.end() ? nullptr : &*at;
}

}  // namespace varve
