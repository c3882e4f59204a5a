#include "rules/rule.h"
#include "rules/software/library_mix.h"
#include "rules/software/library_symbols.h"
#include "rules/software/package_mix.h"

namespace varve {

namespace {
std::vector<Found> unresolved_in_libraries(const Situation& situation) { return unresolved_symbols(situation, false); }
std::vector<Found> missing_of_any_cuda(const Situation& situation) { return missing_libraries(situation, false); }
std::vector<Found> unmet_library_pins(const Situation& situation) { return unmet_requirements(situation, false); }
std::vector<Found> overwritten_libraries(const Situation& situation) { return overwritten_files(situation, false); }

constexpr const char* kLoader = "ld.so(8), search order and LD_LIBRARY_PATH; System V gABI, Shared Object Dependencies";
constexpr const char* kPackaging = "Python packaging specifications: Recording installed projects, Version specifiers";
}  // namespace

const std::vector<Rule>& library_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-LIBRARY-UNRESOLVED",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "Every undefined symbol of a library that would be loaded is defined by another of them",
       .consequence =
           "The loader refuses the library: at import where it is needed at once, at the first call of what it "
           "does where it is opened late",
       .fix =
           "Put the libraries back into one release: install again the package that holds them, or take what shadows "
           "them out of the search path",
       .source = "glibc, dl-lookup.c and dl-version.c: what dlopen with RTLD_NOW would say",
       .judge = unresolved_in_libraries},
      {.id = "VRV-LIBRARY-OTHER-CUDA",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement =
           "A library with the same SONAME for several CUDA major versions is the one for the CUDA of its consumer",
       .consequence = "It is taken without complaint, and the first use fails or asks for libraries of the other CUDA "
                      "version that are not there",
       .fix = "Install the build of that library for the consumer's CUDA, or take the other out of the search path",
       .source = kLoader,
       .judge = libraries_of_other_cuda},
      {.id = "VRV-LIBRARY-FAMILY-MIX",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
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
       .category = "library_mix",
       .needs = {},
       .statement = "Libraries of an environment are loaded from the environment",
       .consequence = "LD_LIBRARY_PATH wins over RUNPATH and over every library that is opened by name; only directly "
                      "linked libraries with an RPATH are safe. The other release may lack symbols or refuse to work",
       .fix = "Unset LD_LIBRARY_PATH for this program, or take the folder out of it",
       .source = kLoader,
       .judge = shadowed_libraries},
      {.id = "VRV-LIBRARY-LINKER-OLDER",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "libnvJitLink is at least of the CUDA release of the libraries that ask for it",
       .consequence = "Its symbols carry the release (__nvJitLinkAddData_12_9): the newer library is refused with an "
                      "undefined symbol",
       .fix = "Install the nvjitlink package of the newer release; a newer one serves older libraries",
       .source = "nvJitLink documentation, versioned symbols; NVIDIA/cuvs pull request 1794; jax-ml/jax issue 28929",
       .judge = linkers_older_than_askers},
      {.id = "VRV-LIBRARY-NOT-FOUND",
       .layer = Layer::kernel_library,
       .severity = Severity::error,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "Every CUDA library that is needed is found",
       .consequence = "The import fails with \"cannot open shared object file\"",
       .fix = "Install the package that holds the library with the same number behind .so, or add its folder to the "
              "search path",
       .source = kLoader,
       .judge = missing_of_any_cuda},
      {.id = "VRV-LIBRARY-PART-NOT-FOUND",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "A library finds the parts that it opens by name",
       .consequence = "Loading goes well; the first call that needs the part fails (\"Unable to load any of "
                      "{libcudnn_ops.so.9, …}\")",
       .fix =
           "Install the whole library for this consumer, and make its folder known (LD_LIBRARY_PATH, or a package that "
           "preloads it)",
       .source = "MahmoudAshraf97/whisper-diarization issue 259; cuDNN documentation, sub-libraries",
       .judge = missing_parts},
      {.id = "VRV-LIBRARY-SEVERAL-FILES",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "Frameworks of one environment take a SONAME from one file, or from files of one release",
       .consequence =
           "In a process that imports both, the one that is loaded first serves both; which one that is depends on "
           "the order of imports",
       .fix = "Keep the frameworks in environments of their own, or let both use one release",
       .source = "glibc, dl-load.c: a SONAME that is loaded is not loaded again",
       .judge = sonames_with_several_files},
      {.id = "VRV-LIBRARY-OVERWRITTEN",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "No two packages of an environment write the same library",
       .consequence =
           "The one that was installed last is what everybody gets, whatever version the other package claims; "
           "removing either takes the file away from both",
       .fix = "Remove both packages and install the one that the framework asks for again",
       .source = kPackaging,
       .judge = overwritten_libraries},
      {.id = "VRV-LIBRARY-PIN",
       .layer = Layer::kernel_library,
       .severity = Severity::warning,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "The libraries that a package asks for are there in a version that it accepts",
       .consequence = "It runs with libraries that it was not tested with; an older one may lack symbols or kernels",
       .fix =
           "Let the installer put the versions back: pip install again the framework, or pip check for the whole list",
       .source = kPackaging,
       .judge = unmet_library_pins},
      {.id = "VRV-LIBRARY-REPLACED",
       .layer = Layer::kernel_library,
       .severity = Severity::note,
       .mender = Mender::framework,
       .category = "library_mix",
       .needs = {},
       .statement = "Libraries are the files that their packages installed",
       .consequence =
           "What the package's version says does not hold for them; parts of one library may be of several releases",
       .fix = "Install the package again, unless the change is wanted (stripped or trimmed images)",
       .source = kPackaging,
       .judge = replaced_files},
  };
  return rules;
}

}  // namespace varve
