#include "loading/binary_collection.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/at_once.h"
#include "base/dotted_version.h"
#include "base/redact.h"
#include "base/text.h"
#include "tables/libraries.h"

namespace varve {

namespace {
// A file of a compressed layer was read while it streamed by; any other is read now.
std::optional<ReadBinary> read_one(const LoadingGround& ground, const std::string& path, const BinaryCache& cache) {
  const auto before = ground.read_before.find(path);
  if (before != ground.read_before.end()) return before->second;
  const Looked<FileReader> file = ground.files.open(path);
  if (!file) return std::nullopt;
  Result<ReadBinary> read = read_binary(*file, path, ground.how, cache);
  return read ? std::optional(std::move(*read)) : std::nullopt;
}

struct FoundBinary {
  std::string name, path;  // as it was asked for; links resolved
  std::optional<ReadBinary> read;
};

// Whether a version says more than the number behind .so.
bool is_told(const Fact& version) {
  if (!version.is_known()) return false;
  const std::optional<DottedVersion> numbers = dotted_version_from(value_text(*version.value));
  return !numbers || numbers->parts.size() > 1;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string family_of(const std::string& path) {
  const LibraryRow* row = library_of(path);
  return row == nullptr ? std::string() : row->family;
}

// "custatevec-cu12" holds libcustatevec and shares its version, whether or not anybody imports it.
bool is_named_after(std::string package, const std::string& library) {
  const std::size_t suffix = package.rfind("-cu");
  if (suffix != std::string::npos && package.find_first_not_of("0123456789", suffix + 3) == std::string::npos)
    package.resize(suffix);
  return package == library || package == "nvidia-" + library;
}
}  // namespace

void infer_versions(const Environment& environment, BinaryCollection& collection) {
  std::set<std::string> faulty;  // by name: paths of faults are shortened
  for (const FileFault& fault : environment.file_faults) faulty.insert(file_name(fault.path));
  std::map<std::string, const Package*> wheels;
  for (const Package& package : environment.packages) {
    wheels.emplace(package.name, &package);
  }
  std::map<std::vector<std::string>, const Binary*> told;  // by package, folder and family
  std::map<std::string, const Binary*> copies;             // by build id: wheels hold copies for links
  const auto key = [](const Binary& binary) {
    return std::vector<std::string>{binary.package, folder_of(binary.path), family_of(binary.path)};
  };
  for (const Binary& binary : collection.binaries) {
    const bool counts = !binary.package.empty() && !faulty.contains(file_name(binary.path)) && is_told(binary.version);
    if (counts && !binary.build_id.empty()) copies.emplace(binary.build_id, &binary);
    if (counts && !family_of(binary.path).empty()) told.emplace(key(binary), &binary);
  }
  for (Binary& binary : collection.binaries) {
    const bool counts = !binary.package.empty() && !faulty.contains(file_name(binary.path)) &&
                        library_of(binary.path) != nullptr && binary.version.missing != Missing::not_applicable;
    if (!counts || is_told(binary.version)) continue;
    auto wheel = wheels.find(binary.package);
    if (wheel != wheels.end() && wheel->second->role != PackageRole::runtime &&
        !is_named_after(wheel->first, library_of(binary.path)->name))
      wheel = wheels.end();
    const auto copy = copies.find(binary.build_id);
    const auto sibling = told.find(key(binary));
    if (copy != copies.end()) {
      binary.version = known_fact(*copy->second->version.value, "the same file as " + file_name(copy->second->path),
                                  Standing::inferred);
    } else if (wheel != wheels.end() && dotted_version_from(wheel->second->version)) {
      binary.version =
          known_fact(wheel->second->version, "the wheel " + binary.package + ", which lists it", Standing::inferred);
    } else if (sibling != told.end()) {
      binary.version = known_fact(*sibling->second->version.value,
                                  file_name(sibling->second->path) + " of the same package", Standing::inferred);
    }
  }
}

BinaryCollection read_binaries(const LoadingGround& ground, const std::vector<std::string>& paths,
                               const std::string& environment, const DependencyResolver& resolver,
                               const std::map<std::string, std::string>* packages) {
  BinaryCollection collection;
  const BinaryCache cache(ground.cache_folder);
  std::set<std::string> seen;
  std::vector<FoundBinary> found;
  for (const std::string& name : paths) {
    const Looked<std::string> path = ground.files.resolve(name);
    if (path && seen.insert(*path).second) found.push_back({name, *path, std::nullopt});
  }
  std::mutex telling;
  double begun = 0;
  for_each_at_once(found.size(), [&](std::size_t i) {
    if (ground.how.exact && ground.progress) {
      const std::lock_guard lock(telling);
      ground.progress(file_name(found[i].path), ++begun / static_cast<double>(found.size()));
    }
    found[i].read = read_one(ground, found[i].path, cache);
  });
  for (FoundBinary& one : found) {
    std::optional<ReadBinary> read = std::move(one.read);
    if (!read) continue;
    Binary& binary = read->binary;
    binary.environment = environment;
    if (packages != nullptr) {
      const auto package = packages->find(one.name);
      if (package != packages->end()) binary.package = package->second;
    }
    binary.dependencies = resolver.resolve(*read);
    if (binary.runtime.is_known()) collection.runtimes.insert(value_text(*binary.runtime.value));
    collection.binaries.push_back(std::move(binary));
  }
  return collection;
}

Fact runtimes_fact(const BinaryCollection& collection, const std::string& source) {
  const auto not_asked = std::count_if(
      collection.binaries.begin(), collection.binaries.end(),
      [](const Binary& binary) { return !binary.runtime.is_known() && binary.runtime.missing == Missing::not_asked; });
  if (!collection.runtimes.empty()) {
    Fact fact = known_fact(std::vector<std::string>(collection.runtimes.begin(), collection.runtimes.end()), source,
                           Standing::inferred);
    if (not_asked > 0) fact.detail = fmt::format("at least; {} files were not looked into (--exact does)", not_asked);
    return fact;
  }
  if (not_asked > 0) {
    return missing_fact(Missing::not_asked, source, "no libcudart; static runtimes are looked for with --exact only");
  }
  return missing_fact(Missing::absent, source, "no CUDA runtime");
}

void add_binaries(const LoadingGround& ground, BinaryCollection collection, Stack& stack) {
  for (Binary& binary : collection.binaries) {
    binary.path = clean_utf8(shorten_home(binary.path, ground.home));
    for (Dependency& dependency : binary.dependencies) {
      dependency.path = shorten_home(dependency.path, ground.home);
      dependency.why = shorten_home(dependency.why, ground.home);
    }
    stack.binaries.push_back(std::move(binary));
  }
}

}  // namespace varve
