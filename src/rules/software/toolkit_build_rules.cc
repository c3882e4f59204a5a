// What would be compiled with the host's toolkit: for this framework, GPU, driver and compiler.
#include <fmt/format.h>

#include "base/text.h"
#include "package/python_metadata.h"
#include "rules/analysis/rule.h"
#include "rules/software/build_toolkit.h"
#include "rules/software/software_rules.h"
#include "tables/package_table.h"

namespace varve {

namespace {
std::optional<DottedVersion> version_of(const Fact& fact) {
  return fact.is_known() ? dotted_version_from(value_text(*fact.value)) : std::nullopt;
}

std::string toolkit_text(const BuildToolkit& build) {
  return fmt::format("the toolkit that builds would take ({}, by {}) is CUDA {}", build.toolkit->path, build.named_by,
                     fact_text(build.toolkit->version));
}

// A toolkit of another major version than the framework is refused by the framework's own build functions; of another
// minor version it is taken with a warning.
std::vector<Found> toolkit_unlike_framework(const Analysis& analysis) {
  const BuildToolkit build = build_toolkit(analysis);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  if (!toolkit) return {};
  std::vector<Found> found;
  for (const Environment& environment : analysis.subject.environments) {
    const std::vector<std::string> reasons = reasons_to_build(analysis, &environment);
    if (reasons.empty()) continue;
    for (const Package& package : environment.packages) {
      const PackageRow* row = find_package_row(normal_package_name(package.name));
      const auto cuda = version_of(package.cuda);
      if (row == nullptr || !row->checks_toolkit || !cuda) continue;
      if (cuda->major() == toolkit->major() && cuda->minor() == toolkit->minor()) continue;
      Found one{.evidence = fmt::format("{} {} in {} was built with CUDA {}, and {}; {}", package.name, package.version,
                                        environment.path, value_text(*package.cuda.value), toolkit_text(build),
                                        join(reasons, ", "))};
      if (cuda->major() == toolkit->major()) {
        one.severity = Severity::note;
        one.consequence = "Extensions are built with a warning; within a major version this mostly works";
      }
      found.push_back(std::move(one));
    }
  }
  return found;
}

std::vector<Found> toolkit_unlike_gpu(const Analysis& analysis) {
  const BuildToolkit build = build_toolkit(analysis);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  if (!toolkit || is_newer_cuda(analysis.knowledge, *toolkit)) return {};
  const bool needed = !reasons_to_build(analysis, nullptr).empty();
  std::vector<Found> found;
  for (const Gpu& gpu : analysis.gpus) {
    if (!gpu.capability) continue;
    const GpuArchitecture* architecture = find_architecture(analysis.knowledge, *gpu.capability);
    if (architecture == nullptr) continue;
    const DottedVersion release{.parts = {toolkit->major(), toolkit->minor()}};
    const auto first = dotted_version_from(architecture->first_cuda),
               last = dotted_version_from(architecture->last_cuda);
    std::string why;
    if (first && release < *first) why = "the first that does is " + architecture->first_cuda;
    if (last && release > *last) why = "the last that does is " + architecture->last_cuda;
    if (why.empty()) continue;
    found.push_back(
        {.evidence = fmt::format("{}, and does not compile for {} ({}): {}", toolkit_text(build),
                                 gpu.model.empty() ? "this GPU" : gpu.model, to_string(*gpu.capability), why),
         .severity = needed ? Severity::warning : Severity::note});
    break;
  }
  return found;
}

std::vector<Found> toolkit_newer_than_driver(const Analysis& analysis) {
  const BuildToolkit build = build_toolkit(analysis);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  if (!toolkit || !analysis.api_level || toolkit->major() <= analysis.api_level->major()) return {};
  const bool needed = !reasons_to_build(analysis, nullptr).empty();
  return {{.evidence =
               fmt::format("{}, but the driver offers CUDA {}", toolkit_text(build), to_string(*analysis.api_level)),
           .severity = needed ? Severity::warning : Severity::note}};
}

std::vector<Found> host_compiler_too_new(const Analysis& analysis) {
  const BuildToolkit build = build_toolkit(analysis);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  const auto gcc = version_of(fact_of(analysis, "os.gcc"));
  if (!toolkit || !gcc || setting_of(analysis, "NVCC_CCBIN") || setting_of(analysis, "CUDAHOSTCXX")) return {};
  const CudaRelease* release = find_release(analysis.knowledge, to_string(*toolkit));
  if (release == nullptr || release->newest_gcc == 0 || gcc->major() <= release->newest_gcc) return {};
  const bool needed = !reasons_to_build(analysis, nullptr).empty();
  return {{.evidence = fmt::format("{}, whose nvcc takes GCC up to {}; the host's is {}", toolkit_text(build),
                                   release->newest_gcc, to_string(*gcc)),
           .severity = needed ? Severity::warning : Severity::note}};
}
}  // namespace

const std::vector<Rule>& toolkit_build_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-TOOLKIT-FRAMEWORK",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::host_toolkit,
       .statement = "Where extensions are compiled, the host toolkit is of the CUDA release of the framework",
       .consequence = "\"The detected CUDA version mismatches the version that was used to compile PyTorch\": "
                      "extensions cannot be built; running what is installed is not affected",
       .fix = "Point CUDA_HOME and PATH at a toolkit of the framework's CUDA release, or install the framework's build "
              "for the toolkit that is there",
       .source = "torch/utils/cpp_extension.py, _check_cuda_version; vllm-project/vllm issue 1453",
       .judge = toolkit_unlike_framework},
      {.id = "VRV-TOOLKIT-HOST-COMPILER",
       .layer = Layer::host_toolkit,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::host_toolkit,
       .statement = "The host's GCC is one that nvcc takes",
       .consequence = "nvcc stops with \"unsupported GNU version\"",
       .fix = "Install an older GCC and name it with NVCC_CCBIN (or nvcc -ccbin), or take a newer toolkit",
       .source = "CUDA Installation Guide for Linux, Host Compiler Support Policy; host_config.h",
       .judge = host_compiler_too_new},
      {.id = "VRV-TOOLKIT-GPU",
       .layer = Layer::host_toolkit,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::host_toolkit,
       .statement = "The toolkit that builds would take compiles for the GPU",
       .consequence = "nvcc stops with \"Unsupported gpu architecture\", or what it builds has no code for this GPU; "
                      "wheels with their own code do not care",
       .fix = "Take a toolkit that knows the GPU",
       .source = "data/gpu_architectures.json",
       .judge = toolkit_unlike_gpu},
      {.id = "VRV-TOOLKIT-DRIVER",
       .layer = Layer::host_toolkit,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = FaultCategory::driver_ceiling,
       .statement = "The toolkit that builds would take is of no newer major version than the driver",
       .consequence = "What is compiled with it starts with error 35 (CUDA driver version is insufficient for CUDA "
                      "runtime version)",
       .fix = "Update the driver, install cuda-compat where the GPU is entitled to it, or build with an older toolkit",
       .source = "CUDA Compatibility, Minor Version Compatibility: it ends at the major version",
       .judge = toolkit_newer_than_driver},
  };
  return rules;
}

}  // namespace varve
