#include "rules/situation/overwritten_files.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rules/situation/library_facts.h"

namespace varve {

bool OverwrittenFiles::is_of(const std::string& label) const {
  return std::find(packages.begin(), packages.end(), label) != packages.end();
}

std::string OverwrittenFiles::names() const {
  std::vector<std::string> names;
  for (const std::string& path : paths) names.push_back(base_name(path));
  return and_more(names, kFilesTold);
}

std::vector<OverwrittenFiles> overwritten_files(const Environment& environment) {
  std::map<std::vector<std::string>, OverwrittenFiles> by_packages;
  for (const FileFault& fault : environment.file_faults) {
    if (fault.kind != FileFaultKind::overwritten) continue;
    OverwrittenFiles& files = by_packages[fault.packages];
    files.packages = fault.packages;
    files.paths.push_back(fault.path);
    if (!fault.owner.empty()) files.owners.insert(fault.owner);
  }
  std::vector<OverwrittenFiles> all;
  for (auto& [packages, files] : by_packages) all.push_back(std::move(files));
  return all;
}

}  // namespace varve
