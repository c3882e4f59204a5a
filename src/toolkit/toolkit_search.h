#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/answers/toolkit_survey.h"
#include "world/files.h"

namespace varve {

struct ToolkitSearch {
  std::vector<Toolkit> toolkits;     // sorted by path, each once; named_by filled in
  std::vector<ToolkitClaim> claims;  // in the order in which builds look
};

// The toolkits of a root: in the usual places (/usr/local/cuda*, /opt/cuda*, NVIDIA's HPC SDK, Debian's), those that
// update-alternatives knows, and those that the environment names. Looks one level deep.
ToolkitSearch find_toolkits(const Files& files, const std::map<std::string, std::string>& environment);

}  // namespace varve
