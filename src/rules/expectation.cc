#include "rules/expectation.h"

#include <map>

#include "model/fact_catalog.h"

namespace varve {

namespace {
bool was_not_looked_at(const Fact& fact) {
  return !fact.is_known() && (fact.missing == Missing::not_asked || fact.source.empty());
}

std::map<std::string, std::string> packages_of(const Environment& environment) {
  std::map<std::string, std::string> versions;
  for (const Package& package : environment.packages) versions.emplace(package.name, package.version);
  return versions;
}

Fact version_fact(const std::map<std::string, std::string>& packages, const std::string& name,
                  const std::string& environment) {
  const auto at = packages.find(name);
  return at == packages.end() ? missing_fact(Missing::absent, environment, "not installed")
                              : known_fact(at->second, environment);
}

// Packages of an environment that both know, by the paths of the environments.
void add_package_drift(const Environment& before, const Environment& after, std::vector<Drift>& drift) {
  const std::map<std::string, std::string> was = packages_of(before), is = packages_of(after);
  std::map<std::string, std::string> all = was;
  all.insert(is.begin(), is.end());
  for (const auto& [name, version] : all) {
    Fact old_version = version_fact(was, name, before.path), new_version = version_fact(is, name, after.path);
    if (same_fact(old_version, new_version)) continue;
    drift.push_back({.change = {.id = "package." + name + " in " + after.path,
                                .before = std::move(old_version),
                                .after = std::move(new_version)},
                     .matters = true});
  }
}
}  // namespace

std::vector<Drift> drift_since(const Stack& lock, const Stack& now) {
  std::vector<Drift> drift;
  for (FactChange& change : changed_facts(lock, now)) {
    if (was_not_looked_at(change.before) || was_not_looked_at(change.after)) continue;
    const FactDefinition* definition = find_fact_definition(change.id);
    drift.push_back({.change = std::move(change), .matters = definition != nullptr && definition->identity});
  }
  for (const Environment& before : lock.environments) {
    for (const Environment& after : now.environments) {
      if (before.path == after.path) add_package_drift(before, after, drift);
    }
  }
  return drift;
}

}  // namespace varve
