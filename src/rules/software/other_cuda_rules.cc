// Libraries of another CUDA than what loads them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/software/cuda_of_library.h"
#include "rules/software/found_by_folder.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
// The newest "CUDA 12.4 V12.4.131" among the compilers that left their name.
std::optional<DottedVersion> newest_compiler(const Binary& binary) {
  std::optional<DottedVersion> newest;
  for (const std::string& compiler : binary.built_by) {
    if (!compiler.starts_with("CUDA ")) continue;
    const std::optional<DottedVersion> version = dotted_version_from(std::string_view(compiler).substr(5));
    if (version && (!newest || *newest < *version)) newest = version;
  }
  return newest;
}

bool asks_for(const Binary& binary, const std::string& name) {
  return std::any_of(binary.dependencies.begin(), binary.dependencies.end(),
                     [&](const Dependency& dependency) { return dependency.name == name; });
}

// Whether a file of another package that uses CUDA by itself asks for it, and none of the consumer's own: torch beside
// an extension for another CUDA has what it needs, and VRV-FRAMEWORK-CUDA-VARIANT tells of the two.
bool is_of_another(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library) {
  const Binary* asker = index.binary(library.loaded->asked_by);
  const Package* package = asker == nullptr ? nullptr : index.package_of(*asker);
  if (package == nullptr || !package->is_consumer() || package->name == view.consumer.package) return false;
  return std::none_of(view.libraries.begin(), view.libraries.end(), [&](const LibraryView& own) {
    if (own.binary == nullptr || own.binary->package != view.consumer.package) return false;
    return asks_for(*own.binary, library.loaded->name);
  });
}

// Whether the file at whose opening the chain of needs to the library begins would load, but for what the library
// itself brings it to lack. `path`: of the file that asks for it; empty for what Python opens.
bool would_load(const ConsumerView& view, std::string path, const Binary& library) {
  const auto is_of_its_own = [&](const std::string& name) { return !asks_for(library, name); };
  for (std::size_t steps = 0; !path.empty() && steps <= view.libraries.size(); ++steps) {
    const auto at = std::find_if(view.libraries.begin(), view.libraries.end(),
                                 [&](const LibraryView& one) { return one.loaded->path == path; });
    if (at == view.libraries.end()) return true;
    const std::vector<std::string>& lacks = at->loaded->lacks;
    if (std::any_of(lacks.begin(), lacks.end(), is_of_its_own)) return false;
    path = at->loaded->asked_by;
  }
  return true;
}

// A plug-in that lacks something else does not come to it (nixl's for cuFile without its libcudart.so.12).
bool is_asked_for_by_what_loads(const ConsumerView& view, const LibraryView& library) {
  if (library.loaded->asked_by.empty()) return true;
  bool any_asks = false;
  for (const LibraryView& asker : view.libraries) {
    if (asker.binary == nullptr || asker.binary->package != view.consumer.package) continue;
    const bool does = asks_for(*asker.binary, library.loaded->name);
    if (does && would_load(view, asker.loaded->path, *library.binary)) return true;
    any_asks = any_asks || does;
  }
  return !any_asks && would_load(view, library.loaded->asked_by, *library.binary);
}

// Whether it asks for libraries whose names tell a CUDA that its consumer is not of, or lacks symbols.
bool is_bound_to_its_cuda(const LibraryIndex& index, const LibraryView& library, const std::vector<int>& wanted) {
  if (library.loaded->unresolved_count > 0) return true;
  const std::vector<Dependency>& asks = library.binary->dependencies;
  return std::any_of(asks.begin(), asks.end(), [&](const Dependency& dependency) {
    const std::optional<int> major = index.cuda_major(dependency.name);
    return major && std::find(wanted.begin(), wanted.end(), *major) == wanted.end();
  });
}

std::vector<Found> libraries_of_other_cuda(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  FoundByFolder found;
  for (const ConsumerView& view : analysis.consumers) {
    const std::vector<int> wanted = cuda_majors_of(index, view);
    if (wanted.empty()) continue;
    for (const LibraryView& library : view.libraries) {
      const Binary* binary = library.binary;
      if (binary == nullptr || (!binary->package.empty() && binary->package == view.consumer.package)) continue;
      if (!index.is_cuda_library(binary->path) || index.cuda_major(library.loaded->name)) continue;
      if (is_of_another(index, view, library)) continue;
      const std::vector<int> majors = cuda_majors_of(index, *binary);
      const bool fits = std::any_of(majors.begin(), majors.end(), [&](int major) {
        return std::find(wanted.begin(), wanted.end(), major) != wanted.end();
      });
      if (majors.empty() || fits || !is_asked_for_by_what_loads(view, library)) continue;
      Found one{.evidence = fmt::format("{} is built for CUDA {}, but its {} would be {}, which is for CUDA {} ({})",
                                        consumer_text(view.consumer), majors_text(wanted), library.loaded->name,
                                        located(index, *binary), majors_text(majors), library.loaded->why)};
      if (!is_bound_to_its_cuda(index, library, wanted)) {
        one.severity = Severity::warning;
        one.consequence = "It binds, and asks for nothing of the other CUDA by name: it may work, and nobody tests it";
      }
      found.add(view.consumer, *library.loaded, std::move(one));
    }
  }
  return found.take();
}

std::vector<Found> libraries_other_than_compiler(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const ConsumerView& view : analysis.consumers) {
    for (const LibraryView& library : view.libraries) {
      const Binary* asker = index.binary(library.loaded->asked_by);
      if (asker == nullptr || library.binary == nullptr || !index.is_cuda_library(library.loaded->name)) continue;
      // Libraries of wheels are built with compilers of several releases; what somebody compiled here is not.
      const bool own = view.consumer.kind == ConsumerKind::binary ||
                       (view.package != nullptr && asker->package == view.package->name &&
                        view.package->role == PackageRole::extension);
      const std::optional<DottedVersion> compiler = newest_compiler(*asker);
      if (!own || !compiler || library.loaded->kind != DependencyKind::needed) continue;
      std::vector<int> majors = cuda_majors_of(index, *library.binary);
      if (const auto by_name = index.cuda_major(library.loaded->name)) majors = {*by_name};
      const bool fits = std::find(majors.begin(), majors.end(), compiler->major()) != majors.end();
      if (majors.empty() || fits || !told.insert(asker->path + "\n" + library.loaded->name).second) continue;
      found.push_back(
          {.evidence = fmt::format("{} was compiled with CUDA {}, but its {} would be {}, which is for CUDA {}",
                                   asker->path, fmt::format("{}.{}", compiler->major(), compiler->minor()),
                                   library.loaded->name, located(index, *library.binary), majors_text(majors))});
    }
  }
  return found;
}
}  // namespace

const std::vector<Rule>& other_cuda_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-LIBRARY-OTHER-CUDA",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement =
           "A library with the same SONAME for several CUDA major versions is the one for the CUDA of its consumer",
       .consequence = "It is taken without complaint, and the first use fails or asks for libraries of the other CUDA "
                      "version that are not there",
       .fix = "Install the build of that library for the consumer's CUDA, or take the other out of the search path",
       .source = kLoaderManual,
       .judge = libraries_of_other_cuda},
      {.id = "VRV-TOOLKIT-BINARY",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::application,
       .category = FaultCategory::host_toolkit,
       .statement = "A binary takes CUDA libraries of the major version that it was compiled with",
       .consequence =
           "Interfaces change between major versions: undefined symbols, or wrong answers behind the same names",
       .fix = "Compile it again with the CUDA version whose libraries it takes, or put that version's libraries on its "
              "path",
       .source = "CUDA C++ Best Practices Guide, CUDA Toolkit Versioning: only minor versions are compatible",
       .judge = libraries_other_than_compiler},
  };
  return rules;
}

}  // namespace varve
