#include "rules/rule.h"
#include "rules/software/framework_builds.h"
#include "rules/software/library_symbols.h"
#include "rules/software/package_mix.h"

namespace varve {

namespace {
std::vector<Found> unresolved_in_extensions(const Situation& situation) { return unresolved_symbols(situation, true); }
std::vector<Found> missing_of_other_cuda(const Situation& situation) { return missing_libraries(situation, true); }
std::vector<Found> unmet_framework_pins(const Situation& situation) { return unmet_requirements(situation, true); }
}  // namespace

const std::vector<Rule>& framework_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-FRAMEWORK-EXTENSION-SYMBOLS",
       .layer = Layer::framework,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "Every undefined symbol of an extension is defined by the framework that is there",
       .consequence = "Importing it fails with \"undefined symbol\", or it is left out without a word",
       .fix =
           "Install the build of the extension for this release of the framework, or compile it here; or install the "
           "framework's release that it was built for",
       .source = "glibc, dl-lookup.c: what dlopen with RTLD_NOW would say; C++ names carry types, not releases",
       .judge = unresolved_in_extensions},
      {.id = "VRV-FRAMEWORK-CUDA-MISSING",
       .layer = Layer::bundled_runtime,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "The CUDA libraries of the major version that a framework was built for are there",
       .consequence = "The import fails with \"cannot open shared object file\"",
       .fix = "Install the CUDA libraries of that major version beside it (the framework's extra or wheels for them), "
              "or the "
              "build of the framework for the CUDA version that is there",
       .source =
           "ld.so(8); ONNX Runtime documentation, CUDA Execution Provider, Requirements; vllm-project/vllm issue 42338",
       .judge = missing_of_other_cuda},
      {.id = "VRV-FRAMEWORK-CPU-BUILD",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "On a machine with a GPU frameworks are builds with CUDA",
       .consequence = "It never uses the GPU, whatever driver and toolkit are there",
       .fix = "Install the CUDA build: with pip from the framework's index for a CUDA version (a plain name may stand "
              "for the "
              "CPU build); with conda remove cpuonly, pytorch-mutex=*=cpu and the package that asks for them first",
       .source = "PyTorch, Get started: local versions +cpu and +cuXYZ; issues 39619 of pytorch/pytorch and 315 of "
                 "meta-pytorch/data; JAX documentation, Installation",
       .judge = builds_without_cuda},
      {.id = "VRV-FRAMEWORK-EXTENSION-RELEASE",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "An extension was built for the release of the framework that is there",
       .consequence =
           "Its compiled part fails to load or is left out (\"was built for PyTorch …\"), and slower code runs "
           "instead",
       .fix = "Install the build for this release of the framework, or remove the extension",
       .source = "Comfy-Org/ComfyUI-Manager issue 926; PyTorch documentation: the C++ interface is stable within a "
                 "release only",
       .judge = extensions_of_other_release},
      {.id = "VRV-FRAMEWORK-PIN",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "Frameworks, extensions, plugins and compilers are there in versions that accept each other",
       .consequence =
           "Compiled parts fail to load or are passed over (JAX ignores a plugin of another version), often without "
           "an error",
       .fix = "Install them together in one command, so that the installer picks versions that fit; pip check lists "
              "the rest",
       .source = "Python packaging specifications, Version specifiers; JAX documentation, Installation",
       .judge = unmet_framework_pins},
      {.id = "VRV-FRAMEWORK-CUDA-VARIANT",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "A package that needs a framework is built for the same CUDA major version as the framework",
       .consequence = "It asks for libraries of the other CUDA version, or its GPU functions are missing",
       .fix = "Install both from the same index or with the same CUDA suffix; name the index for the package (the "
              "package index "
              "ranks a plain release above a local build)",
       .source =
           "torchvision, extension.py: it refuses another CUDA major version; vllm-project/vllm issue 42338; PEP 440",
       .judge = cuda_variants_apart},
      {.id = "VRV-FRAMEWORK-TWICE",
       .layer = Layer::framework,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "framework_bundle",
       .needs = {},
       .statement = "A framework is installed once in an environment",
       .consequence = "Both write the same folder: what runs is a mixture, often the CPU build over the GPU build",
       .fix = "Remove all distributions of it, then install the one that is wanted",
       .source = "Python packaging specifications, Recording installed projects; ONNX Runtime documentation, Install: "
                 "only one "
                 "of its packages at a time",
       .judge = frameworks_twice},
  };
  return rules;
}

}  // namespace varve
