// Whether the kernel libraries that a consumer loads have code for the GPUs.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "rules/analysis/gpu_code.h"
#include "rules/situation/consumer_runtimes.h"
#include "tables/libraries.h"

namespace varve {

namespace {
// The files of one library that a consumer loads: cuDNN is seven.
struct LoadedLibrary {
  const LibraryRow* row = nullptr;
  std::string path;
  std::vector<Coverage> files;
};

std::map<std::string, LoadedLibrary> kernel_libraries(const ConsumerView& view) {
  std::map<std::string, LoadedLibrary> libraries;
  for (const LibraryView& library : view.libraries) {
    const Binary* binary = library.binary;
    if (binary == nullptr || !binary->coverage || binary->coverage->regions == 0 || is_own(view, library)) continue;
    const LibraryRow* row = library_of(binary->path);
    if (row == nullptr || row->layer != Layer::kernel_library) continue;
    LoadedLibrary& loaded = libraries[row->family.empty() ? row->name : row->family];
    if (loaded.row == nullptr || row->least_gpu) loaded.row = row;
    if (loaded.path.empty()) loaded.path = binary->path;
    loaded.files.push_back(*binary->coverage);
  }
  return libraries;
}

bool serves(const LoadedLibrary& library, ComputeCapability gpu, std::optional<std::pair<int, int>> ceiling) {
  return std::any_of(library.files.begin(), library.files.end(), [&](const Coverage& coverage) {
    const CoverageCount count = count_coverage(coverage, gpu, ceiling);
    return count.native + count.jit > 0;
  });
}

std::set<CodeTarget> targets_of(const LoadedLibrary& library) {
  std::set<CodeTarget> targets;
  for (const Coverage& coverage : library.files) {
    for (const CodeGroup& group : coverage.groups) targets.insert(group.targets.begin(), group.targets.end());
  }
  return targets;
}

bool runs(const CodeVerdict& verdict) {
  const CheckState state = state_of(verdict.cause);
  return state == CheckState::ok || state == CheckState::degraded || verdict.cause == CodeCause::no_code;
}
}  // namespace

std::vector<LibraryCodeVerdict> judge_library_code(const Situation& situation, const ServingDriver& driver,
                                                   const ConsumerView& view, const std::vector<CodeVerdict>& own) {
  std::vector<LibraryCodeVerdict> verdicts;
  const std::map<std::string, LoadedLibrary> libraries = kernel_libraries(view);
  for (const CodeVerdict& verdict : own) {
    if (!runs(verdict)) continue;  // it has the greater trouble
    for (const auto& [name, library] : libraries) {
      const std::set<CodeTarget> targets = targets_of(library);
      const bool any = std::any_of(targets.begin(), targets.end(), [](const CodeTarget& target) {
        return target.kind == CodeKind::sass || target.kind == CodeKind::ptx;
      });
      const bool is_older = library.row->least_gpu && verdict.gpu < *library.row->least_gpu;
      if (!any || is_older || serves(library, verdict.gpu, ceiling_pair(driver))) continue;
      const bool too_new = serves(library, verdict.gpu, std::nullopt);
      verdicts.push_back({name, library.path, verdict.gpu,
                          fmt::format("{} has {} for {}: it is made for {}", file_name(library.path),
                                      too_new ? "only PTX that this driver does not compile" : "no code",
                                      gpu_words(situation, verdict.gpu), targets_text(targets))});
    }
  }
  return verdicts;
}

}  // namespace varve
