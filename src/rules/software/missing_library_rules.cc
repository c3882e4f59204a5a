// Libraries that a consumer needs and would not find.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
constexpr std::size_t kFilesShown = 3;

// The consumer's own file at the start of the chain of DT_NEEDED that asks for this one.
std::string root_of(const ConsumerView& view, const ConsumedLibrary& library) {
  const ConsumedLibrary* at = &library;
  for (std::size_t step = 0; step < 64 && !at->asked_by.empty(); ++step) {
    const auto asker = std::find_if(view.libraries.begin(), view.libraries.end(),
                                    [&](const LibraryView& other) { return other.loaded->path == at->asked_by; });
    if (asker == view.libraries.end() || asker->loaded == at) return at->asked_by;
    if (at->kind == DependencyKind::opened) return "";
    at = asker->loaded;
  }
  return at->path;
}

bool is_python_module(std::string_view path) {
  const std::string name = base_name(path);
  return name.find(".cpython-") != std::string::npos || name.ends_with(".abi3.so");
}

// What becomes of a consumer when one of its own files cannot be loaded.
enum class Loss {
  start,  // it does not start, or cannot be imported
  use,    // its GPU functions fail, or are done on the CPU
  part,   // one function of several: others of its files have the CUDA libraries that they need
};

// Its own files that name CUDA libraries, and whether these would be there.
struct OwnFiles {
  int complete = 0, incomplete = 0, modules = 0, modules_incomplete = 0;
};

OwnFiles own_files(const LibraryIndex& index, const ConsumerView& view) {
  std::set<std::string> there;
  for (const LibraryView& library : view.libraries) {
    if (!library.loaded->path.empty()) there.insert(library.loaded->name);
  }
  OwnFiles files;
  for (const LibraryView& library : view.libraries) {
    if (!library.loaded->asked_by.empty() || library.loaded->path.empty()) continue;
    const bool module = is_python_module(library.loaded->path);
    files.modules += module ? 1 : 0;
    if (library.binary == nullptr) continue;
    bool asks = false, gets = true;
    for (const Dependency& dependency : library.binary->dependencies) {
      if (dependency.kind != DependencyKind::needed || !index.is_cuda_library(dependency.name)) continue;
      asks = true;
      gets = gets && there.count(dependency.name) != 0;
    }
    files.complete += asks && gets ? 1 : 0;
    files.incomplete += asks && !gets ? 1 : 0;
    files.modules_incomplete += module && asks && !gets ? 1 : 0;
  }
  return files;
}

Loss loss_of(const LibraryIndex& index, const ConsumerView& view, const ConsumedLibrary& library) {
  if (view.consumer.kind == ConsumerKind::binary || view.consumer.kind == ConsumerKind::process) {
    return library.kind == DependencyKind::needed ? Loss::start : Loss::use;
  }
  const OwnFiles files = own_files(index, view);
  const bool module = library.kind == DependencyKind::needed && is_python_module(root_of(view, library));
  // A package with one module for each library (CuPy) is imported without those that are not there.
  if (module && files.complete == 0)
    return files.modules_incomplete * 2 >= files.modules || files.incomplete == 0 ? Loss::start : Loss::use;
  if (module) return index.cuda_major(library.name) ? Loss::use : Loss::part;
  return files.complete > 0 ? Loss::part : Loss::use;
}

std::string what_is_there(const LibraryIndex& index, const ConsumerView& view, const std::string& name) {
  const std::string stem = library_words(name).stem, family = family_of(stem);
  std::set<std::string> there;
  for (const Binary* binary : index.with_stem(stem)) {
    const bool elsewhere = index.environment(binary->environment) != nullptr;  // another environment's
    if (!elsewhere || binary->environment == view.consumer.environment) there.insert(binary->path);
  }
  for (const LibraryView& library : view.libraries) {
    const std::string& path = library.loaded->path;
    if (!path.empty() && !family.empty() && family_of(library_words(path).stem) == family) there.insert(path);
  }
  std::vector<std::string> texts(there.begin(), there.end());
  if (texts.size() > kFilesShown) texts.resize(kFilesShown);
  return texts.empty() ? "nothing of that name is there" : "there is " + join(texts, ", ");
}

// A package with libraries for several CUDA versions loads only one of them.
bool is_one_of_several(const LibraryIndex& index, const ConsumedLibrary& library) {
  const Binary* asker = index.binary(library.asked_by);
  const Package* package = asker == nullptr ? nullptr : index.package_of(*asker);
  return package != nullptr && package->cuda.is_known() &&
         std::holds_alternative<std::vector<std::string>>(*package->cuda.value) &&
         std::get<std::vector<std::string>>(*package->cuda.value).size() > 1;
}

// A framework that opens its CUDA libraries by name and finds none of them runs on the CPU without a word.
std::optional<Found> finds_no_cuda(const Analysis& analysis, const LibraryIndex& index, const ConsumerView& view) {
  if (view.package == nullptr || view.package->role != PackageRole::framework || !view.package->cuda.is_known())
    return {};
  std::set<std::string> missing;
  for (const LibraryView& library : view.libraries) {
    if (!index.is_cuda_library(library.loaded->name)) continue;
    if (!library.loaded->path.empty()) return {};
    if (library.loaded->kind == DependencyKind::opened && index.cuda_major(library.loaded->name)) {
      missing.insert(library.loaded->name);
    }
  }
  if (missing.size() < 2) return {};
  Found found{.evidence = fmt::format("{} opens {} by name and would find none of them", consumer_text(view.consumer),
                                      join({missing.begin(), missing.end()}, ", ")),
              .severity = with_gpu(analysis, Severity::warning)};
  for (const std::string& name : missing) found.about.push_back({About::missing_library, name});
  return found;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// Found in a wheel whose folder the loader does not search: there for a package that asks for that wheel, and therefore
// preloads it; not for one that knows nothing of it.
bool is_held_for_others(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library) {
  const ConsumedLibrary& wanted = *library.loaded;
  if (wanted.why != "held by the environment" || library.binary == nullptr || view.package == nullptr) return false;
  if (library.binary->package == view.package->name || folder_of(wanted.path) == folder_of(wanted.asked_by))
    return false;
  const Binary* asker = index.binary(wanted.asked_by);
  const Package* of_asker = asker == nullptr ? nullptr : index.package_of(*asker);
  for (const Package* package : {view.package, of_asker}) {
    if (package == nullptr) continue;
    for (const Requirement& requirement : package->requirements) {
      if (requirement.name == library.binary->package) return false;
    }
  }
  return true;
}

// A member of its asker's own family that is opened by name and would not be there.
bool is_missing_part(const LibraryIndex& index, const ConsumerView& view, const LibraryView& library) {
  const ConsumedLibrary& wanted = *library.loaded;
  if (wanted.kind != DependencyKind::opened || wanted.asked_by.empty()) return false;
  const std::string stem = library_words(wanted.name).stem, family = family_of(stem);
  if (family.empty() || family == "tensorrt" || family != family_of(library_words(wanted.asked_by).stem)) return false;
  if (!wanted.path.empty()) return is_held_for_others(index, view, library);
  // The number behind the name is made up at run time: whatever has the name may be what it opens.
  const auto& same = index.with_stem(stem);
  const bool there = std::any_of(same.begin(), same.end(), [&](const Binary* binary) {
    return folder_of(binary->path) == folder_of(wanted.asked_by);
  });
  const bool loaded = std::any_of(view.libraries.begin(), view.libraries.end(), [&](const LibraryView& other) {
    return !other.loaded->path.empty() && library_words(other.loaded->path).stem == stem;
  });
  return !there && !loaded;
}

void add_new(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

// Whether it misses a library with CUDA's major version in its SONAME: what else it misses has the same cause.
bool misses_a_cuda_version(const LibraryIndex& index, const ConsumerView& view) {
  return std::any_of(view.libraries.begin(), view.libraries.end(), [&](const LibraryView& library) {
    const ConsumedLibrary& wanted = *library.loaded;
    return wanted.path.empty() && wanted.kind == DependencyKind::needed && index.cuda_major(wanted.name) &&
           !is_one_of_several(index, wanted);
  });
}

struct MissingNames {
  std::vector<std::string> names, askers;
};

Found missing_found(const Analysis& analysis, const LibraryIndex& index, const ConsumerView& view, Loss loss,
                    const MissingNames& missing) {
  std::string evidence = fmt::format("{} needs {}, asked for by {}; ", consumer_text(view.consumer),
                                     join(missing.names, ", "), join(missing.askers, ", ")) +
                         what_is_there(index, view, missing.names.front());
  Found found{.evidence = std::move(evidence)};
  for (const std::string& name : missing.names) found.about.push_back({About::missing_library, name});
  for (const std::string& name : missing.askers) found.about.push_back({About::library, name});
  if (loss == Loss::start) return found;
  found.severity = loss == Loss::use ? with_gpu(analysis, Severity::warning) : Severity::note;
  found.consequence =
      loss == Loss::use
          ? "What needs it cannot be loaded: the import goes well, and the work is done on the CPU or fails "
            "at first use"
          : "The function that needs it is not there; others have what they need";
  return found;
}

// CUDA libraries that are needed and not found, one finding a consumer. `of_other_cuda`: those whose SONAME belongs to
// one CUDA major version (libcublasLt.so.13) with all else that the consumer misses, and frameworks that find none of
// the CUDA libraries that they open; else those whose SONAME does not (libcudnn.so.9).
std::vector<Found> missing_libraries(const Analysis& analysis, bool of_other_cuda) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const ConsumerView& view : analysis.consumers) {
    std::map<Loss, MissingNames> by_loss;
    const bool is_other_cuda = misses_a_cuda_version(index, view);
    for (const LibraryView& library : view.libraries) {
      const ConsumedLibrary& wanted = *library.loaded;
      if (!wanted.path.empty() || wanted.kind != DependencyKind::needed || !index.is_cuda_library(wanted.name))
        continue;
      if (is_other_cuda != of_other_cuda || is_one_of_several(index, wanted)) continue;
      if (!told.insert(view.consumer.environment + "\n" + wanted.name + "\n" + wanted.asked_by).second) continue;
      MissingNames& missing = by_loss[loss_of(index, view, wanted)];
      const std::string asker = base_name(wanted.asked_by);
      add_new(missing.names, wanted.name);
      add_new(missing.askers, asker.empty() ? view.consumer.name : asker);
    }
    for (const auto& [loss, missing] : by_loss) found.push_back(missing_found(analysis, index, view, loss, missing));
    if (!of_other_cuda || !by_loss.empty()) continue;
    if (std::optional<Found> none = finds_no_cuda(analysis, index, view)) found.push_back(std::move(*none));
  }
  return found;
}

std::vector<Found> missing_parts(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const ConsumerView& view : analysis.consumers) {
    std::map<std::string, std::set<std::string>> missing;  // names by the file that opens them
    for (const LibraryView& library : view.libraries) {
      if (is_missing_part(index, view, library)) missing[library.loaded->asked_by].insert(library.loaded->name);
    }
    for (const auto& [asker, names] : missing) {
      if (!told.insert(view.consumer.environment + "\n" + asker).second) continue;
      found.push_back(
          {.evidence = fmt::format("{} of {} opens {} by name, and would not find {}; {}", asker,
                                   consumer_text(view.consumer), join({names.begin(), names.end()}, ", "),
                                   names.size() == 1 ? "it" : "them", what_is_there(index, view, *names.begin())),
           .severity = with_gpu(analysis, Severity::warning)});
      for (const std::string& name : names) found.back().about.push_back({About::missing_library, name});
      found.back().about.push_back({About::library, base_name(asker)});
    }
  }
  return found;
}

std::vector<Found> missing_of_any_cuda(const Analysis& analysis) { return missing_libraries(analysis, false); }
std::vector<Found> missing_of_other_cuda(const Analysis& analysis) { return missing_libraries(analysis, true); }
}  // namespace

const std::vector<Rule>& missing_library_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-LIBRARY-NOT-FOUND",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "Every CUDA library that is needed is found",
       .consequence = "The import fails with \"cannot open shared object file\"",
       .fix = "Install the package that holds the library with the same number behind .so, or add its folder to the "
              "search path",
       .source = kLoaderManual,
       .judge = missing_of_any_cuda},
      {.id = "VRV-LIBRARY-PART-NOT-FOUND",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "A library finds the parts that it opens by name",
       .consequence = "Loading goes well; the first call that needs the part fails (\"Unable to load any of "
                      "{libcudnn_ops.so.9, …}\")",
       .fix = "Install the whole library for this consumer, and make its folder known (LD_LIBRARY_PATH, or a package "
              "that preloads it)",
       .source = "MahmoudAshraf97/whisper-diarization issue 259; cuDNN documentation, sub-libraries",
       .judge = missing_parts},
      {.id = "VRV-FRAMEWORK-CUDA-MISSING",
       .layer = Layer::bundled_runtime,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "The CUDA libraries of the major version that a framework was built for are there",
       .consequence = "The import fails with \"cannot open shared object file\"",
       .fix = "Install the CUDA libraries of that major version beside it (the framework's extra or wheels for them), "
              "or the build of the framework for the CUDA version that is there",
       .source =
           "ld.so(8); ONNX Runtime documentation, CUDA Execution Provider, Requirements; vllm-project/vllm issue 42338",
       .judge = missing_of_other_cuda},
  };
  return rules;
}

}  // namespace varve
