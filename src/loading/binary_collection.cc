#include "loading/binary_collection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/redact.h"
#include "base/text.h"

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
}  // namespace

BinaryCollection read_binaries(const LoadingGround& ground, const std::vector<std::string>& paths,
                               const std::string& environment, const DependencyResolver& resolver,
                               const std::map<std::string, std::string>* packages) {
  BinaryCollection collection;
  const BinaryCache cache(ground.cache_folder);
  std::set<std::string> seen;
  double done = 0;
  for (const std::string& name : paths) {
    done += 1;
    const Looked<std::string> path = ground.files.resolve(name);
    if (!path || !seen.insert(*path).second) continue;
    if (ground.how.exact && ground.progress) {
      ground.progress(file_name(*path), done / static_cast<double>(paths.size()));
    }
    std::optional<ReadBinary> read = read_one(ground, *path, cache);
    if (!read) continue;
    Binary& binary = read->binary;
    binary.environment = environment;
    if (packages != nullptr) {
      const auto package = packages->find(name);
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
