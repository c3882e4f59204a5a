#include "compare/traces/known_changes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/dotted_version.h"
#include "base/text.h"

namespace varve {

namespace {
// Versions that the traces of a side tell, by component.
using Versions = std::map<std::string, std::set<std::string>>;

std::vector<std::string> texts_of(const Fact& fact) {
  if (!fact.value) return {};
  if (const auto* list = std::get_if<std::vector<std::string>>(&*fact.value)) return *list;
  if (const auto* text = std::get_if<std::string>(&*fact.value)) return {*text};
  return {};
}

// The component whose version a fact is: "cudnn" of "trace.cudnn_version" and of the constant of an image; or none.
std::string component_of(std::string_view id) {
  if (id == "process.runtimes") return "cudart";
  constexpr std::string_view kBefore = "trace.", kImage = "image_", kAfter = "_version", kLibrary = "lib";
  if (!id.starts_with(kBefore) || !id.ends_with(kAfter)) return "";
  id = id.substr(kBefore.size(), id.size() - kBefore.size() - kAfter.size());
  if (id.starts_with(kImage)) id.remove_prefix(kImage.size());
  if (id.starts_with(kLibrary)) id.remove_prefix(kLibrary.size());
  return std::string(id);
}

Versions versions_of(const KernelsRecord& record) {
  Versions versions;
  for (const TraceSource& source : record.sources) {
    for (const auto& [id, fact] : source.facts) {
      if (id == "trace.python_packages") {
        for (const std::string& text : texts_of(fact)) {
          const std::size_t equal = text.find("==");
          if (equal != std::string::npos) versions[to_lower(text.substr(0, equal))].insert(text.substr(equal + 2));
        }
      } else if (const std::string component = component_of(id); !component.empty()) {
        for (const std::string& text : texts_of(fact)) versions[component].insert(text);
      }
    }
  }
  return versions;
}

// The one version of a component; nothing where it is not told, or two are.
std::optional<std::string> one_version(const Versions& versions, const std::string& component) {
  const auto found = versions.find(component);
  if (found == versions.end() || found->second.size() != 1) return std::nullopt;
  return *found->second.begin();
}

std::set<std::string> capabilities_of(const KernelsRecord& record) {
  std::set<std::string> all;
  for (const TraceSource& source : record.sources) {
    const auto fact = source.facts.find("gpu.compute_capabilities");
    if (fact == source.facts.end()) continue;
    for (const std::string& text : texts_of(fact->second)) all.insert(text);
  }
  return all;
}

bool has_gpu_within(const KernelsRecord& record, const std::string& range) {
  const std::set<std::string> all = capabilities_of(record);
  return range.empty() || std::any_of(all.begin(), all.end(), [&](const std::string& text) {
           const auto capability = dotted_version_from(text);
           return capability && is_within(*capability, range);
         });
}

// Whether a row holds for a side; nothing where the side does not tell.
std::optional<bool> holds(const DispatchChange& row, const Versions& versions) {
  const std::optional<std::string> text = one_version(versions, row.component);
  const auto version = text ? dotted_version_from(*text) : std::nullopt;
  if (!version) return std::nullopt;
  if (!is_within(*version, row.version)) return false;
  if (row.framework.empty()) return true;
  const std::optional<std::string> of_framework = one_version(versions, row.framework);
  const auto framework = of_framework ? dotted_version_from(*of_framework) : std::nullopt;
  if (!framework) return std::nullopt;
  return is_within(*framework, row.framework_version);
}
}  // namespace

std::vector<KnownChange> known_changes(const KernelsRecord& a, const KernelsRecord& b, const Knowledge& knowledge) {
  const Versions versions_a = versions_of(a), versions_b = versions_of(b);
  std::vector<KnownChange> found;
  for (const DispatchChange& row : knowledge.dispatch_changes) {
    const std::optional<bool> holds_a = holds(row, versions_a), holds_b = holds(row, versions_b);
    if (!holds_a || !holds_b || *holds_a == *holds_b) continue;
    if (!has_gpu_within(a, row.gpu) || !has_gpu_within(b, row.gpu)) continue;
    const bool is_framework = one_version(versions_a, row.component) == one_version(versions_b, row.component);
    const std::string& component = is_framework ? row.framework : row.component;
    found.push_back({.id = row.id,
                     .component = component,
                     .a = one_version(versions_a, component).value_or(""),
                     .b = one_version(versions_b, component).value_or(""),
                     .change = *holds_b ? row.change : "no longer: " + row.change,
                     .source = row.source});
  }
  std::sort(found.begin(), found.end(), [](const KnownChange& x, const KnownChange& y) { return x.id < y.id; });
  return found;
}

}  // namespace varve
