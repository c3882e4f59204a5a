// What names a toolkit: whether it is there, and whether all lead to one release.
#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "rules/analysis/rule.h"
#include "rules/software/build_toolkit.h"
#include "rules/software/software_rules.h"

namespace varve {

namespace {
constexpr const char* kBuildSearch =
    "torch/utils/cpp_extension.py, _find_cuda_home and _check_cuda_version; CMake FindCUDAToolkit";

// Major and minor version; nothing when the toolkit states none.
std::optional<DottedVersion> release_of(const Fact& fact) {
  const auto version = fact.is_known() ? dotted_version_from(value_text(*fact.value)) : std::nullopt;
  if (!version) return std::nullopt;
  return DottedVersion{.parts = {version->major(), version->minor()}};
}

bool differ(const Toolkit* a, const Toolkit* b) {
  if (a == nullptr || b == nullptr || a == b) return false;
  const auto first = release_of(a->version), second = release_of(b->version);
  return first && second && *first != *second;
}

bool differ_in_major(const Toolkit* a, const Toolkit* b) {
  return differ(a, b) && release_of(a->version)->major() != release_of(b->version)->major();
}

std::string shown(const Toolkit& toolkit) {
  return toolkit.path + " (" + (toolkit.version.is_known() ? value_text(*toolkit.version.value) : "version not known") +
         ")";
}

// What two sources that disagree do to a build or a run.
struct ClaimPair {
  const char *first, *second;
  const char* effect;
  bool builds;  // a warning in any case; else only when the major versions differ
};
constexpr ClaimPair kPairs[] = {
    {"CUDA_HOME", "CUDA_PATH", "some builds take the first, some the second", true},
    {"CUDA_HOME", "PATH", "headers of one are compiled by the nvcc of the other", true},
    {"CUDA_PATH", "PATH", "headers of one are compiled by the nvcc of the other", true},
    {"CUDA_HOME", "CONDA_PREFIX", "the toolkit that conda installed is passed over", true},
    {"CUDA_PATH", "CONDA_PREFIX", "the toolkit that conda installed is passed over", true},
    {"CUDA_HOME", "LOADEDMODULES", "the module does not decide what builds take", true},
    {"CUDA_PATH", "LOADEDMODULES", "the module does not decide what builds take", true},
    {"PATH", "LOADEDMODULES", "the module does not decide what builds take", true},
    {"CUDA_HOME", "LD_LIBRARY_PATH", "what is built with one runs with the libraries of the other", false},
    {"CUDA_PATH", "LD_LIBRARY_PATH", "what is built with one runs with the libraries of the other", false},
    {"PATH", "LD_LIBRARY_PATH", "what is built with one runs with the libraries of the other", false},
    {"LOADEDMODULES", "LD_LIBRARY_PATH", "the module does not decide which libraries are loaded", false},
};
// What holds only where nothing else names a toolkit.
constexpr const char* kFallbacks[] = {"/usr/local/cuda", "update-alternatives"};

std::vector<Found> claims_that_differ(const Analysis& analysis) {
  Found found{.evidence = {}, .severity = Severity::note};
  std::vector<std::string> texts;
  for (const ClaimPair& pair : kPairs) {
    const Toolkit* first = named_toolkit(analysis, pair.first);
    const Toolkit* second = named_toolkit(analysis, pair.second);
    if (!differ(first, second)) continue;
    texts.push_back(fmt::format("{} leads to {}, {} to {}: {}", pair.first, shown(*first), pair.second, shown(*second),
                                pair.effect));
    if (pair.builds || differ_in_major(first, second)) found.severity = Severity::warning;
  }
  const BuildToolkit build = build_toolkit(analysis);
  for (const char* fallback : kFallbacks) {
    const Toolkit* toolkit = named_toolkit(analysis, fallback);
    if (!differ(build.toolkit, toolkit)) continue;
    texts.push_back(fmt::format("{} leads to {}, but {} comes first and leads to {}", fallback, shown(*toolkit),
                                build.named_by, shown(*build.toolkit)));
  }
  if (texts.empty()) return {};
  found.evidence = join(texts, "; ");
  return {std::move(found)};
}

std::vector<Found> claims_of_nothing(const Analysis& analysis) {
  const Fact& looked = fact_of(analysis, "toolkit.installed");
  if (!looked.is_known() && looked.missing != Missing::absent) return {};
  std::vector<Found> found;
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) {
    const std::optional<std::string> value = setting_of(analysis, name);
    if (!value || value->empty() || named_toolkit(analysis, name) != nullptr) continue;
    found.push_back({.evidence = fmt::format("{} is {}, and no CUDA toolkit is there", name, *value)});
  }
  return found;
}

std::vector<Found> compilers_beside_other_headers(const Analysis& analysis) {
  std::vector<Found> found;
  for (const Toolkit& toolkit : analysis.subject.toolkits) {
    const auto headers = release_of(toolkit.version), compiler = release_of(toolkit.nvcc);
    if (!headers || !compiler || *headers == *compiler) continue;
    found.push_back({.evidence = fmt::format("{} is of CUDA {} ({}), but its nvcc of {}", toolkit.path,
                                             to_string(*headers), toolkit.version.source, to_string(*compiler))});
  }
  return found;
}
}  // namespace

const std::vector<Rule>& toolkit_claim_rules() {
  static const std::vector<Rule> rules = {
      {.id = "VRV-TOOLKIT-CLAIMS",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::host_toolkit,
       .statement = "Whatever names a toolkit leads to the same release",
       .consequence = "Builds mix the headers, the compiler and the libraries of two releases; wheels with their own "
                      "runtime do not care",
       .fix = "Let CUDA_HOME, PATH and LD_LIBRARY_PATH follow one toolkit (varve toolkit env VERSION prints the "
              "lines), or unset CUDA_HOME and CUDA_PATH",
       .source = "torch/utils/cpp_extension.py, _find_cuda_home; pytorch/pytorch issue 4150; ghostpad/ghostpad issue 9",
       .judge = claims_that_differ},
      {.id = "VRV-TOOLKIT-NOT-THERE",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::host_toolkit,
       .statement = "CUDA_HOME and CUDA_PATH name a toolkit that is there",
       .consequence =
           "Everything that compiles looks there and fails (\"nvcc not found\", \"cuda_runtime.h: No such file\")",
       .fix = "Correct the variable, or unset it so that nvcc on PATH decides",
       .source = kBuildSearch,
       .judge = claims_of_nothing},
      {.id = "VRV-TOOLKIT-HEADERS",
       .layer = Layer::host_toolkit,
       .severity = Severity::warning,
       .mender = Mender::platform,
       .category = FaultCategory::host_toolkit,
       .statement = "Within one toolkit nvcc and the headers are of one release",
       .consequence = "Headers of a newer release do not compile with an older nvcc",
       .fix = "Install the toolkit's packages again in one release",
       .source = "pytorch/pytorch issue 4150",
       .judge = compilers_beside_other_headers},
  };
  return rules;
}

}  // namespace varve
