#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dotted_version.h"
#include "model/stack.h"
#include "tables/knowledge.h"

namespace varve {

// What rules look at: decoded facts, so that a rule is a comparison and a sentence. Borrows everything it points to.
struct Situation {
  const Stack& machine;  // whose kernel driver, user driver, GPUs, container and settings count
  const Stack& subject;  // whose environments, binaries, toolkits and image count; often the same
  const Knowledge& knowledge;

  std::optional<DottedVersion> kernel_driver, user_driver, api_level;
  std::optional<DottedVersion> ptx_ceiling;  // recorded by the compiler, else from the tables by the API level
  std::string ptx_ceiling_source;
  std::vector<std::string> jit_targets;  // "sm_90": what the compiler said it compiles for; empty: not asked
  bool has_gpu = false;                  // one is on the bus, or was supposed
  bool has_no_gpu = false;               // somebody looked, there is none
  // NVIDIA's GPUs of gpu.count, the brand in small letters, the capability by the tables where nobody was asked. One
  // that no driver lists has its PCI ids for a model: "PCI 10de:2330 (vfio-pci)".
  std::vector<Gpu> gpus;
  std::vector<Gpu> gpus_on_bus;  // NVIDIA's, whether or not a driver lists them
};

Situation look_at_situation(const Stack& machine, const Stack& subject, const Knowledge& knowledge);

// A fact by its id: of the machine or of the subject, as schema/stack.schema.json says of it (x-of). One that is in no
// document is not applicable. The id must be one of the schema's.
const Fact& fact_of(const Situation& situation, std::string_view id);
std::optional<std::string> text_of(const Situation& situation, std::string_view id);  // nothing when it is missing
std::vector<std::string> list_of(const Situation& situation, std::string_view id);    // one text is a list of one
std::optional<double> number_of(const Situation& situation, std::string_view id);
// Of the libcuda that the loader finds first; nothing: none, or it is not known.
std::optional<DriverFileRole> user_driver_role(const Situation& situation);
bool is_absent(const Situation& situation, std::string_view id);  // somebody looked, there is none
bool is_a_text(const Situation& situation);                       // somebody wrote of the machine, nobody looked
// Of a text that names no GPU: a driver of NVIDIA's runs, so that there is one.
bool is_driven_in_text(const Situation& situation);
// A setting of the subject: "settings.LD_LIBRARY_PATH" is asked for as "LD_LIBRARY_PATH".
std::optional<std::string> setting_of(const Situation& situation, std::string_view name);

// The version of a package of an environment; nothing when it is not there.
const Package* find_package(const Environment& environment, std::string_view name);

}  // namespace varve
