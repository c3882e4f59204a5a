#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "package/python_metadata.h"
#include "rules/rule.h"
#include "rules/software/library_mix.h"
#include "rules/software/toolkit_claims.h"
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
std::vector<Found> toolkit_unlike_framework(const Situation& situation) {
  const BuildToolkit build = build_toolkit(situation);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  if (!toolkit) return {};
  std::vector<Found> found;
  for (const Environment& environment : situation.subject.environments) {
    const std::vector<std::string> reasons = reasons_to_build(situation, &environment);
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

std::vector<Found> toolkit_unlike_gpu(const Situation& situation) {
  const BuildToolkit build = build_toolkit(situation);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  if (!toolkit || is_newer_cuda(situation.knowledge, *toolkit)) return {};
  const bool needed = !reasons_to_build(situation, nullptr).empty();
  std::vector<Found> found;
  for (const GpuView& gpu : situation.gpus) {
    if (!gpu.capability) continue;
    const GpuArchitecture* architecture = find_architecture(situation.knowledge, *gpu.capability);
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

std::vector<Found> toolkit_newer_than_driver(const Situation& situation) {
  const BuildToolkit build = build_toolkit(situation);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  if (!toolkit || !situation.api_level || toolkit->major() <= situation.api_level->major()) return {};
  const bool needed = !reasons_to_build(situation, nullptr).empty();
  return {{.evidence =
               fmt::format("{}, but the driver offers CUDA {}", toolkit_text(build), to_string(*situation.api_level)),
           .severity = needed ? Severity::warning : Severity::note}};
}

std::vector<Found> host_compiler_too_new(const Situation& situation) {
  const BuildToolkit build = build_toolkit(situation);
  const auto toolkit = build.toolkit == nullptr ? std::nullopt : version_of(build.toolkit->version);
  const auto gcc = version_of(fact_of(situation, "os.gcc"));
  if (!toolkit || !gcc || setting_of(situation, "NVCC_CCBIN") || setting_of(situation, "CUDAHOSTCXX")) return {};
  const CudaRelease* release = find_release(situation.knowledge, to_string(*toolkit));
  if (release == nullptr || release->newest_gcc == 0 || gcc->major() <= release->newest_gcc) return {};
  const bool needed = !reasons_to_build(situation, nullptr).empty();
  return {{.evidence = fmt::format("{}, whose nvcc takes GCC up to {}; the host's is {}", toolkit_text(build),
                                   release->newest_gcc, to_string(*gcc)),
           .severity = needed ? Severity::warning : Severity::note}};
}

constexpr const char* kBuildSearch =
    "torch/utils/cpp_extension.py, _find_cuda_home and _check_cuda_version; CMake FindCUDAToolkit";
}  // namespace

const std::vector<Rule>& toolkit_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-TOOLKIT-CLAIMS",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = "host_toolkit",
       .needs = {},
       .statement = "Whatever names a toolkit leads to the same release",
       .consequence =
           "Builds mix the headers, the compiler and the libraries of two releases; wheels with their own runtime "
           "do not care",
       .fix = "Let CUDA_HOME, PATH and LD_LIBRARY_PATH follow one toolkit (varve toolkit env VERSION prints the "
              "lines), or "
              "unset CUDA_HOME and CUDA_PATH",
       .source = "torch/utils/cpp_extension.py, _find_cuda_home; pytorch/pytorch issue 4150; ghostpad/ghostpad issue 9",
       .judge = claims_that_differ},
      {.id = "VRV-TOOLKIT-NOT-THERE",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = "host_toolkit",
       .needs = {},
       .statement = "CUDA_HOME and CUDA_PATH name a toolkit that is there",
       .consequence =
           "Everything that compiles looks there and fails (\"nvcc not found\", \"cuda_runtime.h: No such file\")",
       .fix = "Correct the variable, or unset it so that nvcc on PATH decides",
       .source = kBuildSearch,
       .judge = claims_of_nothing},
      {.id = "VRV-TOOLKIT-FRAMEWORK",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = "host_toolkit",
       .needs = {},
       .statement = "Where extensions are compiled, the host toolkit is of the CUDA release of the framework",
       .consequence =
           "\"The detected CUDA version mismatches the version that was used to compile PyTorch\": extensions cannot "
           "be built; running what is installed is not affected",
       .fix = "Point CUDA_HOME and PATH at a toolkit of the framework's CUDA release, or install the framework's build "
              "for "
              "the toolkit that is there",
       .source = "torch/utils/cpp_extension.py, _check_cuda_version; vllm-project/vllm issue 1453",
       .judge = toolkit_unlike_framework},
      {.id = "VRV-TOOLKIT-HEADERS",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = "host_toolkit",
       .needs = {},
       .statement = "Within one toolkit nvcc and the headers are of one release",
       .consequence = "Headers of a newer release do not compile with an older nvcc",
       .fix = "Install the toolkit's packages again in one release",
       .source = "pytorch/pytorch issue 4150",
       .judge = compilers_beside_other_headers},
      {.id = "VRV-TOOLKIT-HOST-COMPILER",
       .layer = Layer::host_toolkit,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = "host_toolkit",
       .needs = {},
       .statement = "The host's GCC is one that nvcc takes",
       .consequence = "nvcc stops with \"unsupported GNU version\"",
       .fix = "Install an older GCC and name it with NVCC_CCBIN (or nvcc -ccbin), or take a newer toolkit",
       .source = "CUDA Installation Guide for Linux, Host Compiler Support Policy; host_config.h",
       .judge = host_compiler_too_new},
      {.id = "VRV-TOOLKIT-GPU",
       .layer = Layer::host_toolkit,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = "host_toolkit",
       .needs = {},
       .statement = "The toolkit that builds would take compiles for the GPU",
       .consequence =
           "nvcc stops with \"Unsupported gpu architecture\", or what it builds has no code for this GPU; wheels with "
           "their own code do not care",
       .fix = "Take a toolkit that knows the GPU",
       .source = "data/gpu_architectures.json",
       .judge = toolkit_unlike_gpu},
      {.id = "VRV-TOOLKIT-DRIVER",
       .layer = Layer::host_toolkit,
       .severity = Severity::note,
       .mender = Mender::platform,
       .category = "driver_ceiling",
       .needs = {},
       .statement = "The toolkit that builds would take is of no newer major version than the driver",
       .consequence =
           "What is compiled with it starts with error 35 (CUDA driver version is insufficient for CUDA runtime "
           "version)",
       .fix = "Update the driver, install cuda-compat where the GPU is entitled to it, or build with an older toolkit",
       .source = "CUDA Compatibility, Minor Version Compatibility: it ends at the major version",
       .judge = toolkit_newer_than_driver},
      {.id = "VRV-TOOLKIT-BINARY",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::application,
       .category = "host_toolkit",
       .needs = {},
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
