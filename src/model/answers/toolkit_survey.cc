#include "model/answers/toolkit_survey.h"

#include <algorithm>
#include <set>

namespace varve {

std::string_view to_string(ToolkitKind kind) {
  switch (kind) {
    case ToolkitKind::conda:
      return "conda";
    case ToolkitKind::wheels:
      return "wheels";
    case ToolkitKind::host:
      break;
  }
  return "host";
}

std::string toolkit_version_text(const Toolkit& toolkit) {
  return toolkit.version.is_known() ? value_text(*toolkit.version.value) : "version not stated";
}

std::string toolkit_title(const InstalledToolkit& installed) {
  return installed.toolkit.path + " (" + toolkit_version_text(installed.toolkit) + ")";
}

const InstalledToolkit* ToolkitSurvey::at(std::string_view path) const {
  const auto found = std::find_if(toolkits.begin(), toolkits.end(),
                                  [&](const InstalledToolkit& installed) { return installed.toolkit.path == path; });
  return found == toolkits.end() ? nullptr : &*found;
}

const ToolkitClaim* ToolkitSurvey::active() const {
  const auto leads = [&](const ToolkitClaim& claim) { return at(claim.toolkit) != nullptr; };
  const auto first = std::find_if(claims.begin(), claims.end(), leads);
  return first == claims.end() ? nullptr : &*first;
}

bool ToolkitSurvey::agrees() const {
  static const std::set<std::string, std::less<>> kOfShell = {
      "CUDA_HOME", "CUDA_PATH",    "CUDA_ROOT",      "CUDAToolkit_ROOT", "CUDA_TOOLKIT_ROOT_DIR",
      "CUDACXX",   "nvcc on PATH", "LD_LIBRARY_PATH"};
  std::set<std::string> named;
  const auto count = [&](const ToolkitClaim& claim) {
    if (!claim.toolkit.empty()) named.insert(claim.toolkit);
  };
  for (const ToolkitClaim& claim : claims) {
    if (kOfShell.contains(claim.source)) count(claim);
  }
  for (const ToolkitUser& user : users) {
    if (user.claim) count(*user.claim);
  }
  return named.size() < 2;
}

}  // namespace varve
