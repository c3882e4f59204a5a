#include "base/at_once.h"
#include "base/redact.h"
#include "base/text.h"
#include "loading/binary_collection.h"
#include "loading/consumer_loading.h"
#include "model/words/lookup_way.h"
#include "tables/libraries.h"

namespace varve {

namespace {
std::vector<std::string> opened_names(const Binary& binary) {
  std::vector<std::string> names;
  for (const Dependency& dependency : binary.dependencies) {
    if (dependency.kind == DependencyKind::opened) names.push_back(dependency.name);
  }
  return names;
}

std::unique_ptr<DynamicSymbols> symbols_of(const Files& files, const std::string& real_path) {
  const Looked<FileReader> file = files.open(real_path);
  if (!file) return nullptr;
  Result<DynamicSymbols> read = DynamicSymbols::read(*file, real_path);
  return read ? std::make_unique<DynamicSymbols>(std::move(*read)) : nullptr;
}
}  // namespace

HeldLibrary held_library(const Binary& binary, const std::string& path, const std::string& real_path,
                         std::optional<PackageRole> role) {
  return {.path = path,
          .real_path = real_path,
          .soname = binary.soname,
          .version = binary.version.is_known() ? value_text(*binary.version.value) : "",
          .package = binary.package,
          .role = role,
          .opened = opened_names(binary),
          .has_gpu_code = binary.coverage && binary.coverage->regions > 0};
}

std::string LoadedFiles::shown(const std::string& path) const { return clean_utf8(shorten_home(path, ground_.home)); }

std::string LoadedFiles::package_of(const std::string& real_path) const {
  const auto at = known_.find(real_path);
  return at == known_.end() ? std::string() : at->second.package;
}

const HeldLibrary& LoadedFiles::look_into(const LoadedObject& object) {
  const std::string& path = object.real_path;
  const auto [at, is_new] = known_.try_emplace(path);
  HeldLibrary& library = at->second;
  if (!is_new) return library;
  library = {.path = object.path, .real_path = path, .soname = object.dynamic.soname};
  if (path.empty() || is_driver_library(path)) return library;
  const std::string shown_path = shown(path);
  for (const Binary& binary : stack_.binaries) {
    if (binary.path != shown_path) continue;
    library = held_library(binary, object.path, path, std::nullopt);
    return library;
  }
  if (is_of_the_system(lookup_way(object.why)) && !is_cuda_library(path)) return library;
  const DependencyResolver resolver(ground_, "");
  BinaryCollection found = read_binaries(ground_, {path}, "", resolver);
  if (found.binaries.empty()) return library;
  library = held_library(found.binaries.front(), object.path, path, std::nullopt);
  add_binaries(ground_, std::move(found), stack_);
  return library;
}

const DynamicSymbols* LoadedFiles::symbols(const std::string& real_path) {
  const auto before = ground_.read_before.find(real_path);
  if (before != ground_.read_before.end() && before->second.symbols) return before->second.symbols.get();
  const auto [at, is_new] = symbols_.try_emplace(real_path);
  if (is_new) at->second = symbols_of(ground_.files, real_path);
  return at->second.get();
}

void LoadedFiles::read_symbols(const std::vector<std::string>& real_paths) {
  std::vector<std::pair<const std::string*, std::unique_ptr<DynamicSymbols>*>> unread;
  for (const std::string& path : real_paths) {
    if (ground_.read_before.contains(path)) continue;
    const auto [at, is_new] = symbols_.try_emplace(path);
    if (is_new) unread.emplace_back(&at->first, &at->second);
  }
  const auto read = [&](std::size_t one) { *unread[one].second = symbols_of(ground_.files, *unread[one].first); };
  for_each_at_once(unread.size(), read, 2);
}

}  // namespace varve
