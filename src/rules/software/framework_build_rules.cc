// Whether frameworks and what is built on them were built for each other and for a GPU.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rules/analysis/cpu_builds.h"
#include "rules/analysis/rule.h"
#include "rules/situation/package_row.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
std::string gpus_text(const Analysis& analysis) {
  if (analysis.gpus.empty())
    return analysis.kernel_driver ? "the driver " + to_string(*analysis.kernel_driver) : "a GPU";
  const Gpu& gpu = analysis.gpus.front();
  return gpu.model.empty() ? "a GPU" : gpu.model;
}

// "torch 2.4.0+cu121" in name and version.
struct Named {
  std::string name, version;
};
Named named(const std::string& text) {
  const std::size_t blank = text.find(' ');
  return {text.substr(0, blank), blank == std::string::npos ? std::string() : text.substr(blank + 1)};
}

// Frameworks of the environment that a package needs: by its requirements, or by what it says it was built for.
std::vector<const Package*> frameworks_of(const Environment& environment, const Package& package) {
  std::vector<const Package*> frameworks;
  const auto add = [&](const std::string& name) {
    const Package* there = find_package(environment, name);
    if (there == nullptr || there == &package || there->role != PackageRole::framework) return;
    if (std::find(frameworks.begin(), frameworks.end(), there) == frameworks.end()) frameworks.push_back(there);
  };
  for (const Requirement& requirement : package.requirements) add(requirement.name);
  if (!package.built_for.empty()) add(named(package.built_for).name);
  // Of a list nobody reads what a package asks for.
  const PackageRow* row = is_a_list(environment) ? row_of(package) : nullptr;
  if (row != nullptr && (row->torch_minor || row->same_release == "torch")) add("torch");
  return frameworks;
}

std::string majors_text(const std::vector<int>& majors) {
  std::vector<std::string> texts;
  for (const int major : majors) texts.push_back(std::to_string(major));
  return join(texts, ", ");
}

constexpr std::string_view kAskedForGpu = "asked for the GPU";

std::vector<Found> builds_without_cuda(const Analysis& analysis) {
  const bool has_gpu = analysis.has_gpu || is_driven_in_text(analysis);
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    const auto& packages = environment.packages;
    const bool other_uses_gpu = std::any_of(packages.begin(), packages.end(), [&](const Package& package) {
      return is_gpu_framework(analysis, environment, package);
    });
    for (const Package& package : packages) {
      const std::string reason = cpu_build_reason(analysis, environment, package);
      // A text that names no GPU may show that one was asked for (text_packages.cc).
      const bool is_wanted = !analysis.has_no_gpu && package.cuda.detail.find(kAskedForGpu) != std::string::npos;
      if (reason.empty() || !(has_gpu || is_wanted)) continue;
      const std::string wanted = has_gpu ? "this machine has " + gpus_text(analysis) : "so it cannot get it";
      found.push_back({.evidence = fmt::format("{} {} in {} {}, and {}", package.name, package.version,
                                               environment.path, reason, wanted)});
      // Whoever has another framework for the GPU may want this one on the CPU.
      if (other_uses_gpu && package.role == PackageRole::framework) found.back().severity = Severity::note;
    }
  }
  return found;
}

// What was built on the stable part of a framework's interface runs on later releases of it too.
bool takes_later_releases(const Package& package, const DottedVersion& built, const DottedVersion& there) {
  const PackageRow* row = row_of(package);
  const auto first = row == nullptr ? std::nullopt : dotted_version_from(row->stable_from);
  const auto own = dotted_version_from(package.version);
  return first && own && !(*own < *first) && built < there;
}

std::vector<Found> extensions_of_other_release(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      if (package.built_for.empty()) continue;
      const Named built = named(package.built_for);
      const Package* there = find_package(environment, built.name);
      const auto wanted = dotted_version_from(built.version);
      const auto installed = there == nullptr ? std::nullopt : dotted_version_from(there->version);
      if (!wanted || !installed) continue;
      if (wanted->major() == installed->major() && wanted->minor() == installed->minor()) continue;
      if (takes_later_releases(package, *wanted, *installed)) continue;
      found.push_back({.evidence = fmt::format("{} {} in {} was built for {} ({}), and {} {} is there", package.name,
                                               package.version, environment.path, package.built_for,
                                               package.built_for_source, there->name, there->version)});
    }
  }
  return found;
}

// Whether a package has its own runtime and asks for nothing of a framework: then both CUDAs stand side by side
// (cukks).
bool stands_alone(const Analysis& analysis, const Environment& environment, const Package& package) {
  bool has_runtime = false;
  for (const Binary& binary : analysis.subject.binaries) {
    if (binary.package != package.name || binary.environment != environment.path) continue;
    const LibraryRow* row = library_of(binary.path);
    has_runtime = has_runtime || (row != nullptr && row->name == "cudart");
    const auto is_of_framework = [](const Dependency& one) { return has_role(one.name, LibraryRole::of_framework); };
    if (std::any_of(binary.dependencies.begin(), binary.dependencies.end(), is_of_framework)) return false;
  }
  return has_runtime;
}

std::vector<Found> cuda_variants_apart(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    for (const Package& package : environment.packages) {
      if (package.role != PackageRole::framework && package.role != PackageRole::extension) continue;
      const std::vector<int> own = cuda_majors(package.cuda);
      for (const Package* framework : frameworks_of(environment, package)) {
        const std::vector<int> theirs = cuda_majors(framework->cuda);
        if (theirs.empty() || (own.empty() && !is_stated_cpu_build(package))) continue;
        const bool fits = std::any_of(own.begin(), own.end(), [&](int major) {
          return std::find(theirs.begin(), theirs.end(), major) != theirs.end();
        });
        if (fits || stands_alone(analysis, environment, package)) continue;
        const std::string built = own.empty() ? std::string("without CUDA") : "for CUDA " + majors_text(own);
        found.push_back(
            {.evidence = fmt::format("{} {} in {} is built {} ({}), but {} {} beside it for CUDA {} ({})", package.name,
                                     package.version, environment.path, built, package.cuda.source, framework->name,
                                     framework->version, majors_text(theirs), framework->cuda.source)});
      }
    }
  }
  return found;
}
}  // namespace

const std::vector<Rule>& framework_build_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-FRAMEWORK-CPU-BUILD",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "On a machine with a GPU frameworks are builds with CUDA",
       .consequence = "It never uses the GPU, whatever driver and toolkit are there",
       .fix =
           "Install the CUDA build: with pip from the framework's index for a CUDA version (a plain name may stand for "
           "the CPU build); with conda remove cpuonly, pytorch-mutex=*=cpu and the package that asks for them first",
       .source = "PyTorch, Get started: local versions +cpu and +cuXYZ; issues 39619 of pytorch/pytorch and 315 of "
                 "meta-pytorch/data; JAX documentation, Installation",
       .judge = builds_without_cuda},
      {.id = "VRV-FRAMEWORK-EXTENSION-RELEASE",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "An extension was built for the release of the framework that is there",
       .consequence =
           "Its compiled part fails to load or is left out (\"was built for PyTorch …\"), and slower code runs instead",
       .fix = "Install the build for this release of the framework, or remove the extension",
       .source = "Comfy-Org/ComfyUI-Manager issue 926; PyTorch documentation: the C++ interface is stable within a "
                 "release only",
       .judge = extensions_of_other_release},
      {.id = "VRV-FRAMEWORK-CUDA-VARIANT",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = FaultCategory::framework_bundle,
       .statement = "A package that needs a framework is built for the same CUDA major version as the framework",
       .consequence = "It asks for libraries of the other CUDA version, or its GPU functions are missing",
       .fix = "Install both from the same index or with the same CUDA suffix; name the index for the package (the "
              "package index ranks a plain release above a local build)",
       .source =
           "torchvision, extension.py: it refuses another CUDA major version; vllm-project/vllm issue 42338; PEP 440",
       .judge = cuda_variants_apart},
  };
  return rules;
}

}  // namespace varve
