// Which of several files and releases a consumer would take.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "model/words/lookup_way.h"
#include "rules/analysis/rule.h"
#include "rules/software/cuda_of_library.h"
#include "rules/software/found_by_folder.h"
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

std::string release_text(const DottedVersion& version) {
  return std::to_string(version.major()) + "." + std::to_string(version.minor());
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
      const std::vector<int> of_package = tells ? cuda_majors_of(index, *member.binary) : std::vector<int>{};
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

}  // namespace

const std::vector<Rule>& library_mix_rules() {
  static const std::vector<Rule> rules = {
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
  };
  return rules;
}

}  // namespace varve
