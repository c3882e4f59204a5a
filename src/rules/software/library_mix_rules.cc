// Which of several files and releases a consumer would take.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "model/words/lookup_way.h"
#include "rules/analysis/rule.h"
#include "rules/software/listed_packages.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {

bool is_shadowing(const ConsumedLibrary& library) { return lookup_way(library.why) == LookupWay::library_path; }

// What the environment holds for the same name, elsewhere than the path that was taken.
const Binary* own_library(const LibraryIndex& index, const Consumer& consumer, const ConsumedLibrary& taken) {
  for (const Binary* binary : index.with_stem(library_words(taken.name).stem)) {
    if (binary->environment != consumer.environment || binary->path == taken.path) continue;
    if (binary->soname == taken.name || base_name(binary->path) == taken.name) return binary;
  }
  return nullptr;
}

// Which of the two is older; "" where nobody can tell, or they are the same.
std::string difference(const std::optional<KnownVersion>& taken, const std::optional<KnownVersion>& own) {
  if (!taken || !own) return "";
  const int order = compare_releases(taken->version, own->version);
  return order < 0 ? "older" : order > 0 ? "newer" : "";
}

std::string located(const LibraryIndex& index, const Binary& binary) {
  return binary.path + " (" + index.version_text(binary) + ")";
}

std::optional<Found> shadow_of(const Analysis& analysis, const LibraryIndex& index, const ConsumerView& view,
                               const LibraryView& library) {
  const ConsumedLibrary& taken = *library.loaded;
  if (!is_shadowing(taken) || taken.path.empty() || library.binary == nullptr) return std::nullopt;
  if (view.consumer.environment.empty() || library.binary->environment == view.consumer.environment) {
    return std::nullopt;
  }
  const Binary* own = own_library(index, view.consumer, taken);
  if (own == nullptr || (!own->build_id.empty() && own->build_id == library.binary->build_id)) return std::nullopt;
  const std::optional<KnownVersion> taken_version = index.version(*library.binary), own_version = index.version(*own);
  const std::string order = difference(taken_version, own_version);
  if (order.empty() && taken_version && own_version) return std::nullopt;  // the same release
  const bool other_major =
      taken_version && own_version && taken_version->version.major() != own_version->version.major();
  Found found{.evidence =
                  fmt::format("{} would load {} from {}, {} than its own {}, because of {}",
                              consumer_text(view.consumer), taken.name, located(index, *library.binary),
                              order.empty() ? "perhaps another release" : order, located(index, *own), taken.why)};
  found.about.push_back({About::library, taken.name});
  // A SONAME with CUDA's major version in it is kept compatible within it: what binds, works.
  const bool binds = view.consumer.symbols_checked && index.cuda_major(taken.name) && !other_major;
  found.severity = (order == "older" && !binds) || other_major ? Severity::warning : Severity::note;
  if (const auto paths = setting_of(analysis, "LD_LIBRARY_PATH")) {
    found.fix = "Unset LD_LIBRARY_PATH for this program, or take the folder " +
                taken.path.substr(0, taken.path.rfind('/')) + " out of it (now: " + *paths + ")";
  }
  return found;
}

// One finding for everything that an environment would take from one folder.
class FoundByFolder {
 public:
  void add(const Consumer& consumer, const ConsumedLibrary& taken, Found found) {
    if (!told_.insert(consumer.environment + "\n" + taken.path).second) return;
    const std::string key = consumer.environment + "\n" + taken.path.substr(0, taken.path.rfind('/'));
    const auto [at, is_new] = by_folder_.emplace(key, found_.size());
    if (is_new) {
      found_.push_back(std::move(found));
      others_.emplace_back();
      return;
    }
    Found& first = found_[at->second];
    // Severities are in the order of weight; without one the row's counts, which is no less.
    if (first.severity && (!found.severity || *found.severity < *first.severity)) first.severity = found.severity;
    others_[at->second].push_back(taken.name);
  }
  std::vector<Found> take() {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (!others_[i].empty()) found_[i].evidence += "; likewise from that folder: " + join(others_[i], ", ");
    }
    return std::move(found_);
  }

 private:
  std::vector<Found> found_;
  std::vector<std::vector<std::string>> others_;
  std::map<std::string, std::size_t> by_folder_;
  std::set<std::string> told_;
};

struct Member {
  const Binary* binary;
  KnownVersion version;
  std::optional<int> cuda;  // that its name tells: libcublas.so.12
};

// A library may say another version than the wheel that it came in (cuTENSOR 2.8.1 says 2.8.0): of one package only
// what files say themselves is compared.
bool are_comparable(const Member& a, const Member& b) {
  const bool same_package = !a.binary->package.empty() && a.binary->package == b.binary->package &&
                            a.binary->environment == b.binary->environment;
  return !same_package || (a.version.is_of_file && b.version.is_of_file);
}

// The members of a family with a version that differs from the first's, first of all.
std::vector<Member> members_that_differ(const std::vector<Member>& members) {
  std::vector<Member> differing;
  for (const Member& member : members) {
    const bool differs =
        differing.empty() || (are_comparable(member, differing.front()) &&
                              compare_releases(member.version.version, differing.front().version.version) != 0);
    if (differs) differing.push_back(member);
  }
  return differing.size() > 1 ? differing : std::vector<Member>{};
}

// CUDA major versions that a library belongs to: in an environment by its package, elsewhere by the SONAMEs it asks
// for and then by the runtime inside it.
std::vector<int> majors_of_library(const LibraryIndex& index, const Binary& binary) {
  const Package* package = index.package_of(binary);
  if (package != nullptr)
    return package->role == PackageRole::runtime ? cuda_majors(package->cuda) : std::vector<int>{};
  std::vector<int> majors;
  for (const Dependency& dependency : binary.dependencies) {
    const std::optional<int> major = index.cuda_major(dependency.name);
    if (major && std::find(majors.begin(), majors.end(), *major) == majors.end()) majors.push_back(*major);
  }
  return majors.empty() ? cuda_majors(binary.runtime) : majors;
}

std::vector<int> majors_of_consumer(const LibraryIndex& index, const ConsumerView& view) {
  if (view.package != nullptr) return cuda_majors(view.package->cuda);
  std::vector<int> majors;
  for (const LibraryView& library : view.libraries) {
    if (library_words(library.loaded->name).stem != "cudart") continue;
    if (const auto major = index.cuda_major(library.loaded->name)) majors.push_back(*major);
  }
  return majors;
}

std::string numbers(const std::vector<int>& majors) {
  std::vector<std::string> texts;
  for (const int major : majors) texts.push_back(std::to_string(major));
  return join(texts, " and ");
}

std::string release_text(const DottedVersion& version) {
  return std::to_string(version.major()) + "." + std::to_string(version.minor());
}

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

std::vector<Found> shadowed_libraries(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  FoundByFolder found;
  for (const ConsumerView& view : analysis.consumers) {
    for (const LibraryView& library : view.libraries) {
      std::optional<Found> shadow = shadow_of(analysis, index, view, library);
      if (shadow) found.add(view.consumer, *library.loaded, std::move(*shadow));
    }
  }
  return found.take();
}

// The libraries that are released together. Where the name tells the CUDA, those of one CUDA: nobody who asks for
// libcublas.so.12 is given libcublas.so.13, and one process may hold both.
std::vector<std::vector<Member>> families_of(const LibraryIndex& index, const ConsumerView& view) {
  std::map<std::string, std::vector<Member>> families;
  for (const LibraryView& library : view.libraries) {
    if (library.binary == nullptr) continue;
    const std::string family = family_of(library_words(library.binary->path).stem);
    const std::optional<KnownVersion> version = index.version(*library.binary);
    if (family.empty() || !version) continue;
    families[family].push_back({library.binary, *version, index.cuda_major(base_name(library.binary->path))});
  }
  std::vector<std::vector<Member>> all;
  for (const auto& [family, members] : families) {
    const bool tells =
        std::any_of(members.begin(), members.end(), [](const Member& one) { return one.cuda.has_value(); });
    std::map<std::vector<int>, std::vector<Member>> by_cuda;
    for (const Member& member : members) {
      const std::vector<int> of_package = tells ? majors_of_library(index, *member.binary) : std::vector<int>{};
      by_cuda[member.cuda ? std::vector<int>{*member.cuda} : of_package].push_back(member);
    }
    for (auto& [cuda, set] : by_cuda) all.push_back(std::move(set));
  }
  return all;
}

std::vector<Found> mixed_families(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const ConsumerView& view : analysis.consumers) {
    for (const std::vector<Member>& members : families_of(index, view)) {
      const std::vector<Member> differing = members_that_differ(members);
      if (differing.empty()) continue;
      std::vector<std::string> texts;
      bool other_major = false;
      for (const Member& member : differing) {
        texts.push_back(base_name(member.binary->path) + " " + located(index, *member.binary));
        other_major = other_major || member.version.version.major() != differing.front().version.version.major();
      }
      if (!told.insert(view.consumer.environment + join(texts, "\n")).second) continue;
      found.push_back({.evidence = fmt::format(
                           "{} would load libraries of {} of different releases: {}", consumer_text(view.consumer),
                           family_of(library_words(members.front().binary->path).stem), join(texts, ", ")),
                       .severity = other_major ? Severity::error : Severity::warning});
      for (const Member& member : differing) {
        found.back().about.push_back({About::library, base_name(member.binary->path)});
      }
    }
  }
  return found;
}

// Whether a file of another package that uses CUDA by itself asks for it, and none of the consumer's own: torch beside
// an extension for another CUDA has what it needs, and VRV-FRAMEWORK-CUDA-VARIANT tells of the two.
bool is_of_another(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library) {
  const Binary* asker = index.binary(library.loaded->asked_by);
  const Package* package = asker == nullptr ? nullptr : index.package_of(*asker);
  if (package == nullptr || !package->is_consumer() || package->name == view.consumer.package) return false;
  return std::none_of(view.libraries.begin(), view.libraries.end(), [&](const LibraryView& own) {
    if (own.binary == nullptr || own.binary->package != view.consumer.package) return false;
    const std::vector<Dependency>& asks = own.binary->dependencies;
    return std::any_of(asks.begin(), asks.end(),
                       [&](const Dependency& dependency) { return dependency.name == library.loaded->name; });
  });
}

// Whether the file at whose opening the chain of needs to this one begins would load. `path`: empty for what Python
// opens.
bool would_load(const ConsumerView& view, std::string path) {
  for (std::size_t steps = 0; !path.empty() && steps <= view.libraries.size(); ++steps) {
    const auto at = std::find_if(view.libraries.begin(), view.libraries.end(),
                                 [&](const LibraryView& one) { return one.loaded->path == path; });
    if (at == view.libraries.end()) return true;
    if (!at->loaded->lacks.empty()) return false;
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
    const std::vector<Dependency>& asks = asker.binary->dependencies;
    const bool does = std::any_of(asks.begin(), asks.end(), [&](const Dependency& dependency) {
      return dependency.name == library.loaded->name;
    });
    if (does && would_load(view, asker.loaded->path)) return true;
    any_asks = any_asks || does;
  }
  return !any_asks && would_load(view, library.loaded->asked_by);
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
    const std::vector<int> wanted = majors_of_consumer(index, view);
    if (wanted.empty()) continue;
    for (const LibraryView& library : view.libraries) {
      const Binary* binary = library.binary;
      if (binary == nullptr || (!binary->package.empty() && binary->package == view.consumer.package)) continue;
      if (!index.is_cuda_library(binary->path) || index.cuda_major(library.loaded->name)) continue;
      if (is_of_another(index, view, library)) continue;
      const std::vector<int> majors = majors_of_library(index, *binary);
      const bool fits = std::any_of(majors.begin(), majors.end(), [&](int major) {
        return std::find(wanted.begin(), wanted.end(), major) != wanted.end();
      });
      if (majors.empty() || fits || !is_asked_for_by_what_loads(view, library)) continue;
      Found one{.evidence = fmt::format("{} is built for CUDA {}, but its {} would be {}, which is for CUDA {} ({})",
                                        consumer_text(view.consumer), numbers(wanted), library.loaded->name,
                                        located(index, *binary), numbers(majors), library.loaded->why)};
      if (!is_bound_to_its_cuda(index, library, wanted)) {
        one.severity = Severity::warning;
        one.consequence = "It binds, and asks for nothing of the other CUDA by name: it may work, and nobody tests it";
      }
      found.add(view.consumer, *library.loaded, std::move(one));
    }
  }
  return found.take();
}

std::vector<Found> linkers_older_than_askers(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const ConsumerView& view : analysis.consumers) {
    if (view.consumer.symbols_checked) continue;  // then the symbols themselves tell
    for (const LibraryView& library : view.libraries) {
      if (library.binary == nullptr || library_words(library.binary->path).stem != "nvJitLink") continue;
      const std::optional<KnownVersion> linker = index.version(*library.binary);
      for (const LibraryView& other : view.libraries) {
        if (!linker || other.binary == nullptr || !other.binary->runtime.is_known()) continue;
        const auto& asks = other.binary->dependencies;
        const bool asking = std::any_of(asks.begin(), asks.end(), [&](const Dependency& dependency) {
          return dependency.kind == DependencyKind::needed && library_words(dependency.name).stem == "nvJitLink";
        });
        const auto release = dotted_version_from(value_text(*other.binary->runtime.value));
        if (!asking || !release || release->parts.size() < 2) continue;
        const DottedVersion own{.parts = {linker->version.major(), linker->version.minor()}};
        if (own >= *release || !told.insert(other.binary->path + "\n" + library.binary->path).second) continue;
        found.push_back(
            {.evidence = fmt::format("{} is of CUDA {} and asks for symbols of that release of {}, but would get {}",
                                     located(index, *other.binary), release_text(*release), library.loaded->name,
                                     located(index, *library.binary))});
      }
    }
  }
  for (Found& one : listed_linker_shadowed(analysis)) found.push_back(std::move(one));
  return found;
}

std::vector<Found> sonames_with_several_files(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  struct Use {
    const Binary* binary;
    const ConsumerView* view;
  };
  std::map<std::string, std::vector<Use>> uses;  // by environment and SONAME
  for (const ConsumerView& view : analysis.consumers) {
    // What a process has loaded is no choice of what would be loaded.
    if (view.consumer.environment.empty() || view.consumer.kind == ConsumerKind::process) continue;
    for (const LibraryView& library : view.libraries) {
      if (library.binary == nullptr || library.binary->soname.empty()) continue;
      if (!index.is_cuda_library(library.binary->soname)) continue;
      uses[view.consumer.environment + "\n" + library.binary->soname].push_back({library.binary, &view});
    }
  }
  std::vector<Found> found;
  std::set<std::string> told;
  for (const auto& [key, users] : uses) {
    const Use& first = users.front();
    for (const Use& use : users) {
      const auto a = index.version(*first.binary), b = index.version(*use.binary);
      if (use.view == first.view || use.binary->path == first.binary->path) continue;
      if (!a || !b || compare_releases(a->version, b->version) == 0) continue;
      // One finding for two folders, whatever the number of libraries in them.
      const std::string family = family_of(library_words(use.binary->soname).stem);
      const auto folder = [](const Binary& binary) { return binary.path.substr(0, binary.path.rfind('/')); };
      const std::string name = family.empty() ? use.binary->soname : family;
      if (!told.insert(name + "\n" + folder(*first.binary) + "\n" + folder(*use.binary)).second) continue;
      found.push_back(
          {.evidence = fmt::format("{} would load {} from {}, and {} from {}: in one process the first serves both",
                                   consumer_text(first.view->consumer), first.binary->soname,
                                   located(index, *first.binary), use.view->consumer.name, located(index, *use.binary)),
           .severity = family.empty() ? Severity::note : Severity::warning});
    }
  }
  return found;
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
      std::vector<int> majors = majors_of_library(index, *library.binary);
      if (const auto by_name = index.cuda_major(library.loaded->name)) majors = {*by_name};
      const bool fits = std::find(majors.begin(), majors.end(), compiler->major()) != majors.end();
      if (majors.empty() || fits || !told.insert(asker->path + "\n" + library.loaded->name).second) continue;
      found.push_back(
          {.evidence = fmt::format("{} was compiled with CUDA {}, but its {} would be {}, which is for CUDA {}",
                                   asker->path, release_text(*compiler), library.loaded->name,
                                   located(index, *library.binary), numbers(majors))});
    }
  }
  return found;
}
}  // namespace

const std::vector<Rule>& library_mix_rules() {
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
      {.id = "VRV-LIBRARY-FAMILY-MIX",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "Libraries that are released together are loaded in one release",
       .consequence =
           "They call each other without a stable interface: cuDNN refuses with "
           "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH even where all symbols bind, others fail or give wrong results",
       .fix = "Install all of them from one package, and take other folders with them out of the search path",
       .source = "cuDNN API reference, cudnnStatus_t; cuBLAS documentation, libcublas and libcublasLt are one release",
       .judge = mixed_families},
      {.id = "VRV-LIBRARY-SHADOWED",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::application,
       .category = FaultCategory::library_mix,
       .statement = "Libraries of an environment are loaded from the environment",
       .consequence = "LD_LIBRARY_PATH wins over RUNPATH and over every library that is opened by name; only directly "
                      "linked libraries with an RPATH are safe. The other release may lack symbols or refuse to work",
       .fix = "Unset LD_LIBRARY_PATH for this program, or take the folder out of it",
       .source = kLoaderManual,
       .judge = shadowed_libraries},
      {.id = "VRV-LIBRARY-LINKER-OLDER",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "libnvJitLink is at least of the CUDA release of the libraries that ask for it",
       .consequence = "Its symbols carry the release (__nvJitLinkAddData_12_9): the newer library is refused with an "
                      "undefined symbol",
       .fix = "Install the nvjitlink package of the newer release; a newer one serves older libraries",
       .source = "nvJitLink documentation, versioned symbols; NVIDIA/cuvs pull request 1794; jax-ml/jax issue 28929",
       .judge = linkers_older_than_askers},
      {.id = "VRV-LIBRARY-SEVERAL-FILES",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "Frameworks of one environment take a SONAME from one file, or from files of one release",
       .consequence = "In a process that imports both, the one that is loaded first serves both; which one that is "
                      "depends on the order of imports",
       .fix = "Keep the frameworks in environments of their own, or let both use one release",
       .source = "glibc, dl-load.c: a SONAME that is loaded is not loaded again",
       .judge = sonames_with_several_files},
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
