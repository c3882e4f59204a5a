// What a consumer would not find, and what would not bind.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/library_file_name.h"
#include "base/text.h"
#include "loading/binary_collection.h"
#include "rules/analysis/consumer_answers.h"
#include "rules/situation/library_facts.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr std::size_t kMostShown = 4;

// What an import loads at once: "name.cpython-311-x86_64-linux-gnu.so", "name.abi3.so".
bool is_extension_module(const std::string& path) {
  const std::string name = base_name(path);
  return name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
}

// The chain that leads to a library: from the file at its head, one of the consumer's own, or the nearest one that was
// opened by name.
struct Chain {
  std::string head;
  bool opened = false;
};

Chain chain_of(const std::map<std::string, const ConsumedLibrary*>& by_path, const ConsumedLibrary& library) {
  const ConsumedLibrary* at = &library;
  for (std::size_t steps = 0; !at->asked_by.empty() && steps < by_path.size(); ++steps) {
    if (at->kind == DependencyKind::opened) return {at->path, true};
    const auto up = by_path.find(at->asked_by);
    if (up == by_path.end()) break;
    at = up->second;
  }
  return {at->path, false};
}

struct Parts {
  std::map<std::string, const ConsumedLibrary*> by_path;
  std::map<std::string, const Binary*> binaries;
  std::map<std::string, std::set<std::string>> found;  // stem → names that were found
};

Parts parts_of(const ConsumerView& view) {
  Parts parts;
  for (const LibraryView& library : view.libraries) {
    if (library.loaded->path.empty()) continue;
    parts.by_path.emplace(library.loaded->path, library.loaded);
    parts.binaries.emplace(library.loaded->path, library.binary);
    parts.found[split_library_file_name(library.loaded->name).stem].insert(library.loaded->name);
  }
  return parts;
}

bool has_code(const Parts& parts, const std::string& path) {
  const auto at = parts.binaries.find(path);
  return at != parts.binaries.end() && at->second != nullptr && at->second->coverage &&
         at->second->coverage->regions > 0;
}

// Own files that are not complete do not matter where the same library was found for another of them under another
// version (one build for each CUDA lies in the package), or where they are side pieces: they hold no GPU code, and
// those that do are complete. What is opened by name later (plug-ins for networks and storage) may fail to, as long as
// it holds no GPU code and lacks no library that is there in another version.
class Completeness {
 public:
  explicit Completeness(const ConsumerView& view) : parts_(parts_of(view)) {
    for (const ConsumedLibrary& library : view.consumer.libraries) {
      const bool missing = library.path.empty() && library.kind == DependencyKind::needed;
      if (!missing || is_driver_library(library.name)) continue;
      missing_.push_back(&library);
      incomplete_.insert(chain_of(parts_.by_path, library).head);
    }
    for (const auto& [path, library] : parts_.by_path) {
      if (library->asked_by.empty() && has_code(parts_, path) && !incomplete_.contains(path)) code_complete_ = true;
    }
  }

  bool matters(const ConsumedLibrary& library) const {
    const Chain chain = chain_of(parts_.by_path, library);
    const auto same = parts_.found.find(split_library_file_name(library.name).stem);
    const bool other_version =
        library.path.empty() && same != parts_.found.end() && !same->second.contains(library.name);
    if (chain.opened && library.path.empty()) return other_version || has_code(parts_, library.asked_by);
    if (chain.opened || chain.head.empty()) return true;
    return !(other_version && code_complete_) && (has_code(parts_, chain.head) || !code_complete_);
  }

  // Whether work fails without it: at the import, when all that leads to it is loaded at once, or in its depth, when a
  // library that others open by name lacks it. Not so for an own part that the framework does without.
  bool stops_work(const ConsumedLibrary& library) const {
    if (chain_of(parts_.by_path, library).opened) return true;
    const ConsumedLibrary* at = &library;
    for (std::size_t steps = 0; steps <= parts_.by_path.size(); ++steps) {
      if (at->kind != DependencyKind::needed) return false;
      if (at->asked_by.empty()) return true;
      const auto up = parts_.by_path.find(at->asked_by);
      if (up == parts_.by_path.end()) return true;
      at = up->second;
    }
    return true;
  }

  const std::vector<const ConsumedLibrary*>& missing() const { return missing_; }

 private:
  Parts parts_;
  std::vector<const ConsumedLibrary*> missing_;
  std::set<std::string> incomplete_;
  bool code_complete_ = false;
};

std::string listed(std::vector<std::string> texts) {
  const std::size_t left_out = texts.size() > kMostShown ? texts.size() - kMostShown : 0;
  if (left_out > 0) texts.resize(kMostShown);
  return join(texts, ", ") + (left_out > 0 ? fmt::format(" and {} more", left_out) : "");
}

std::string wanted_text(const ConsumedLibrary& library) {
  return library.asked_by.empty() ? library.name
                                  : fmt::format("{} (for {})", library.name, base_name(library.asked_by));
}
}  // namespace

ConsumerAnswer answer_libraries(const ConsumerView& view) {
  if (view.consumer.libraries.empty())
    return {Question::libraries, CheckState::not_applicable, "it has none that load CUDA"};
  const Completeness completeness(view);
  std::vector<std::string> broken, lost, aside;
  bool part_of_api = false;  // a side piece that is imported, not opened in the depth
  for (const ConsumedLibrary* library : completeness.missing()) {
    const bool matters = completeness.matters(*library);
    const bool stops = matters && completeness.stops_work(*library);
    (stops ? broken : matters ? lost : aside).push_back(wanted_text(*library));
    part_of_api = part_of_api || (!matters && is_extension_module(library->asked_by));
  }
  if (!broken.empty()) return {Question::libraries, CheckState::broken, "not found: " + listed(std::move(broken))};
  if (!lost.empty()) {
    return {Question::libraries, CheckState::degraded,
            "its GPU part cannot be loaded, so it works on the CPU or fails where it is used; not found: " +
                listed(std::move(lost))};
  }
  std::string detail = fmt::format("all {} found", view.consumer.libraries.size() - aside.size());
  if (!aside.empty()) detail += "; side pieces would not load without " + listed(std::move(aside));
  return {Question::libraries, part_of_api ? CheckState::degraded : CheckState::ok, std::move(detail)};
}

ConsumerAnswer answer_symbols(const LibraryIndex& index, const ConsumerView& view) {
  if (view.consumer.libraries.empty()) return {Question::symbols, CheckState::not_applicable, "it has no libraries"};
  if (!view.consumer.symbols_checked) {
    const std::string& remark = view.consumer.remark;
    const bool process = view.consumer.kind == ConsumerKind::process;
    const std::string why = process ? "of a process the libraries alone are known" : "captured without --exact";
    return {Question::symbols, CheckState::cannot_tell, remark.empty() ? "they were not compared: " + why : remark};
  }
  const Completeness completeness(view);
  std::vector<std::string> broken, aside;
  for (const LibraryView& one : view.libraries) {
    const ConsumedLibrary& library = *one.loaded;
    if (library.unresolved_count == 0) continue;
    const std::string first = library.unresolved.empty() ? "" : ", first " + library.unresolved.front().name;
    const std::string text = fmt::format("{} lacks {}{}", base_name(library.path), library.unresolved_count, first);
    const bool matters = completeness.matters(library) && !waits_for_another_package(index, view, one);
    (matters ? broken : aside).push_back(text);
  }
  if (!broken.empty()) return {Question::symbols, CheckState::broken, listed(std::move(broken))};
  std::string detail = "all bind";
  if (!aside.empty()) detail += "; side pieces do not: " + listed(std::move(aside));
  return {Question::symbols, CheckState::ok, std::move(detail)};
}

}  // namespace varve
