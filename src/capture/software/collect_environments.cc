// The Python environments and conda prefixes of the subject, and the libraries in them.
#include <algorithm>
#include <map>
#include <optional>

#include "base/at_once.h"
#include "base/redact.h"
#include "base/text.h"
#include "binary/version/library_version.h"
#include "capture/software/collect_software.h"
#include "capture/software/toolkits.h"
#include "capture/subject/subject_ground.h"
#include "loading/binary_collection.h"
#include "loading/cuda_users.h"
#include "loading/imports/package_consumers.h"
#include "package/environments.h"
#include "tables/libraries.h"
#include "toolkit/toolkit_reader.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr std::size_t kMostLibraries = 8192;  // read of all environments together

EnvironmentHints hints_for(const Subject& subject) {
  EnvironmentHints hints{.environment = subject.environment, .homes = {}, .working_directory = {}, .folders = {}};
  if (!subject.home.empty()) hints.homes.push_back(subject.home);
  hints.processes = !subject.options.process;
  if (subject.options.kind == SubjectKind::root || subject.options.kind == SubjectKind::image) {
    hints.homes = {"/root"};
    hints.working_directory = subject.start_folder;
    const Looked<std::vector<std::string>> users = subject.files.list("/home");
    for (const std::string& user : users.value.value_or(std::vector<std::string>{})) {
      hints.homes.push_back("/home/" + user);
    }
    return hints;
  }
  hints.working_directory = process_link(subject, "cwd");
  constexpr std::string_view kFolder = "/site-packages/";
  for (const Library& library : subject.libraries) {
    const std::size_t at = library.path.find(kFolder);
    if (at == std::string::npos) continue;
    const std::string folder = library.path.substr(0, at + kFolder.size() - 1);
    if (std::find(hints.folders.begin(), hints.folders.end(), folder) == hints.folders.end()) {
      hints.folders.push_back(folder);
    }
  }
  return hints;
}

std::vector<EnvironmentPlace> places_of(const Subject& subject) {
  if (subject.options.kind == SubjectKind::files) return {};
  if (subject.options.kind != SubjectKind::environment) return find_environments(subject.files, hints_for(subject));
  Result<EnvironmentPlace> place = environment_at(subject.files, subject.options.path);
  if (!place) return {};  // open_subject has looked
  return {std::move(*place)};
}

Fact compiler_version(const Subject& subject, const std::string& path, GpuCompiler compiler) {
  const Looked<FileReader> file = subject.files.open(path);
  if (!file) return missing_because(file, path);
  // Triton's second one is called ptxas-blackwell: what it is counts, not its file name.
  const bool program = compiler != GpuCompiler::nvrtc;
  const std::string known_as = program ? std::string(to_string(compiler)) : path.substr(path.rfind('/') + 1);
  const auto version = library_version(*file, known_as, version_rows(known_as));
  return version ? known_fact(clean_utf8(version->value, 64), version->how, version->standing)
                 : missing_fact(Missing::absent, path, "its bytes do not tell");
}

// Those that are libraries have been read with the others; so has everything in a compressed layer.
void set_compiler_versions(const Subject& subject, const BinaryCollection& found, EnvironmentReading& reading) {
  std::map<std::string, Fact> read;
  for (const Binary& binary : found.binaries) read.emplace(binary.path, binary.version);
  for (const auto& [path, before] : subject.read_before) read.emplace(path, before.binary.version);
  std::vector<CarriedCompiler>& compilers = reading.environment.compilers;
  for (std::size_t i = 0; i < reading.compilers.size() && i < compilers.size(); ++i) {
    const std::string& path = reading.compilers[i];
    const auto known = read.find(subject.files.resolve(path).value.value_or(path));
    compilers[i].version = known != read.end() ? known->second : compiler_version(subject, path, compilers[i].name);
  }
}

std::string python_of(const Subject& subject, const EnvironmentPlace& place) {
  const Looked<std::string> python = subject.files.resolve(place.path + "/bin/python3");
  return python ? *python : "";
}

// "torch 2.15.0+cu132 (~/venv)" for every framework.
void add_frameworks(const Environment& environment, std::vector<std::string>& frameworks) {
  for (const Package& package : environment.packages) {
    if (package.role != PackageRole::framework) continue;
    frameworks.push_back(package.name + " " + package.version + " (" + environment.path + ")");
  }
}

Fact list_or_absent(std::vector<std::string> values, const std::string& source, const std::string& detail) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values.empty() ? missing_fact(Missing::absent, source, detail) : known_fact(std::move(values), source);
}
}  // namespace

void collect_environments(const Subject& subject, Stack& stack) {
  std::vector<std::string> frameworks, runtimes;
  bool asked = true, complete = true;
  std::size_t libraries = 0;
  std::vector<LibrariesOfEnvironment> held;
  const LoadingGround ground = loading_ground(subject);
  const std::vector<EnvironmentPlace> places = places_of(subject);
  std::optional<EnvironmentReading> next;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const EnvironmentPlace& place = places[i];
    const auto read = [&](std::size_t one) { return read_environment(subject.files, places[one], subject.home); };
    EnvironmentReading reading = next ? std::move(*next) : read(i);
    next.reset();
    // What the next one lists is read while this one's libraries are looked at.
    std::optional<Aside> ahead;
    if (i + 1 < places.size()) ahead.emplace([&next, &read, i] { next = read(i + 1); });
    drop_candidates_without_cuda(ground, reading);
    Environment& environment = reading.environment;
    if (environment.packages.empty() && !place.named) continue;
    libraries += reading.libraries.size();
    const std::string source = "libraries of " + environment.path;
    if (libraries > kMostLibraries) {
      environment.runtimes = missing_fact(Missing::not_asked, source, "too many environments; look at it with --env");
    } else {
      const DependencyResolver resolver(ground, python_of(subject, place));
      BinaryCollection found = read_binaries(ground, reading.libraries, environment.path, resolver, &reading.packages);
      infer_versions(environment, found);
      if (subject.options.exact) {
        held.push_back(environment_libraries(ground, place, reading, found));
        held.back().environment = stack.environments.size();
      }
      set_compiler_versions(subject, found, reading);
      environment.runtimes = runtimes_fact(found, source);
      if (!place.fleeting) runtimes.insert(runtimes.end(), found.runtimes.begin(), found.runtimes.end());
      add_binaries(ground, std::move(found), stack);
    }
    if (!place.fleeting) {  // what makes the machine's identity does not change when a process ends
      for (Toolkit& toolkit : toolkits_in_environment(subject.files, place)) {
        add_toolkit(subject, std::move(toolkit), stack);
      }
      asked = asked && environment.runtimes.missing != Missing::not_asked;
      complete = complete && !(environment.runtimes.is_known() && !environment.runtimes.detail.empty());
      add_frameworks(environment, frameworks);
    }
    stack.environments.push_back(std::move(environment));
  }
  add_package_consumers(ground, held, stack);
  const std::string source = "environments";
  stack.facts["environments.frameworks"] = list_or_absent(std::move(frameworks), source, "no framework found");
  Fact& fact = stack.facts["environments.runtimes"];
  fact = list_or_absent(std::move(runtimes), source, "no CUDA runtime found");
  if (fact.is_known()) {
    fact.standing = Standing::inferred;
    if (!complete) fact.detail = "at least; --exact looks into every library";
  } else if (!asked) {
    fact = missing_fact(Missing::not_asked, source, "static runtimes are looked for with --exact only");
  }
}

}  // namespace varve
