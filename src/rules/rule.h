#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/check_result.h"
#include "model/finding.h"
#include "rules/situation.h"

namespace varve {

// What a rule found. Empty texts and no severity: as the rule's row says.
struct Found {
  std::string evidence;  // what was seen, with the facts' values: one sentence
  std::optional<Severity> severity = {};
  std::string consequence = {}, fix = {};
  std::optional<Mender> mender = {};
};

// One rule. Rows stand in tables by area (rules/*/*_rules.cc); docs/rules/ is generated from them.
struct Rule {
  const char* id;  // stable: "VRV-DRIVER-CEILING"
  Layer layer;
  Severity severity;
  Mender mender;
  // What kind of fault: "driver_ceiling", "kernel_coverage", "user_kernel_mismatch", "library_mix", "framework_bundle",
  // "host_toolkit", "container", "device_handshake", "silent_slowdown".
  const char* category;
  std::vector<const char*> needs;  // facts; when one is unknown (not absent), the rule cannot tell and is not called
  const char* statement;           // what must hold, in one sentence
  const char* consequence;         // what follows when it does not
  const char* fix;                 // what to do
  const char* source;              // what it rests on
  std::vector<Found> (*judge)(const Situation& situation);  // empty: it holds
};

// All rules, by area and then as their tables list them.
const std::vector<const Rule*>& all_rules();
const Rule* find_rule(std::string_view id);

// The tables, one a file.
const std::vector<Rule>& driver_rules();     // halves, files, ceilings: the two halves of the driver by themselves
const std::vector<Rule>& device_rules();     // what stands between driver and GPU: modules, nodes, fabric, bus
const std::vector<Rule>& container_rules();  // container runtime, visible devices, cgroup
const std::vector<Rule>& runtime_rules();    // driver against bundled runtimes, forward compatibility, GPU code
const std::vector<Rule>& library_rules();    // mixes, shadowed libraries, unresolved symbols
const std::vector<Rule>& framework_rules();  // builds and their extensions
const std::vector<Rule>& toolkit_rules();    // host toolkits and what names them
const std::vector<Rule>& speed_rules();      // settings and versions that change speed silently

// Judges all rules: findings by severity, in the order of the rules; what could not be told.
struct Judgement {
  std::vector<Finding> findings;
  std::vector<UntoldRule> untold;
};
Judgement judge_rules(const Situation& situation);

// The verdict on every consumer (rules/consumer/consumer_verdict.cc).
std::vector<ConsumerVerdict> judge_consumers(const Situation& situation);

}  // namespace varve
