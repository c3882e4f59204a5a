#include "rules/consumer/consumer_runtimes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/library_file_name.h"

namespace varve {

namespace {
constexpr std::string_view kRuntimeStem = "libcudart";

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Major and minor: patch levels of a runtime do not matter to a driver.
DottedVersion release_of(const DottedVersion& version) {
  if (version.parts.size() < 2) return version;
  return {.parts = {version.major(), version.minor()}};
}

// Files that come with the consumer by DT_NEEDED alone: what is opened by name later may never be.
std::set<std::string> needed_paths(const ConsumerView& view) {
  std::set<std::string> needed;
  for (const ConsumedLibrary& library : view.consumer.libraries) {
    const bool by_needed =
        library.kind == DependencyKind::needed && (library.asked_by.empty() || needed.contains(library.asked_by));
    if (by_needed && !library.path.empty()) needed.insert(library.path);
  }
  return needed;
}

std::optional<DottedVersion> stated_runtime(const Binary& binary) {
  if (!binary.runtime.is_known()) return std::nullopt;
  return dotted_version_from(value_text(*binary.runtime.value));
}

// The CUDA major version that a SONAME stands for, by the table; of libcudart it stands in the name itself.
std::optional<DottedVersion> major_by_name(std::string_view name, const Knowledge& knowledge) {
  name = base_name(name);
  if (split_library_file_name(base_name(name)).stem == kRuntimeStem) {
    const std::size_t at = name.find(".so.");
    const auto version = at == std::string_view::npos ? std::nullopt : dotted_version_from(name.substr(at + 4));
    if (!version) return std::nullopt;
    return version->major() >= 11 || version->parts.size() == 1 ? DottedVersion{{version->major()}}
                                                                : release_of(*version);
  }
  for (const LibraryName& row : knowledge.library_names) {
    if (row.soname == name && !row.cuda.empty()) return dotted_version_from(row.cuda);
  }
  return std::nullopt;
}

void add(std::vector<ConsumerRuntime>& runtimes, ConsumerRuntime runtime) {
  for (ConsumerRuntime& known : runtimes) {
    if (known.version == runtime.version && known.version.parts.size() == runtime.version.parts.size()) {
      if (runtime.main && !known.main) known.origin = runtime.origin;
      known.main = known.main || runtime.main;
      return;
    }
  }
  runtimes.push_back(std::move(runtime));
}

std::vector<ConsumerRuntime> loaded_runtimes(const ConsumerView& view) {
  std::vector<ConsumerRuntime> runtimes;
  const std::set<std::string> needed = needed_paths(view);
  for (const LibraryView& library : view.libraries) {
    const auto version = library.binary == nullptr ? std::nullopt : stated_runtime(*library.binary);
    if (!version) continue;
    const std::string name(base_name(library.loaded->path));
    const bool runtime_itself = split_library_file_name(base_name(name)).stem == kRuntimeStem;
    const bool main =
        (runtime_itself && needed.contains(library.loaded->path)) || (!runtime_itself && is_own(view, library));
    add(runtimes, {release_of(*version), runtime_itself ? name : name + " carries it", main});
  }
  return runtimes;
}

std::vector<ConsumerRuntime> named_runtimes(const ConsumerView& view, const Knowledge& knowledge) {
  std::vector<ConsumerRuntime> runtimes;
  for (const ConsumedLibrary& library : view.consumer.libraries) {
    const auto version = major_by_name(library.name, knowledge);
    if (!version) continue;
    const bool own = library.kind == DependencyKind::needed;
    add(runtimes, {*version, "by the name " + std::string(base_name(library.name)), own});
  }
  return runtimes;
}

std::vector<ConsumerRuntime> packaged_runtimes(const ConsumerView& view) {
  std::vector<ConsumerRuntime> runtimes;
  if (view.package == nullptr || !view.package->cuda.is_known()) return runtimes;
  std::vector<std::string> texts;
  if (const auto* list = std::get_if<std::vector<std::string>>(&*view.package->cuda.value)) {
    texts = *list;
  } else {
    texts = {value_text(*view.package->cuda.value)};
  }
  for (const std::string& text : texts) {
    if (const auto version = dotted_version_from(text)) {
      add(runtimes, {release_of(*version), "the package says so: " + view.package->cuda.source, true});
    }
  }
  return runtimes;
}

// A major version alone says too little of the regime: the newest runtime of it that the environment holds stands in.
void add_minor_versions(const ConsumerView& view, std::vector<ConsumerRuntime>& runtimes) {
  if (view.environment == nullptr || !view.environment->runtimes.is_known()) return;
  const auto* held = std::get_if<std::vector<std::string>>(&*view.environment->runtimes.value);
  if (held == nullptr) return;
  for (ConsumerRuntime& runtime : runtimes) {
    if (runtime.version.parts.size() > 1) continue;
    const int major = runtime.version.major();
    for (const std::string& text : *held) {
      const auto version = dotted_version_from(text);
      if (!version || version->major() != major || version->parts.size() < 2) continue;
      if (runtime.version.parts.size() == 1 || *version > runtime.version) runtime.version = release_of(*version);
    }
    if (runtime.version.parts.size() > 1) runtime.origin += ", the newest of it in the environment";
  }
}
}  // namespace

bool is_own(const ConsumerView& view, const LibraryView& library) {
  if (library.binary == nullptr) return false;
  if (!view.consumer.package.empty() && !library.binary->package.empty()) {
    return library.binary->package == view.consumer.package && library.binary->environment == view.consumer.environment;
  }
  return library.loaded->asked_by.empty();
}

std::vector<ConsumerRuntime> runtimes_of(const ConsumerView& view, const Knowledge& knowledge) {
  std::vector<ConsumerRuntime> runtimes = loaded_runtimes(view);
  if (runtimes.empty()) runtimes = named_runtimes(view, knowledge);
  if (runtimes.empty()) runtimes = packaged_runtimes(view);
  add_minor_versions(view, runtimes);
  const bool any_main = std::any_of(runtimes.begin(), runtimes.end(), [](const auto& r) { return r.main; });
  for (ConsumerRuntime& runtime : runtimes) runtime.main = runtime.main || !any_main;
  std::stable_sort(runtimes.begin(), runtimes.end(),
                   [](const ConsumerRuntime& a, const ConsumerRuntime& b) { return a.version > b.version; });
  return runtimes;
}

std::string consumer_words(const ConsumerView& view) {
  const Consumer& consumer = view.consumer;
  return consumer.environment.empty() ? consumer.name : fmt::format("{} in {}", consumer.name, consumer.environment);
}

}  // namespace varve
