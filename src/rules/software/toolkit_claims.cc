#include "rules/software/toolkit_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "package/python_metadata.h"
#include "tables/package_table.h"

namespace varve {

namespace {
const Toolkit* named_toolkit(const Situation& situation, const std::string& source) {
  for (const Toolkit& toolkit : situation.subject.toolkits) {
    const auto& names = toolkit.named_by;
    if (std::find(names.begin(), names.end(), source) != names.end()) return &toolkit;
  }
  return nullptr;
}

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
}  // namespace

BuildToolkit build_toolkit(const Situation& situation) {
  for (const char* source : {"CUDA_HOME", "CUDA_PATH", "PATH", "/usr/local/cuda"}) {
    if (const Toolkit* toolkit = named_toolkit(situation, source)) return {toolkit, source};
  }
  return {};
}

std::vector<std::string> reasons_to_build(const Situation& situation, const Environment* environment) {
  std::vector<std::string> reasons;
  for (const char* name : {"CUDA_HOME", "CUDA_PATH", "TORCH_CUDA_ARCH_LIST", "TORCH_EXTENSIONS_DIR", "NVCC_CCBIN"}) {
    if (setting_of(situation, name)) reasons.push_back(std::string(name) + " is set");
  }
  if (named_toolkit(situation, "LOADEDMODULES") != nullptr) reasons.emplace_back("a module with CUDA is loaded");
  if (environment == nullptr) return reasons;
  for (const Package& package : environment->packages) {
    const PackageRow* row = find_package_row(normal_package_name(package.name));
    if (row != nullptr && row->uses_toolkit) reasons.push_back(package.name + " compiles with it");
  }
  return reasons;
}

std::vector<Found> claims_that_differ(const Situation& situation) {
  Found found{.evidence = {}, .severity = Severity::note};
  std::vector<std::string> texts;
  for (const ClaimPair& pair : kPairs) {
    const Toolkit* first = named_toolkit(situation, pair.first);
    const Toolkit* second = named_toolkit(situation, pair.second);
    if (!differ(first, second)) continue;
    texts.push_back(fmt::format("{} leads to {}, {} to {}: {}", pair.first, shown(*first), pair.second, shown(*second),
                                pair.effect));
    if (pair.builds || differ_in_major(first, second)) found.severity = Severity::warning;
  }
  const BuildToolkit build = build_toolkit(situation);
  for (const char* fallback : kFallbacks) {
    const Toolkit* toolkit = named_toolkit(situation, fallback);
    if (!differ(build.toolkit, toolkit)) continue;
    texts.push_back(fmt::format("{} leads to {}, but {} comes first and leads to {}", fallback, shown(*toolkit),
                                build.named_by, shown(*build.toolkit)));
  }
  if (texts.empty()) return {};
  found.evidence = join(texts, "; ");
  return {std::move(found)};
}

std::vector<Found> claims_of_nothing(const Situation& situation) {
  const Fact& looked = fact_of(situation, "toolkit.installed");
  if (!looked.is_known() && looked.missing != Missing::absent) return {};
  std::vector<Found> found;
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) {
    const std::optional<std::string> value = setting_of(situation, name);
    if (!value || value->empty() || named_toolkit(situation, name) != nullptr) continue;
    found.push_back({.evidence = fmt::format("{} is {}, and no CUDA toolkit is there", name, *value)});
  }
  return found;
}

std::vector<Found> compilers_beside_other_headers(const Situation& situation) {
  std::vector<Found> found;
  for (const Toolkit& toolkit : situation.subject.toolkits) {
    const auto headers = release_of(toolkit.version), compiler = release_of(toolkit.nvcc);
    if (!headers || !compiler || *headers == *compiler) continue;
    found.push_back({.evidence = fmt::format("{} is of CUDA {} ({}), but its nvcc of {}", toolkit.path,
                                             to_string(*headers), toolkit.version.source, to_string(*compiler))});
  }
  return found;
}

}  // namespace varve
