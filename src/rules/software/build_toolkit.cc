#include "rules/software/build_toolkit.h"

#include <algorithm>

#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

const Toolkit* named_toolkit(const Situation& situation, const std::string& source) {
  for (const Toolkit& toolkit : situation.subject.toolkits) {
    const auto& names = toolkit.named_by;
    if (std::find(names.begin(), names.end(), source) != names.end()) return &toolkit;
  }
  return nullptr;
}

BuildToolkit build_toolkit(const Situation& situation) {
  for (const char* source : {"CUDA_HOME", "CUDA_PATH", "PATH", "/usr/local/cuda"}) {
    if (const Toolkit* toolkit = named_toolkit(situation, source)) return {toolkit, source};
  }
  return {};
}

std::vector<std::string> reasons_to_build(const Situation& situation, const Environment* environment) {
  std::vector<std::string> reasons;
  for (const char* name : {"CUDA_HOME", "CUDA_PATH", "TORCH_CUDA_ARCH_LIST", "TORCH_EXTENSIONS_DIR", "NVCC_CCBIN"}) {
    if (setting_of(situation, name)) reasons.push_back(std::string(name) + " is set");
  }
  if (named_toolkit(situation, "LOADEDMODULES") != nullptr) reasons.emplace_back("a module with CUDA is loaded");
  if (const auto shown = text_of(situation, "toolkit.builds")) reasons.push_back("the log shows a build: " + *shown);
  if (environment == nullptr) return reasons;
  for (const Package& package : environment->packages) {
    const PackageRow* row = find_package_row(normal_package_name(package.name));
    if (row != nullptr && row->uses_toolkit) reasons.push_back(package.name + " compiles with it");
  }
  return reasons;
}

}  // namespace varve
