#include "base/text.h"
#include "capture/software/collect_software.h"
#include "package/database/package_database.h"
#include "tables/package_table.h"

namespace varve {

Fact gpu_packages_fact(const Files& files) {
  const SystemPackages found = find_packages(files, system_package_patterns());
  std::vector<std::string> texts;
  for (const SystemPackage& package : found.packages) {
    texts.push_back(package.manager + " " + package.name + (package.version.empty() ? "" : " " + package.version));
  }
  const std::string unreadable = clean_utf8(join(found.unreadable, "; "));
  if (!texts.empty()) {
    Fact fact = known_fact(std::move(texts), join(found.databases, ", "));
    fact.detail = unreadable;
    return fact;
  }
  if (!unreadable.empty()) return missing_fact(Missing::unsupported, "package databases", unreadable);
  if (found.databases.empty()) {
    return missing_fact(Missing::absent, "dpkg, rpm, apk", "there is no database of a package manager");
  }
  return missing_fact(Missing::absent, join(found.databases, ", "), "no package of NVIDIA's or of CUDA is installed");
}

void collect_gpu_packages(const Subject& subject, Facts& facts) {
  facts["os.gpu_packages"] = gpu_packages_fact(subject.files);
}

}  // namespace varve
