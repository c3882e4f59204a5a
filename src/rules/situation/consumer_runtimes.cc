#include "rules/situation/consumer_runtimes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/library_file_name.h"
#include "rules/situation/package_row.h"
#include "rules/situation/situation.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr std::string_view kRuntimeStem = "libcudart";

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

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

bool is_runtime(std::string_view path) { return split_library_file_name(path).stem == kRuntimeStem; }

// What a libcudart says by its name alone: since CUDA 11 a SONAME has the major version ("libcudart.so.12"; that of all
// of CUDA 11 is libcudart.so.11.0), a file of three numbers its release.
std::optional<DottedVersion> runtime_by_name(std::string_view path) {
  const auto version = dotted_version_from(split_library_file_name(path).version);
  if (!version) return std::nullopt;
  const bool is_major_alone = version->parts.size() == 1 || (version->parts.size() == 2 && version->major() >= 11);
  return is_major_alone ? DottedVersion{{version->major()}} : release_of(*version);
}

// Up to CUDA 10.0 a library of the toolkit has its release behind its name: "libcusparse.so.9.0".
std::optional<DottedVersion> release_by_old_name(std::string_view name) {
  if (!has_role(name, LibraryRole::cuda)) return std::nullopt;
  const auto version = dotted_version_from(split_library_file_name(name).version);
  const bool is_release = version && version->parts.size() == 2 && version->major() >= 6 && version->major() <= 10;
  return is_release ? version : std::nullopt;
}

// The CUDA major version that a SONAME stands for, by the table; of libcudart it stands in the name itself.
std::optional<DottedVersion> major_by_name(std::string_view name, const Knowledge& knowledge) {
  name = last_part(name);
  if (is_runtime(name)) return runtime_by_name(name);
  for (const LibraryName& row : knowledge.library_names) {
    if (row.soname == name && !row.cuda.empty()) return dotted_version_from(row.cuda);
  }
  return release_by_old_name(name);
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

// Whether a process has a libcudart mapped: that is what its frameworks call, whatever copies others of its files
// carry.
bool has_mapped_runtime(const ConsumerView& view, const std::set<std::string>& needed) {
  if (view.consumer.kind != ConsumerKind::process) return false;
  return std::any_of(needed.begin(), needed.end(), [](const std::string& path) { return is_runtime(path); });
}

std::vector<ConsumerRuntime> loaded_runtimes(const ConsumerView& view) {
  std::vector<ConsumerRuntime> runtimes;
  const std::set<std::string> needed = needed_paths(view);
  const bool calls_mapped = has_mapped_runtime(view, needed);
  for (const LibraryView& library : view.libraries) {
    const std::string name(last_part(library.loaded->path));
    const bool runtime_itself = is_runtime(name);
    const auto stated = library.binary == nullptr ? std::nullopt : stated_runtime(*library.binary);
    const auto version = stated || !runtime_itself ? stated : runtime_by_name(name);
    if (!version) continue;
    const bool main = runtime_itself ? needed.contains(library.loaded->path) : !calls_mapped && is_own(view, library);
    const std::string origin = !runtime_itself ? name + " carries it" : stated ? name : "by the name " + name;
    add(runtimes, {release_of(*version), origin, main});
  }
  return runtimes;
}

std::vector<ConsumerRuntime> named_runtimes(const ConsumerView& view, const Knowledge& knowledge) {
  std::vector<ConsumerRuntime> runtimes;
  for (const ConsumedLibrary& library : view.consumer.libraries) {
    const auto version = major_by_name(library.name, knowledge);
    if (!version) continue;
    const bool own = library.kind == DependencyKind::needed;
    add(runtimes, {*version, "by the name " + std::string(last_part(library.name)), own});
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
  // A process has one of them loaded, and which is not known.
  if (view.consumer.kind == ConsumerKind::process) return;
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
// All that a process has mapped was asked for by nobody: what frameworks and extensions hold is its own, and what is of
// no package unless it is a library of CUDA.
bool is_own_of_process(const ConsumerView& view, const LibraryView& library) {
  const Package* package =
      view.environment == nullptr ? nullptr : find_package(*view.environment, library.binary->package);
  if (package != nullptr) return package->is_consumer();
  return library.loaded->asked_by.empty() && !has_role(library.binary->path, LibraryRole::cuda);
}

// Bindings of one release of CUDA. Where they carry no runtime (cuda-bindings 12.8, cuda-python 12.4), its functions
// are made of the driver's: a driver older than that release has fewer of them, and refuses nothing. NVRTC, which they
// open by name, is no runtime.
bool binds_the_driver(const ConsumerView& view) {
  const PackageRow* row = view.package == nullptr ? nullptr : row_of(*view.package);
  return row != nullptr && row->version_is_cuda && view.package->role == PackageRole::extension &&
         driver_calls_of(view) != DriverCalls::none;
}

// A package with one build for each CUDA in it loads the one that fits; a process has loaded all that it has, so that
// the newest decides and the others stand beside it. `runtimes`: the newest first.
void keep_newest_main(std::vector<ConsumerRuntime>& runtimes) {
  bool decided = false;
  for (ConsumerRuntime& runtime : runtimes) {
    runtime.main = runtime.main && !decided;
    decided = decided || runtime.main;
  }
}
}  // namespace

DriverCalls driver_calls_of(const ConsumerView& view) {
  DriverCalls calls = DriverCalls::none;
  for (const ConsumedLibrary& library : view.consumer.libraries) {
    if (split_library_file_name(last_part(library.name)).stem != "libcuda") continue;
    if (library.kind == DependencyKind::needed) return DriverCalls::needed;
    calls = DriverCalls::opened;
  }
  return calls;
}

bool is_own(const ConsumerView& view, const LibraryView& library) {
  if (library.binary == nullptr) return false;
  if (view.consumer.kind == ConsumerKind::process) return is_own_of_process(view, library);
  if (!view.consumer.package.empty() && !library.binary->package.empty()) {
    return library.binary->package == view.consumer.package && library.binary->environment == view.consumer.environment;
  }
  return library.loaded->asked_by.empty();
}

std::vector<ConsumerRuntime> runtimes_of(const ConsumerView& view, const Knowledge& knowledge) {
  std::vector<ConsumerRuntime> runtimes = loaded_runtimes(view);
  if (binds_the_driver(view) && std::none_of(runtimes.begin(), runtimes.end(), [](const auto& r) { return r.main; })) {
    return {};
  }
  if (runtimes.empty()) runtimes = named_runtimes(view, knowledge);
  if (runtimes.empty()) runtimes = packaged_runtimes(view);
  add_minor_versions(view, runtimes);
  const bool any_main = std::any_of(runtimes.begin(), runtimes.end(), [](const auto& r) { return r.main; });
  for (ConsumerRuntime& runtime : runtimes) runtime.main = runtime.main || !any_main;
  std::stable_sort(runtimes.begin(), runtimes.end(),
                   [](const ConsumerRuntime& a, const ConsumerRuntime& b) { return a.version > b.version; });
  if (view.consumer.kind == ConsumerKind::process) keep_newest_main(runtimes);
  return runtimes;
}

std::string consumer_words(const ConsumerView& view) {
  const Consumer& consumer = view.consumer;
  return consumer.environment.empty() ? consumer.name : fmt::format("{} in {}", consumer.name, consumer.environment);
}

}  // namespace varve
