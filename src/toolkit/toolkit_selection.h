#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/answers/toolkit_survey.h"
#include "package/environments.h"
#include "world/files.h"

namespace varve {

// Looks in the usual places, at what update-alternatives, the environment and the loader's configuration name, and in
// the environments (conda prefixes, wheels) that the hints lead to. Versions are read from files; nothing is run.
ToolkitSurvey survey_toolkits(const Files& files, const EnvironmentHints& hints);

// The toolkits that a word on the command line may mean: a version ("12", "12.4", "12.4.131", held against the
// toolkit's version and nvcc's) or a path with a slash (of a toolkit, a link to one, an environment with one). A
// toolkit at a path that the survey has not met is added to it. Those without nvcc count only where none with nvcc
// fits. Indexes into survey.toolkits; several: the word is ambiguous.
std::vector<std::size_t> matching_toolkits(const Files& files, ToolkitSurvey& survey, const std::string& wanted);

// The versions there are, the nearest to the wanted one first, each once, at most five.
std::vector<std::string> nearest_versions(const ToolkitSurvey& survey, std::string_view wanted);

// Whether the folder is the other one or lies below it; both absolute and without a slash at the end.
bool is_inside(std::string_view folder, std::string_view parent);

}  // namespace varve
