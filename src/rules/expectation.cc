#include "rules/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "model/answers/environment_pair.h"
#include "model/consumer.h"
#include "model/fact_catalog.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::size_t kShownBuildId = 12;                // digits
constexpr const char* kUnread = "settings.environment";  // there where the variables could not be read

// A part that is no fact: its own words, and what stands for it on either side.
Drift drift_of(const std::string& id, Fact before, Fact after) {
  return {.change = {.id = id, .before = std::move(before), .after = std::move(after)}, .matters = true};
}

bool was_not_looked_at(const Fact& fact) {
  return !fact.is_known() && (fact.missing == Missing::not_asked || fact.source.empty());
}

// A variable that is not set was looked for, and that is a state like any other; but another Varve may have had another
// list of names. Nothing: it cannot be told.
std::optional<Fact> setting_of(const Stack& stack, const std::string& id, bool same_names) {
  if (const auto at = stack.facts.find(id); at != stack.facts.end()) return at->second;
  if (!same_names || stack.facts.contains(kUnread)) return std::nullopt;
  return missing_fact(Missing::absent, "environment", "not set");
}

// Lists of which a text may show a part, and places that it names otherwise.
bool is_partial_in_texts(std::string_view id) {
  for (const std::string_view partial : {"os.gpu_packages", "kernel.log.nvidia", "environments.frameworks",
                                         "environments.runtimes", "toolkit.active", "toolkit.nvcc.version"}) {
    if (id == partial) return true;
  }
  return false;
}

// Of a text: its list may be cut, its version shortened ("550.54" of "550.54.15").
bool may_be_the_same(const FactChange& change) {
  if (is_partial_in_texts(change.id)) return true;
  if (!change.before.is_known() || !change.after.is_known()) return true;
  const std::string a = value_text(*change.before.value), b = value_text(*change.after.value);
  return a.starts_with(b) || b.starts_with(a) || a.find("not stated") != std::string::npos ||
         b.find("not stated") != std::string::npos;
}

void add_fact_drift(const Stack& lock, const Stack& now, std::vector<Drift>& drift) {
  const bool same_varve = lock.tool_version == now.tool_version;
  const bool by_text = is_of_text(lock) || is_of_text(now);
  for (FactChange& change : changed_facts(lock, now)) {
    if (by_text && may_be_the_same(change)) continue;
    const FactDefinition* definition = find_fact_definition(change.id);
    if (definition != nullptr && definition->by_depth && lock.exact != now.exact) continue;
    if (change.id.starts_with("settings.") && change.id != kUnread) {
      std::optional<Fact> before = setting_of(lock, change.id, same_varve), after = setting_of(now, change.id, true);
      if (!before || !after) continue;
      change.before = std::move(*before);
      change.after = std::move(*after);
    }
    if (was_not_looked_at(change.before) || was_not_looked_at(change.after)) continue;
    drift.push_back({.change = std::move(change), .matters = definition != nullptr && definition->identity});
  }
}

std::map<std::string, std::string> packages_of(const Environment& environment) {
  std::map<std::string, std::string> versions;
  for (const Package& package : environment.packages) versions.emplace(package.name, package.version);
  return versions;
}

Fact version_fact(const std::map<std::string, std::string>& packages, const std::string& name,
                  const std::string& environment) {
  const auto at = packages.find(name);
  if (at != packages.end()) return known_fact(at->second, environment);
  // One that no row names is kept for its files: where they are gone, nobody has looked whether it is installed.
  const bool by_name = find_package_row(normal_package_name(name)) != nullptr;
  return missing_fact(Missing::absent, environment,
                      by_name ? "not installed" : "not installed, or no file of it uses CUDA");
}

// Packages by environment and name: "/venv\ntorch".
using PackageKeys = std::set<std::string>;

std::string package_key(const std::string& environment, const std::string& package) {
  return environment + "\n" + package;
}

// Packages of an environment that both know, by the paths of the environments. Another Varve may know other packages:
// then those that only the newer list has are passed over. Those that moved are added to `moved`.
void add_package_drift(const Environment& before, const Environment& after, bool same_varve, PackageKeys& moved,
                       std::vector<Drift>& drift) {
  const std::map<std::string, std::string> was = packages_of(before), is = packages_of(after);
  std::map<std::string, std::string> all = was;
  if (same_varve) all.insert(is.begin(), is.end());
  for (const auto& [name, version] : all) {
    Fact old_version = version_fact(was, name, before.path), new_version = version_fact(is, name, after.path);
    if (same_fact(old_version, new_version)) continue;
    moved.insert(package_key(after.path, name));
    drift.push_back(drift_of("package." + name + " in " + after.path, std::move(old_version), std::move(new_version)));
  }
}

// Of a text: packages that both list. What one does not list may be there all the same.
void add_text_drift(const EnvironmentPair& pair, std::vector<Drift>& drift) {
  if (pair.a == nullptr) return;
  const std::map<std::string, std::string> was = packages_of(*pair.a), is = packages_of(*pair.b);
  for (const auto& [name, version] : was) {
    const auto at = is.find(name);
    if (at == is.end() || may_be_same_release(version, at->second)) continue;
    drift.push_back(
        drift_of("package." + name, known_fact(version, pair.a->path), known_fact(at->second, pair.b->path)));
  }
}

// "2.27.5, build id 3f2a61c09b1e, 412 MiB"
Fact file_fact(const Binary& binary) {
  std::vector<std::string> words;
  if (binary.version.is_known()) words.push_back(value_text(*binary.version.value));
  if (!binary.build_id.empty()) words.push_back("build id " + binary.build_id.substr(0, kShownBuildId));
  if (binary.bytes > 0) words.push_back(format_bytes(static_cast<std::uint64_t>(binary.bytes)));
  return known_fact(words.empty() ? "there" : join(words, ", "), binary.path);
}

// Whether it is another file, as far as both captures tell: by build id and size, else by what it says of its version.
bool is_another(const Binary& before, const Binary& after) {
  if (before.bytes > 0 && after.bytes > 0 && before.bytes != after.bytes) return true;
  if (!before.build_id.empty() && !after.build_id.empty()) return before.build_id != after.build_id;
  if (before.build_id.empty() != after.build_id.empty()) return true;
  return before.version.is_known() && after.version.is_known() && !same_fact(before.version, after.version);
}

using BinariesByPath = std::map<std::string, const Binary*>;

// Of environments and toolkits: what lies there is listed whole, however deep a capture looked. Files from elsewhere
// are listed as somebody loads them.
BinariesByPath held_binaries(const Stack& stack, const std::set<std::string>& places) {
  BinariesByPath binaries;
  for (const Binary& binary : stack.binaries) {
    if (places.contains(binary.environment)) binaries.emplace(binary.path, &binary);
  }
  return binaries;
}

// Environments and toolkits that both know.
std::set<std::string> common_places(const Stack& lock, const Stack& now) {
  const auto places_of = [](const Stack& stack) {
    std::set<std::string> places;
    for (const Environment& environment : stack.environments) places.insert(environment.path);
    for (const Toolkit& toolkit : stack.toolkits) places.insert(toolkit.path);
    return places;
  };
  std::set<std::string> common = places_of(lock);
  const std::set<std::string> other = places_of(now);
  std::erase_if(common, [&](const std::string& place) { return !other.contains(place); });
  return common;
}

// Whether the same bytes stand under the same file name elsewhere in the place: a link that leads to another copy.
bool is_same_copy(const Binary& before, const BinariesByPath& is) {
  return !before.build_id.empty() && std::any_of(is.begin(), is.end(), [&](const auto& entry) {
    const Binary& after = *entry.second;
    return after.environment == before.environment && file_name(after.path) == file_name(before.path) &&
           after.build_id == before.build_id && after.bytes == before.bytes;
  });
}

// Programs that are judged by themselves, not as a part of an environment: where both looked at one, it is the same
// file or another.
void add_program_drift(const Stack& lock, const Stack& now, std::vector<Drift>& drift) {
  BinariesByPath was;
  for (const Binary& binary : lock.binaries) {
    if (binary.environment.empty()) was.emplace(binary.path, &binary);
  }
  std::set<std::string> programs;
  for (const Consumer& consumer : now.consumers) {
    if (consumer.kind == ConsumerKind::binary) programs.insert(consumer.name);
  }
  for (const Binary& after : now.binaries) {
    const auto at = was.find(after.path);
    if (!after.environment.empty() || !programs.contains(after.path) || at == was.end()) continue;
    if (is_another(*at->second, after)) {
      drift.push_back(drift_of("file " + after.path, file_fact(*at->second), file_fact(after)));
    }
  }
}

// A package that moved has moved with its files.
void add_file_drift(const Stack& lock, const Stack& now, const PackageKeys& moved, std::vector<Drift>& drift) {
  const std::set<std::string> places = common_places(lock, now);
  const BinariesByPath was = held_binaries(lock, places), is = held_binaries(now, places);
  const auto is_told = [&](const Binary& binary) {
    return moved.contains(package_key(binary.environment, binary.package));
  };
  for (const auto& [path, before] : was) {
    const auto at = is.find(path);
    if (is_told(*before) || (at != is.end() && !is_another(*before, *at->second))) continue;
    if (at == is.end() && is_same_copy(*before, is)) continue;
    Fact after = at == is.end() ? missing_fact(Missing::absent, path, "not there") : file_fact(*at->second);
    drift.push_back(drift_of("file " + path, file_fact(*before), std::move(after)));
  }
  if (lock.tool_version != now.tool_version) return;  // which may look for other files
  for (const auto& [path, after] : is) {
    if (was.contains(path) || is_told(*after) || is_same_copy(*after, was)) continue;
    drift.push_back(drift_of("file " + path, missing_fact(Missing::absent, path, "not there"), file_fact(*after)));
  }
}

Fact mapped_fact(const Library& library) {
  const std::string id =
      library.build_id.empty() ? "no build id" : "build id " + library.build_id.substr(0, kShownBuildId);
  return known_fact(id + (library.replaced  ? ", replaced since"
                          : library.deleted ? ", removed since"
                                            : ""),
                    library.path);
}

// What a process had mapped, and has mapped still: what it opens late comes and goes.
void add_mapped_drift(const Stack& lock, const Stack& now, std::vector<Drift>& drift) {
  std::map<std::string, const Library*> was;
  for (const Library& library : lock.libraries) was.emplace(library.path, &library);
  for (const Library& after : now.libraries) {
    const auto at = was.find(after.path);
    if (at == was.end()) continue;
    const Library& before = *at->second;
    const bool other = !before.build_id.empty() && !after.build_id.empty() && before.build_id != after.build_id;
    if (!other && before.deleted == after.deleted && before.replaced == after.replaced) continue;
    drift.push_back(drift_of("mapped " + after.path, mapped_fact(before), mapped_fact(after)));
  }
}

// The files of the driver: its version is a fact, but a file of the same version may be another.
void add_driver_drift(const Stack& lock, const Stack& now, std::vector<Drift>& drift) {
  for (const DriverFile& before : lock.driver_files) {
    for (const DriverFile& after : now.driver_files) {
      const bool known = !before.build_id.empty() && !after.build_id.empty();
      if (before.path != after.path || !known || before.build_id == after.build_id) continue;
      const auto fact = [](const DriverFile& file) {
        return known_fact("build id " + file.build_id.substr(0, kShownBuildId), file.path);
      };
      drift.push_back(drift_of("file " + after.path, fact(before), fact(after)));
    }
  }
}

Fact layers_fact(const Image& image) {
  std::uint64_t bytes = 0;
  for (const ImageLayer& layer : image.layers) bytes += layer.size;
  return known_fact(
      fmt::format("{} layer{}, {}", image.layers.size(), image.layers.size() == 1 ? "" : "s", format_bytes(bytes)),
      "the image's manifest");
}

// By its digest, else by what is known of its layers.
void add_image_drift(const Image& before, const Image& after, std::vector<Drift>& drift) {
  if (before.digest.is_known() && after.digest.is_known()) {
    if (!same_fact(before.digest, after.digest)) {
      drift.push_back(drift_of("image digest", before.digest, after.digest));
    }
    return;
  }
  const auto same = [](const ImageLayer& a, const ImageLayer& b) { return a.digest == b.digest && a.size == b.size; };
  const auto& a = before.layers;
  const auto& b = after.layers;
  if (std::equal(a.begin(), a.end(), b.begin(), b.end(), same)) return;
  drift.push_back(drift_of("image layers", layers_fact(before), layers_fact(after)));
}
}  // namespace

std::vector<Drift> drift_since(const Stack& lock, const Stack& now) {
  std::vector<Drift> drift;
  add_fact_drift(lock, now, drift);
  if (lock.image && now.image) add_image_drift(*lock.image, *now.image, drift);
  PackageKeys moved;
  if (is_of_text(lock) || is_of_text(now)) {
    add_text_drift(pair_environments(lock, now), drift);
    return drift;
  }
  for (const Environment& before : lock.environments) {
    for (const Environment& after : now.environments) {
      if (before.path != after.path) continue;
      add_package_drift(before, after, lock.tool_version == now.tool_version, moved, drift);
    }
  }
  add_file_drift(lock, now, moved, drift);
  add_program_drift(lock, now, drift);
  add_driver_drift(lock, now, drift);
  add_mapped_drift(lock, now, drift);
  return drift;
}

}  // namespace varve
