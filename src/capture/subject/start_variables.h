#pragma once
#include <map>
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// What a container's start adds to LD_LIBRARY_PATH before the program runs: env NAME=VALUE, sh -c, a script of the
// image. `words`: Entrypoint and Cmd of its configuration. Nothing is run: of a script every assignment counts,
// whatever stands around it, and pieces that the variables known here do not tell are left out. First comes what was
// set last.
std::vector<std::string> library_path_of_start(const Files& files, const std::vector<std::string>& words,
                                               const std::string& working_directory,
                                               const std::map<std::string, std::string>& environment);

}  // namespace varve
