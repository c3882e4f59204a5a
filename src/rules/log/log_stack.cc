#include "rules/log/log_stack.h"

#include "package/package_cuda.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"
#include "world/files.h"

namespace varve {

namespace {
// The packages that the table knows, with their role and the CUDA that their versions and names state.
Environment environment_of_log(const LogReading& log) {
  const Fact not_asked = missing_fact(Missing::not_asked, "log", "a log was read, no files");
  Environment environment{.kind = EnvironmentKind::folder,
                          .path = "log",
                          .python = not_asked,
                          .packages = {},
                          .compilers = {},
                          .runtimes = not_asked};
  const std::unique_ptr<Files> nothing = no_files(LookFailure::absent, "a log was read, no files");
  for (Package package : log.packages) {
    const PackageRow* row = find_package_row(normal_package_name(package.name));
    if (row == nullptr) continue;
    package.role = row->role;
    package.cuda = cuda_of_package(*nothing, *row, package, {});
    environment.packages.push_back(std::move(package));
  }
  return environment;
}
}  // namespace

std::vector<std::string> complete_stack(Stack& stack, const LogReading& log) {
  std::vector<std::string> others = complete_facts(stack.facts, log);
  if (!stack.environments.empty() || log.packages.empty()) return others;
  Environment environment = environment_of_log(log);
  if (!environment.packages.empty()) stack.environments.push_back(std::move(environment));
  return others;
}

}  // namespace varve
