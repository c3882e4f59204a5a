#include "harness/continuing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "harness/plan.h"

namespace varve {

namespace {
std::map<std::string, std::string> digests_of(const std::vector<NamedFile>& files) {
  std::map<std::string, std::string> digests;
  for (const NamedFile& file : files) digests[file.path] = file.digest;
  return digests;
}

std::map<std::string, std::string> settings_of(const Variant& variant) {
  std::map<std::string, std::string> settings;
  for (const auto& [name, fact] : variant.settings) settings[name] = fact_text(fact);
  return settings;
}

// The first name whose value is another; empty: none.
std::string first_difference(const std::map<std::string, std::string>& before,
                             const std::map<std::string, std::string>& now) {
  for (const auto& [name, value] : before) {
    const auto other = now.find(name);
    if (other == now.end() || other->second != value) return name;
  }
  for (const auto& [name, value] : now) {
    if (!before.contains(name)) return name;
  }
  return "";
}

std::string another_variant(const Variant& before, const Variant& now) {
  const auto changed = [&](const std::string& what) { return fmt::format("{} of variant {}", what, now.name); };
  if (before.command != now.command) {
    return changed("the command") +
           fmt::format(" was: {}; it is now: {}", join(before.command, " "), join(now.command, " "));
  }
  if (before.directory != now.directory) return changed("the working directory") + " is another";
  if (before.environment != now.environment) return changed("what is set in the environment") + " is another";
  if (const std::string name = first_difference(settings_of(before), settings_of(now)); !name.empty()) {
    return changed("the setting " + name) + " is another";
  }
  if (before.program_digest != now.program_digest) return changed("the program " + now.program) + " is another file";
  if (const std::string path = first_difference(digests_of(before.files), digests_of(now.files)); !path.empty()) {
    return changed("the file " + path) + " is another";
  }
  if (before.server.has_value() != now.server.has_value() ||
      (now.server && (before.server->command != now.server->command || before.server->lives != now.server->lives))) {
    return changed("the server") + " is another";
  }
  if (now.server && before.server->program_digest != now.server->program_digest) {
    return changed("the server's program " + now.server->program) + " is another file";
  }
  if (!now.server) return "";
  const std::string path = first_difference(digests_of(before.server->files), digests_of(now.server->files));
  return path.empty() ? "" : changed("the server's file " + path) + " is another";
}

// Of a run that is taken up again: the rounds of which every unit ended well.
int finished_rounds(const Run& run) {
  std::map<int, std::set<std::string>> rounds;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::timing && unit.end.ok()) {
      rounds[unit.pair < 0 ? unit.block : unit.pair].insert(unit.variant);
    }
  }
  return static_cast<int>(std::count_if(rounds.begin(), rounds.end(),
                                        [&](const auto& round) { return round.second.size() == run.variants.size(); }));
}
}  // namespace

std::string what_is_another(const Run& run, const std::vector<PreparedVariant>& variants) {
  if (run.variants.size() != variants.size()) {
    return fmt::format("it has {} variants, and {} are given", run.variants.size(), variants.size());
  }
  for (std::size_t side = 0; side < variants.size(); ++side) {
    std::string other = another_variant(run.variants[side], variants[side].document);
    if (!other.empty()) return other;
  }
  return "";
}

int rounds_to_execute(const RunPlan& plan, const Run& run) {
  if (!plan.continues) return plan.units;
  if (plan.continues->add_units > 0) return plan.continues->add_units;
  return std::max(0, plan.units - finished_rounds(run));
}

int first_new_round(const Run& run) {
  int last = -1;
  for (const Unit& unit : run.units) {
    if (unit.role == UnitRole::timing) last = std::max(last, unit.pair < 0 ? unit.block : unit.pair);
  }
  return run.variants.size() > 1 ? next_block(last + 1) : last + 1;
}

}  // namespace varve
