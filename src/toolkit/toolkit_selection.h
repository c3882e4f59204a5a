#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/toolkit_record.h"
#include "package/environments.h"
#include "toolkit/toolkit_layout.h"
#include "toolkit/toolkit_search.h"
#include "world/files.h"

namespace varve {

struct InstalledToolkit {
  Toolkit toolkit;  // its path as it is, home directories not shortened
  ToolkitKind kind = ToolkitKind::host;
  std::string environment;  // the path of the venv, prefix or folder of packages it belongs to; empty for a host's
  ToolkitLayout layout;
  bool own_prefix = false;  // is_prefix_of_its_own
};

// Every toolkit of a root and everything that names one.
struct ToolkitSurvey {
  std::vector<InstalledToolkit> toolkits;  // the host's first, then those of environments, by path; each once
  // In the order in which builds look. Names that lead to no toolkit too: `toolkit` is empty, `said` is what they say.
  std::vector<ToolkitClaim> claims;

  const InstalledToolkit* at(std::string_view path) const;  // nullptr: none there
  const ToolkitClaim* active() const;                       // the first that leads to a toolkit, or nullptr
  bool agrees() const;                                      // no two claims lead to different toolkits
};

// Looks in the usual places, at what update-alternatives, the environment and the loader's configuration name, and in
// the environments (conda prefixes, wheels) that the hints lead to. Versions are read from files; nothing is run.
ToolkitSurvey survey_toolkits(const Files& files, const EnvironmentHints& hints);

// Somebody who builds, and the toolkit taken by the order in which it looks.
struct ToolkitUser {
  std::string who;            // "PyTorch extensions"
  std::string order;          // where it looks: "CUDA_HOME, CUDA_PATH, nvcc on PATH, /usr/local/cuda"
  const ToolkitClaim* claim;  // the survey's that decides, perhaps one that leads nowhere; nullptr: none of these
};
std::vector<ToolkitUser> toolkit_users(const ToolkitSurvey& survey);

// The toolkits that a word on the command line may mean: a version ("12", "12.4", "12.4.131", held against the
// toolkit's version and nvcc's) or a path with a slash (of a toolkit, a link to one, an environment with one). A
// toolkit at a path that the survey has not met is added to it. Those without nvcc count only where none with nvcc
// fits. Indexes into survey.toolkits; several: the word is ambiguous.
std::vector<std::size_t> matching_toolkits(const Files& files, ToolkitSurvey& survey, const std::string& wanted);

// The versions there are, the nearest to the wanted one first, each once, at most five.
std::vector<std::string> nearest_versions(const ToolkitSurvey& survey, std::string_view wanted);

// "/usr/local/cuda-12.4 (12.4.1)"
std::string toolkit_title(const InstalledToolkit& installed);

// Whether the folder is the other one or lies below it; both absolute and without a slash at the end.
bool is_inside(std::string_view folder, std::string_view parent);

}  // namespace varve
