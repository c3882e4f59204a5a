#include "rules/software/cuda_of_library.h"

#include <algorithm>

#include "base/text.h"

namespace varve {

std::vector<int> cuda_majors_of(const LibraryIndex& index, const Binary& binary) {
  const Package* package = index.package_of(binary);
  if (package != nullptr)
    return package->role == PackageRole::runtime ? cuda_majors(package->cuda) : std::vector<int>{};
  std::vector<int> majors;
  for (const Dependency& dependency : binary.dependencies) {
    const std::optional<int> major = index.cuda_major(dependency.name);
    if (major && std::find(majors.begin(), majors.end(), *major) == majors.end()) majors.push_back(*major);
  }
  return majors.empty() ? cuda_majors(binary.runtime) : majors;
}

std::vector<int> cuda_majors_of(const LibraryIndex& index, const ConsumerView& view) {
  if (view.package != nullptr) return cuda_majors(view.package->cuda);
  std::vector<int> majors;
  for (const LibraryView& library : view.libraries) {
    if (library_words(library.loaded->name).stem != "cudart") continue;
    if (const auto major = index.cuda_major(library.loaded->name)) majors.push_back(*major);
  }
  return majors;
}

std::string majors_text(const std::vector<int>& majors) {
  std::vector<std::string> texts;
  for (const int major : majors) texts.push_back(std::to_string(major));
  return join(texts, " and ");
}

std::string located(const LibraryIndex& index, const Binary& binary) {
  return binary.path + " (" + index.version_text(binary) + ")";
}

}  // namespace varve
