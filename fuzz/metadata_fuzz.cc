// What an environment and a package manager say about themselves: METADATA, RECORD, constants of Python files, conda's
// records, the databases of dpkg and apk. All readers see every input.
#include <map>
#include <string>

#include "base/redact.h"
#include "package/database/package_database.h"
#include "package/environments.h"
#include "package/python_literals.h"
#include "package/python_metadata.h"
#include "package/python_record.h"
#include "same_bytes.h"

namespace {
void read_environments(const SameBytes& files) {
  const varve::EnvironmentPlace place{.kind = varve::EnvironmentKind::conda,
                                      .path = "/e",
                                      .folders = {"/e/lib/python3.11/site-packages"},
                                      .conda_meta = "/e/conda-meta",
                                      .found_by = {},
                                      .python = {}};
  const varve::EnvironmentReading reading = varve::read_environment(files, place, "/home/me");
  for (const std::string& library : reading.libraries) {
    if (!library.starts_with('/') || library.find("/../") != std::string::npos) std::abort();
  }
  if (const auto venv = varve::environment_at(files, "/e")) varve::fact_text(venv->python);
  (void)varve::find_environments(
      files, {.environment = {{"VIRTUAL_ENV", "/e"}}, .homes = {"/home/me"}, .working_directory = "", .folders = {}});
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const varve::PackageMetadata metadata = varve::parse_metadata(text);
  for (const std::string& line : metadata.requirements) {
    const auto wanted = varve::parse_requirement(line);
    if (wanted) varve::marker_applies(wanted->marker, {.python = "3.11", .extras = {"cublas"}});
  }
  varve::marker_applies(text, {.python = "", .extras = {}});
  varve::python_constants(text);
  varve::parse_dpkg_status(text, {"*"});
  varve::parse_apk_installed(text, {"*"});
  const SameBytes files(text);
  read_environments(files);
  (void)varve::gpu_packages_fact(files);
  return 0;
}
