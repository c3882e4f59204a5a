#include "rules/situation/package_row.h"

#include "package/python_metadata.h"
#include "rules/situation/situation.h"

namespace varve {

const PackageRow* row_of(const Package& package) {
  const std::string name = normal_package_name(package.name);
  return package.is_of_conda() ? find_conda_row(name) : find_package_row(name);
}

bool is_a_list(const Environment& environment) {
  const Fact& python = environment.python;
  return python.is_known() ? python.standing == Standing::declared : python.missing == Missing::not_asked;
}

bool is_whole(const Environment& environment) {
  return !is_a_list(environment) || find_package(environment, "pip") != nullptr;
}

}  // namespace varve
