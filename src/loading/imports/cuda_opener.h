#pragma once
#include <string>
#include <vector>

#include "loading/imports/environment_ground.h"

namespace varve {

// Where cuda-pathfinder looks beside wheels and the loader's own folders (search_steps.py, env_vars.py and the
// folders of descriptor_catalog.py in 1.9.1): in the conda environment and the toolkit that variables name.
std::vector<std::string> folders_of_opener(const EnvironmentGround& here);

// The names of one library, those of the CUDA that the environment's cuda-bindings are of first.
std::vector<std::string> of_bindings_first(const EnvironmentGround& here, std::vector<std::string> names);

// Whether cuda-pathfinder finds a library of one of these names: in a wheel of this environment, where the loader looks
// for what `asker` opens, or in those folders.
bool opener_finds(const EnvironmentGround& here, const HeldLibrary& asker, const std::vector<std::string>& names);

}  // namespace varve
