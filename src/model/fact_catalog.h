#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/fact.h"

namespace varve {

// What a fact says something about, where a subject is judged on another machine (an image, a supposed driver).
enum class FactOwner { machine, subject };

// What is the same for a fact in every stack. One row is one property of "facts" in schema/stack.schema.json, which
// is embedded at build time: a new fact is one property there.
struct FactDefinition {
  std::string id;  // "cpu.model", or a pattern's prefix with a star: "settings.*"
  Layer layer = Layer::hardware;
  std::string title;      // "CPU model"
  std::string unit;       // "bytes", "s", or empty
  bool identity = false;  // x-identity: enters the digest of the stack; does not move while nothing is changed
  FactOwner of = FactOwner::machine;  // x-of: "subject" for what belongs to the software that is judged
  bool control = false;               // x-control: must be the same on both sides of a controlled comparison
  bool by_depth = false;  // x-by-depth: captures that read whole sections (Stack::exact) see more than others
};

// In the order of the schema file, which is the order in which tables show them.
const std::vector<FactDefinition>& fact_catalog();

// The row for an id, or nullptr for an id the schema does not know (a document of a newer Varve).
const FactDefinition* find_fact_definition(std::string_view id);

}  // namespace varve
