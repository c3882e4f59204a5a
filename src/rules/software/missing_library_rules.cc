// Libraries that a consumer needs and would not find.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/situation/bringing_wheel.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
constexpr std::size_t kFilesShown = 3;

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
  return texts.empty() ? "no library of that name would be found" : "there is " + join(texts, ", ");
}

// A package with libraries for several CUDA versions loads only one of them.
bool is_one_of_several(const LibraryIndex& index, const ConsumedLibrary& library) {
  const Binary* asker = index.binary(library.asked_by);
  const Package* package = asker == nullptr ? nullptr : index.package_of(*asker);
  return package != nullptr && package->cuda.is_known() &&
         std::holds_alternative<std::vector<std::string>>(*package->cuda.value) &&
         std::get<std::vector<std::string>>(*package->cuda.value).size() > 1;
}

void add_new(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

// Whether it misses a library with CUDA's major version in its SONAME: what else it misses has the same cause.
bool misses_a_cuda_version(const LibraryIndex& index, const AnalysedConsumer& consumer) {
  return std::any_of(consumer.losses.begin(), consumer.losses.end(), [&](const Loss& loss) {
    const ConsumedLibrary& wanted = *loss.library;
    return loss.is_missing() && wanted.kind == DependencyKind::needed && index.cuda_major(wanted.name) &&
           !is_one_of_several(index, wanted);
  });
}

constexpr const char* kOnTheCpu =
    "What needs it cannot be loaded. The import does not fail for that: the work is done on the CPU, or fails at first "
    "use";

// What is there of several names: of the first, or of another that anything is there of.
std::string what_is_there_of(const LibraryIndex& index, const ConsumerView& view,
                             const std::vector<std::string>& names) {
  const std::string first = what_is_there(index, view, names.front());
  for (const std::string& name : names) {
    const std::string text = what_is_there(index, view, name);
    if (!first.starts_with("there is ") && text.starts_with("there is ")) return "of " + name + " " + text;
  }
  return first;
}

struct MissingNames {
  std::vector<std::string> names, askers;
  bool is_api = false;  // Loss::of_api of one
  bool damage = false;  // Loss::damage of one
};

Found missing_found(const Analysis& analysis, const ConsumerView& view, LossEffect effect,
                    const MissingNames& missing) {
  const LibraryIndex& index = analysis.libraries;
  const std::string wheel = bringing_wheels(view, index, missing.names);
  std::string evidence = fmt::format("{} needs {}, asked for by {}; ", consumer_text(view.consumer),
                                     join(missing.names, ", "), join(missing.askers, ", ")) +
                         what_is_there_of(index, view, missing.names) + (wheel.empty() ? "" : "; " + wheel);
  Found found{.evidence = std::move(evidence)};
  for (const std::string& name : missing.names) found.about.push_back({About::missing_library, name});
  for (const std::string& name : missing.askers) found.about.push_back({About::library, name});
  if (effect == LossEffect::start) return found;
  const bool is_part = effect == LossEffect::side_piece && !missing.is_api;
  const bool is_use = effect == LossEffect::use;
  found.severity = is_part                    ? Severity::note
                   : is_use && missing.damage ? Severity::error
                                              : with_gpu(analysis, is_use ? Severity::error : Severity::warning);
  found.consequence = is_part ? "The function that needs it is not there; others have what they need" : kOnTheCpu;
  return found;
}

// A framework that opens its CUDA libraries by name and finds none of them runs on the CPU without a word.
std::optional<Found> finds_no_cuda(const Analysis& analysis, const AnalysedConsumer& consumer) {
  std::set<std::string> missing;
  for (const Loss& loss : consumer.losses) {
    if (loss.by_name && loss.effect == LossEffect::gpu_part) missing.insert(loss.library->name);
  }
  if (missing.empty()) return {};
  const std::vector<std::string> names(missing.begin(), missing.end());
  const std::string wheel = bringing_wheels(consumer, analysis.libraries, names);
  Found found{.evidence = fmt::format("{} opens {} by name and would {}{}", consumer_text(consumer.consumer),
                                      join(names, ", "), names.size() == 1 ? "not find it" : "find none of them",
                                      wheel.empty() ? "" : "; " + wheel),
              .severity = with_gpu(analysis, Severity::warning),
              .consequence = kOnTheCpu};
  for (const std::string& name : missing) found.about.push_back({About::missing_library, name});
  return found;
}

// Libraries that are needed and not found, one finding a consumer and effect. `of_other_cuda`: those whose SONAME
// belongs to one CUDA major version (libcublasLt.so.13) with all else that the consumer misses, and frameworks that
// find none of the CUDA libraries that they open; else those whose SONAME does not (libcudnn.so.9), and what is of no
// CUDA where the import fails without it.
std::vector<Found> missing_libraries(const Analysis& analysis, bool of_other_cuda) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    std::map<LossEffect, MissingNames> by_effect;
    const bool is_other_cuda = misses_a_cuda_version(index, consumer);
    for (const Loss& loss : consumer.losses) {
      const ConsumedLibrary& wanted = *loss.library;
      if (!loss.is_missing() || wanted.kind != DependencyKind::needed || is_other_cuda != of_other_cuda) continue;
      const bool breaks = loss.effect == LossEffect::start || (loss.effect == LossEffect::use && loss.damage);
      if (!index.is_cuda_library(wanted.name) && !breaks) continue;
      if (is_one_of_several(index, wanted) && !loss.at_start) continue;
      if (!told.insert(consumer.consumer.environment + "\n" + wanted.name + "\n" + wanted.asked_by).second) continue;
      MissingNames& missing = by_effect[loss.effect];
      const std::string asker = base_name(wanted.asked_by);
      add_new(missing.names, wanted.name);
      add_new(missing.askers, asker.empty() ? consumer.consumer.name : asker);
      missing.is_api = missing.is_api || loss.of_api;
      missing.damage = missing.damage || loss.damage;
    }
    for (const auto& [effect, missing] : by_effect) found.push_back(missing_found(analysis, consumer, effect, missing));
    if (!of_other_cuda || !by_effect.empty()) continue;
    if (std::optional<Found> none = finds_no_cuda(analysis, consumer)) found.push_back(std::move(*none));
  }
  return found;
}

std::vector<Found> missing_parts(const Analysis& analysis) {
  const LibraryIndex& index = analysis.libraries;
  std::vector<Found> found;
  std::set<std::string> told;
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    std::map<std::string, std::set<std::string>> missing;  // names by the file that opens them
    std::set<std::string> damaged;                         // files that open what the installation has lost
    for (const Loss& loss : consumer.losses) {
      if (!loss.by_name || loss.effect != LossEffect::use) continue;
      missing[loss.library->asked_by].insert(loss.library->name);
      if (loss.damage) damaged.insert(loss.library->asked_by);
    }
    for (const auto& [asker, names] : missing) {
      if (!told.insert(consumer.consumer.environment + "\n" + asker).second) continue;
      const std::string wheel = bringing_wheels(consumer, index, {names.begin(), names.end()});
      found.push_back(
          {.evidence = fmt::format("{} of {} opens {} by name, and would not find {}; {}{}",
                                   asker.empty() ? "its Python" : asker, consumer_text(consumer.consumer),
                                   join({names.begin(), names.end()}, ", "), names.size() == 1 ? "it" : "them",
                                   what_is_there(index, consumer, *names.begin()), wheel.empty() ? "" : "; " + wheel),
           .severity = damaged.contains(asker) ? Severity::error : with_gpu(analysis, Severity::error)});
      for (const std::string& name : names) found.back().about.push_back({About::missing_library, name});
      found.back().about.push_back({About::library, base_name(asker)});
    }
  }
  return found;
}

// Packages that the import of another imports first, and that are not there.
std::vector<Found> missing_packages(const Analysis& analysis) {
  std::vector<Found> found;
  for (const AnalysedConsumer& consumer : analysis.consumers) {
    const std::vector<std::string>& packages = consumer.consumer.lacks_packages;
    if (packages.empty()) continue;
    found.push_back({.evidence = fmt::format("{} imports {}, which is not there", consumer_text(consumer.consumer),
                                             join(packages, ", "))});
  }
  return found;
}

// Wheels that a package pins and that are not installed. What is missing for it is an error of its own.
std::vector<Found> absent_pins(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      std::vector<std::string> absent;
      for (const Requirement& wanted : package.requirements) {
        const bool is_pin = wanted.specifier.find("==") != std::string::npos && wanted.name.starts_with("nvidia-");
        if (wanted.installed.empty() && is_pin) absent.push_back(wanted.name + wanted.specifier);
      }
      if (absent.empty() || package.is_of_conda()) continue;
      found.push_back(
          {.evidence = fmt::format("{} {} in {} asks for {}, and {} not installed", package.name, package.version,
                                   environment.path, join(absent, ", "), absent.size() == 1 ? "it is" : "they are")});
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
       .statement = "Every library that is needed is found",
       .consequence = "The import fails with \"cannot open shared object file\"",
       .fix = "Install the package that holds the library with the same number behind .so, or add its folder to the "
              "search path",
       .source = kLoaderManual,
       .judge = missing_of_any_cuda},
      {.id = "VRV-LIBRARY-PART-NOT-FOUND",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "A library finds what it opens by name and cannot do without",
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
      {.id = "VRV-FRAMEWORK-PACKAGE-MISSING",
       .layer = Layer::framework,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "The frameworks that a package imports, and what it asks for and imports, are there",
       .consequence = "The import fails with ModuleNotFoundError",
       .fix = "Install what it asks for; a framework in the build for this machine's CUDA",
       .source = "The package's own __init__.py: an import without a handler that goes on",
       .judge = missing_packages},
      {.id = "VRV-LIBRARY-PIN-ABSENT",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = FaultCategory::library_mix,
       .statement = "The wheels of libraries that a package pins are installed",
       .consequence = "Its libraries come from elsewhere, in a version that it was not tested with, or not at all",
       .fix = "Install the package again with its requirements, or these wheels in the versions that it pins",
       .source = "Core metadata specification, Requires-Dist",
       .judge = absent_pins},
  };
  return rules;
}

}  // namespace varve
