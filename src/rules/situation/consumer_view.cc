#include "rules/situation/consumer_view.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "model/words/lookup_way.h"
#include "rules/situation/situation.h"

namespace varve {

namespace {
using BinaryByPath = std::map<std::string, const Binary*>;

// A file of a package that lacks a library, while others of it do not, is one of its optional parts.
void mark_optional_parts(Consumer& consumer) {
  std::set<std::string> lacking;
  for (const ConsumedLibrary& library : consumer.libraries) {
    if (library.path.empty() && library.kind == DependencyKind::needed) lacking.insert(library.asked_by);
  }
  const auto is_complete = [&](const ConsumedLibrary& library) {
    return library.asked_by.empty() && !lacking.contains(library.path);
  };
  if (std::none_of(consumer.libraries.begin(), consumer.libraries.end(), is_complete)) return;
  for (ConsumedLibrary& library : consumer.libraries) {
    if (library.asked_by.empty() && lacking.contains(library.path)) library.kind = DependencyKind::opened;
  }
}

// A name that its file does not find and the environment holds: another file may have loaded it before, or Python code
// opened it. Only who follows the import knows.
void drop_held(const Stack& stack, Consumer& consumer) {
  std::set<std::string> held;
  for (const Binary& binary : stack.binaries) {
    if (binary.environment != consumer.environment) continue;
    held.insert(binary.soname);
    held.insert(std::string(file_name(binary.path)));
  }
  for (const ConsumedLibrary& library : consumer.libraries) {
    if (!library.path.empty()) held.insert(library.name);
  }
  std::erase_if(consumer.libraries,
                [&](const ConsumedLibrary& library) { return library.path.empty() && held.contains(library.name); });
}

// What the binaries of a package name, and what those name in turn; no names opened late, no symbols.
Consumer consumer_of(const Stack& stack, const Environment& environment, const Package& package,
                     const BinaryByPath& binaries) {
  Consumer consumer{.kind = consumer_kind_of(package),
                    .name = package.version.empty() ? package.name : package.name + " " + package.version,
                    .package = package.name,
                    .environment = environment.path,
                    .libraries = {},
                    .symbols_checked = false,
                    .remark = "names opened late and symbols: only with --exact"};
  std::set<std::string> seen;
  for (const Binary& binary : stack.binaries) {
    if (binary.environment != environment.path || binary.package != package.name) continue;
    seen.insert(binary.path);
    consumer.libraries.push_back({.name = binary.path.substr(binary.path.rfind('/') + 1),
                                  .path = binary.path,
                                  .why = lookup_text(LookupWay::of_package),
                                  .asked_by = {},
                                  .unresolved = {}});
  }
  for (std::size_t i = 0; i < consumer.libraries.size(); ++i) {
    const std::string asker = consumer.libraries[i].path;
    const auto at = binaries.find(asker);
    if (at == binaries.end()) continue;
    for (const Dependency& dependency : at->second->dependencies) {
      const std::string& key = dependency.path.empty() ? dependency.name : dependency.path;
      if (!seen.insert(key).second) continue;
      consumer.libraries.push_back({.name = dependency.name,
                                    .path = dependency.path,
                                    .why = dependency.why,
                                    .asked_by = asker,
                                    .kind = dependency.kind,
                                    .unresolved = {}});
    }
  }
  drop_held(stack, consumer);
  mark_optional_parts(consumer);
  return consumer;
}

ConsumerView view_of(const Stack& stack, Consumer consumer, const BinaryByPath& binaries) {
  ConsumerView view{.consumer = std::move(consumer), .libraries = {}};
  for (const ConsumedLibrary& library : view.consumer.libraries) {
    const auto at = binaries.find(library.path);
    view.libraries.push_back({&library, at == binaries.end() ? nullptr : at->second});
  }
  for (const Environment& environment : stack.environments) {
    if (environment.path != view.consumer.environment) continue;
    view.environment = &environment;
    view.package = find_package(environment, view.consumer.package);
  }
  return view;
}

// What its user asks about stands before what came along with it: a process, then torch, then cuda-bindings.
int rank_of(const ConsumerView& view) {
  if (view.consumer.kind == ConsumerKind::process) return 0;
  return view.package != nullptr && view.package->role == PackageRole::framework ? 1 : 2;
}

void rank_in_each_environment(std::vector<ConsumerView>& views) {
  for (auto first = views.begin(); first != views.end();) {
    const auto last = std::find_if(first, views.end(), [&](const ConsumerView& view) {
      return view.consumer.environment != first->consumer.environment;
    });
    std::stable_sort(first, last, [](const ConsumerView& a, const ConsumerView& b) { return rank_of(a) < rank_of(b); });
    first = last;
  }
}

// Of an environment that is only listed: nothing of it was followed.
void add_listed(const Stack& stack, const BinaryByPath& binaries, std::vector<ConsumerView>& views) {
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      if (!package.is_consumer()) continue;
      ConsumerView view = view_of(stack, consumer_of(stack, environment, package, binaries), binaries);
      // A name in a list whose CUDA nobody knows, and no file of it: there is nothing to judge.
      if (view.libraries.empty() && package.cuda.missing == Missing::not_asked && !package.cuda.is_known()) continue;
      views.push_back(std::move(view));
    }
  }
}
}  // namespace

std::vector<ConsumerView> consumer_views(const Stack& stack) {
  BinaryByPath binaries;
  for (const Binary& binary : stack.binaries) binaries.emplace(binary.path, &binary);
  std::vector<ConsumerView> views;
  for (const Consumer& consumer : stack.consumers) views.push_back(view_of(stack, consumer, binaries));
  if (stack.consumers.empty()) add_listed(stack, binaries, views);
  rank_in_each_environment(views);
  return views;
}

}  // namespace varve
