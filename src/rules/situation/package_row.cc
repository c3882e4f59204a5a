#include "rules/situation/package_row.h"

#include "package/python_metadata.h"

namespace varve {

const PackageRow* row_of(const Package& package) {
  const std::string name = normal_package_name(package.name);
  return package.is_of_conda() ? find_conda_row(name) : find_package_row(name);
}

}  // namespace varve
