#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/finding.h"
#include "rules/analysis/analysis.h"

namespace varve {

using About = FindingSubject::Kind;

// What a rule found. Empty texts and no severity: as the rule's row says.
struct Found {
  std::string evidence;  // what was seen, with the facts' values: one sentence
  std::optional<Severity> severity = {};
  std::string consequence = {}, fix = {}, source = {};
  std::optional<Mender> mender = {};
  std::vector<FindingSubject> about = {};  // as Finding::about
  std::optional<FaultCategory> category = {};
};

// One rule. A row stands in the file of its cause, behind the function that judges it; docs/rules/ is generated from
// the rows.
struct Rule {
  const char* id;  // stable: "VRV-DRIVER-CEILING"
  Layer layer;
  Severity severity;
  Mender mender;
  FaultCategory category;
  // Facts; when one of them is unknown (not absent), the rule cannot tell and is not called.
  std::vector<const char*> needs = {};
  // Rules that say it better: where one of them finds something, this one is silent.
  std::vector<const char*> yields_to = {};
  const char* statement;                                  // what must hold, in one sentence
  const char* consequence;                                // what follows when it does not
  const char* fix;                                        // what to do
  const char* source;                                     // what it rests on
  std::vector<Found> (*judge)(const Analysis& analysis);  // empty: it holds
};

}  // namespace varve
