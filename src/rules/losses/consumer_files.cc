#include "rules/losses/consumer_files.h"

#include <algorithm>

#include "base/library_file_name.h"
#include "base/text.h"
#include "tables/libraries.h"

namespace varve {

namespace {
// "libgraphbolt_pytorch_2.2.1.so" and "…_2.0.0.so" are one, and so are "cu12/cccl/libcccl.c.parallel.so" and that below
// cu13: numbers apart.
std::string numberless_name(const std::string& path) {
  std::string name;
  for (const char c : path) {
    const bool is_number = (c >= '0' && c <= '9') || c == '.';
    if (!is_number) {
      name += c;
    } else if (!name.ends_with('#')) {
      name += '#';
    }
  }
  return name;
}
}  // namespace

bool is_missing(const ConsumedLibrary& library) { return library.path.empty() && !is_driver_library(library.name); }

ConsumerFiles::ConsumerFiles(const ConsumerView& consumer, const LibraryIndex& libraries)
    : view(consumer), index(libraries), row(consumer.package == nullptr ? nullptr : row_of(*consumer.package)) {
  for (const LibraryView& library : view.libraries) {
    if (library.loaded->path.empty()) continue;
    by_path.emplace(library.loaded->path, &library);
    found_[split_library_file_name(library.loaded->name).stem].insert(library.loaded->name);
    if (file_name(library.loaded->name) == "libc.so.6") has_c_library = true;
  }
  note_incomplete();
  note_complete();
}

void ConsumerFiles::note_incomplete() {
  for (const LibraryView& library : view.libraries) {
    if (!is_missing(*library.loaded) || library.loaded->kind != DependencyKind::needed) continue;
    lacks_cuda = lacks_cuda || index.cuda_major(library.loaded->name).has_value();
    const std::string& path = head_of(*library.loaded).file->path;
    incomplete_.insert(path);
    if (index.is_cuda_library(library.loaded->name)) lack_cuda.insert(path);
    if (has_role(library.loaded->name, LibraryRole::of_framework)) extends_absent.insert(path);
  }
  for (const auto& [path, library] : by_path) {
    const std::vector<std::string>& lacks = library->loaded->lacks;
    if (lacks.empty()) continue;
    incomplete_.insert(path);
    const auto of_framework = [](const std::string& name) { return has_role(name, LibraryRole::of_framework); };
    if (std::any_of(lacks.begin(), lacks.end(), of_framework)) extends_absent.insert(path);
  }
}

void ConsumerFiles::note_complete() {
  for (const auto& [path, library] : by_path) {
    const ConsumedLibrary& loaded = *library->loaded;
    const bool loads = !incomplete_.contains(path) && loaded.unresolved_count == 0;
    if (!loads) continue;
    if (is_own(*library)) variants_.emplace(numberless_name(path), path);
    if (!has_code(path)) continue;
    // A copy of a library of CUDA (mindspore's libnccl.so.2) is none of its own kernels.
    if (loaded.asked_by.empty() && !index.is_cuda_library(loaded.name)) code_complete = true;
    if (is_own(*library) && !incomplete_.contains(head_of(loaded).file->path)) own_code_loads = true;
  }
}

bool ConsumerFiles::has_code(const std::string& path) const {
  const auto at = by_path.find(path);
  const Binary* binary = at == by_path.end() ? nullptr : at->second->binary;
  return binary != nullptr && binary->coverage && binary->coverage->regions > 0;
}

bool ConsumerFiles::is_own(const LibraryView& library) const {
  if (library.binary != nullptr && !library.binary->package.empty()) {
    return library.binary->package == view.consumer.package;
  }
  return library.loaded->asked_by.empty();
}

bool ConsumerFiles::lacks_a_cuda_library(const ConsumedLibrary& file) const {
  return std::any_of(file.lacks.begin(), file.lacks.end(),
                     [&](const std::string& name) { return index.is_cuda_library(name); });
}

Head ConsumerFiles::head_of(const ConsumedLibrary& library) const {
  Head head{.file = &library, .by_name = false, .all_needed = library.kind == DependencyKind::needed};
  for (std::size_t steps = 0; !head.file->asked_by.empty() && steps <= by_path.size(); ++steps) {
    head.by_name = head.file->kind == DependencyKind::opened;
    if (head.by_name) return head;
    const auto up = by_path.find(head.file->asked_by);
    if (up == by_path.end()) break;
    head.file = up->second->loaded;
    head.all_needed = head.all_needed && head.file->kind == DependencyKind::needed;
  }
  return head;
}

bool ConsumerFiles::has(const std::string& name) const {
  const auto same = found_.find(split_library_file_name(name).stem);
  return same != found_.end() && same->second.contains(name);
}

bool ConsumerFiles::has_any_version(const std::string& name) const {
  return found_.contains(split_library_file_name(name).stem);
}

bool ConsumerFiles::another_loads(const std::string& path) const {
  const auto [begin, end] = variants_.equal_range(numberless_name(path));
  return std::any_of(begin, end, [&](const auto& variant) { return variant.second != path; });
}

bool ConsumerFiles::another_module_loads(const std::string& path) const {
  return std::any_of(variants_.begin(), variants_.end(), [&](const auto& variant) {
    return variant.second != path && is_extension_module(variant.second);
  });
}

}  // namespace varve
