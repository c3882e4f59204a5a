#include "loading/imports/cuda_opener.h"

#include <algorithm>

#include "base/text.h"
#include "tables/libraries.h"
#include "world/world.h"

namespace varve {

namespace {
bool is_soname_of_cuda(const std::string& soname, const std::string& major) {
  const LibraryRow* row = library_of(soname);
  return row != nullptr && !major.empty() &&
         std::any_of(row->sonames.begin(), row->sonames.end(),
                     [&](const LibraryName& name) { return name.soname == soname && name.cuda == major; });
}
}  // namespace

std::vector<std::string> folders_of_opener(const EnvironmentGround& here) {
  const std::string first = environment_value(here.ground.environment, "CUDA_PATH");
  const std::string toolkit = first.empty() ? environment_value(here.ground.environment, "CUDA_HOME") : first;
  std::vector<std::string> folders;
  for (const std::string& root : {environment_value(here.ground.environment, "CONDA_PREFIX"), toolkit}) {
    if (root.empty() || root[0] != '/') continue;
    for (const char* below : {"/lib64", "/lib", "/nvvm/lib64", "/extras/CUPTI/lib64"}) folders.push_back(root + below);
  }
  return folders;
}

std::vector<std::string> of_bindings_first(const EnvironmentGround& here, std::vector<std::string> names) {
  const std::vector<Package>& packages = here.environment().packages;
  const auto bindings =
      std::find_if(packages.begin(), packages.end(), [](const Package& one) { return one.name == "cuda-bindings"; });
  const std::string major = bindings == packages.end() ? "" : bindings->version.substr(0, bindings->version.find('.'));
  std::stable_partition(names.begin(), names.end(),
                        [&](const std::string& name) { return is_soname_of_cuda(name, major); });
  return names;
}

bool opener_finds(const EnvironmentGround& here, const HeldLibrary& asker, const std::vector<std::string>& names) {
  const Result<LoadedSet> alone = start_loaded_set(here.context, asker.path);
  const std::vector<std::string> folders = folders_of_opener(here);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (here.held.contains(name)) return true;
    const bool is_in_folder = std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
      return here.ground.files.exists(folder + "/" + name);
    });
    if (is_in_folder || !alone) return true;
    const Resolution found = resolve_dependency(here.context, *alone, 0, name);
    return !found.path.empty() && !found.unfit;
  });
}

}  // namespace varve
