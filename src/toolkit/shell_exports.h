#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/answers/toolkit_survey.h"
#include "world/files.h"

namespace varve {

enum class Shell { bash, zsh, fish };
std::optional<Shell> shell_from(std::string_view name);

// What makes the shell use this toolkit: CUDA_HOME, CUDA_PATH, PATH and LD_LIBRARY_PATH always, first among the list
// variables and each entry once; other variables that name a toolkit (CUDACXX, CUDAToolkit_ROOT, CPATH …) only where
// they are set and name another. Entries of other toolkits are taken out of the lists, but for conda's bin and for
// folders named compat, which hold drivers. NVCC_PREPEND_FLAGS is set where nvcc may not find headers or libraries
// (wheels). Error: a path with a colon, which no list can hold.
Result<std::vector<VariableChange>> toolkit_variables(const Files& files, const ToolkitSurvey& survey,
                                                      const InstalledToolkit& chosen,
                                                      const std::map<std::string, std::string>& environment);

// Commands for eval (bash, zsh, any POSIX shell) or source (fish), one a line. Any byte of a path is quoted safely.
// `undo`: those that bring back what was.
std::string export_commands(const std::vector<VariableChange>& changes, Shell shell, bool undo);

// The flags that nvcc needs to find headers and libraries in wheels; else empty.
std::vector<std::string> nvcc_flags(const InstalledToolkit& chosen);

}  // namespace varve
