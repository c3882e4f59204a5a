#include "rules/situation/library_facts.h"

#include <algorithm>

#include "base/library_file_name.h"
#include "base/text.h"
#include "package/python_metadata.h"
#include "tables/libraries.h"
#include "tables/package_table.h"

namespace varve {

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

LibraryWords library_words(std::string_view path_or_name) {
  const LibraryFileName split = split_library_file_name(path_or_name);
  std::string stem = split.stem.starts_with("lib") ? split.stem.substr(3) : split.stem;
  return {std::move(stem), split.version};
}

std::string family_of(std::string_view stem) {
  const LibraryRow* row = library_of("lib" + std::string(stem));
  return row == nullptr ? std::string() : row->family;
}

std::vector<int> cuda_majors(const Fact& fact) {
  if (!fact.is_known()) return {};
  std::vector<std::string> texts;
  if (const auto* list = std::get_if<std::vector<std::string>>(&*fact.value)) {
    texts = *list;
  } else {
    texts = {value_text(*fact.value)};
  }
  std::vector<int> majors;
  for (const std::string& text : texts) {
    const std::optional<DottedVersion> version = dotted_version_from(text);
    if (version && std::find(majors.begin(), majors.end(), version->major()) == majors.end()) {
      majors.push_back(version->major());
    }
  }
  return majors;
}

int compare_releases(const DottedVersion& a, const DottedVersion& b) {
  const std::size_t common = std::min({a.parts.size(), b.parts.size(), std::size_t{3}});
  for (std::size_t i = 0; i < common; ++i) {
    if (a.parts[i] != b.parts[i]) return a.parts[i] < b.parts[i] ? -1 : 1;
  }
  return 0;
}

std::string consumer_text(const Consumer& consumer) {
  return consumer.name + (consumer.environment.empty() ? "" : " in " + consumer.environment);
}

namespace {
// By the row, else by the wheel's name (nvidia-curand-cu12), else by its folder (nvidia/cu13/lib).
std::optional<int> cuda_of_wheel(const LibraryName& row) {
  if (const std::optional<DottedVersion> cuda = dotted_version_from(row.cuda)) return cuda->major();
  for (const std::string& text : {row.package, row.folder}) {
    const std::size_t at = text.find("cu1");
    if (at == std::string::npos) continue;
    if (const std::optional<DottedVersion> cuda = dotted_version_from(text.substr(at + 2))) return cuda->major();
  }
  return std::nullopt;
}
}  // namespace

LibraryIndex::LibraryIndex(const Situation& situation) {
  for (const LibraryName& row : situation.knowledge.library_names) {
    const LibraryWords words = library_words(row.soname);
    const std::optional<DottedVersion> number = dotted_version_from(words.numbers);
    const std::optional<DottedVersion> cuda = dotted_version_from(row.cuda);
    Names& names = names_[words.stem];
    names.known = true;
    if (!row.package.empty()) wheels_[row.soname].push_back({row.package, cuda_of_wheel(row)});
    if (!number) continue;
    const std::optional<int> major = cuda ? std::optional(cuda->major()) : std::nullopt;
    const auto [at, is_new] = names.majors.emplace(number->major(), major);
    if (!is_new && at->second != major) at->second = std::nullopt;
  }
  for (const Binary& binary : situation.subject.binaries) {
    binaries_.emplace(binary.path, &binary);
    by_stem_[library_words(binary.path).stem].push_back(&binary);
  }
  for (const Environment& environment : situation.subject.environments) {
    environments_.emplace(environment.path, &environment);
  }
}

const LibraryIndex::Names* LibraryIndex::names_of(std::string_view name) const {
  const auto at = names_.find(library_words(name).stem);
  return at == names_.end() ? nullptr : &at->second;
}

std::optional<int> LibraryIndex::cuda_major(std::string_view name) const {
  const Names* names = names_of(name);
  const std::optional<DottedVersion> number = dotted_version_from(library_words(name).numbers);
  if (names == nullptr || !number) return std::nullopt;
  const auto at = names->majors.find(number->major());
  return at == names->majors.end() ? std::nullopt : at->second;
}

bool LibraryIndex::is_cuda_library(std::string_view name) const {
  if (is_driver_library(name)) return false;
  return names_of(name) != nullptr || !family_of(library_words(name).stem).empty();
}

std::vector<std::string> LibraryIndex::wheels_with(const std::string& soname) const {
  std::vector<std::string> wheels;
  const auto at = wheels_.find(soname);
  if (at == wheels_.end()) return wheels;
  for (const Wheel& wheel : at->second) wheels.push_back(wheel.name);
  return wheels;
}

std::vector<std::string> LibraryIndex::wheels_with(const std::string& soname, int cuda_major) const {
  std::vector<std::string> wheels;
  const auto at = wheels_.find(soname);
  if (at == wheels_.end()) return wheels;
  for (const Wheel& wheel : at->second) {
    if (!wheel.cuda_major || *wheel.cuda_major == cuda_major) wheels.push_back(wheel.name);
  }
  return wheels;
}

const Environment* LibraryIndex::environment(std::string_view path) const {
  const auto at = environments_.find(path);
  return at == environments_.end() ? nullptr : at->second;
}

const Binary* LibraryIndex::binary(std::string_view path) const {
  const auto at = binaries_.find(path);
  return at == binaries_.end() ? nullptr : at->second;
}

const Package* LibraryIndex::package_of(const Binary& binary) const {
  if (binary.package.empty() || binary.environment.empty()) return nullptr;
  const Environment* held_by = environment(binary.environment);
  return held_by == nullptr ? nullptr : find_package(*held_by, binary.package);
}

const std::vector<const Binary*>& LibraryIndex::with_stem(const std::string& stem) const {
  static const std::vector<const Binary*> none;
  const auto at = by_stem_.find(stem);
  return at == by_stem_.end() ? none : at->second;
}

std::optional<KnownVersion> LibraryIndex::version(const Binary& binary) const {
  const std::string stated = binary.version.is_known() ? value_text(*binary.version.value) : "";
  const std::optional<DottedVersion> version = dotted_version_from(stated);
  if (version && version->parts.size() > 1) {
    const std::string& source = binary.version.source;  // as infer_versions of loading/ writes it
    const bool is_inferred = source.starts_with("the wheel ") || source.ends_with(" of the same package");
    return KnownVersion{*version, to_string(*version), !is_inferred};
  }
  // Only a package with nothing but libraries has the version of its libraries.
  const Package* package = package_of(binary);
  if (package != nullptr && package->role == PackageRole::runtime) {
    const std::optional<DottedVersion> of_wheel = dotted_version_from(package->version);
    if (of_wheel) return KnownVersion{*of_wheel, to_string(*of_wheel)};
  }
  if (!version) return std::nullopt;
  return KnownVersion{*version, to_string(*version)};
}

std::string LibraryIndex::version_text(const Binary& binary) const {
  const std::optional<KnownVersion> known = version(binary);
  return known ? known->text : "version not known";
}

bool is_extension_module(std::string_view path) {
  const std::string name = base_name(path);
  return name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
}

namespace {
// A library that it needs, directly or through others, of a package that is more than libraries of CUDA.
bool needs_another_package(const LibraryIndex& index, const Binary& module) {
  std::vector<const Binary*> closure{&module};
  for (std::size_t at = 0; at < closure.size(); ++at) {
    for (const Dependency& dependency : closure[at]->dependencies) {
      if (dependency.kind != DependencyKind::needed) continue;
      const Binary* needed = index.binary(dependency.path);
      if (needed == nullptr || std::find(closure.begin(), closure.end(), needed) != closure.end()) continue;
      const Package* package = index.package_of(*needed);
      if (package != nullptr && package->role != PackageRole::runtime) return true;
      closure.push_back(needed);
    }
  }
  return false;
}
}  // namespace

bool waits_for_another_package(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library) {
  const ConsumedLibrary& wants = *library.loaded;
  if (wants.unresolved.empty() || !wants.asked_by.empty() || library.binary == nullptr || view.package == nullptr ||
      !is_extension_module(wants.path)) {
    return false;
  }
  const bool of_python = std::any_of(wants.unresolved.begin(), wants.unresolved.end(), [](const auto& symbol) {
    return symbol.name.empty() || symbol.name.starts_with("Py") || symbol.name.starts_with("_Py");
  });
  const auto& asked = view.package->requirements;
  const bool asks = std::any_of(asked.begin(), asked.end(), [](const Requirement& requirement) {
    const PackageRow* row = find_package_row(normal_package_name(requirement.name));
    return row != nullptr && row->role == PackageRole::framework;
  });
  return !of_python && !asks && !needs_another_package(index, *library.binary);
}

Severity with_gpu(const Situation& situation, Severity otherwise) {
  return situation.has_gpu ? otherwise : Severity::note;
}

}  // namespace varve
