#pragma once
#include <string>
#include <vector>

#include "world/files.h"

namespace varve {

// The files of the NVIDIA kernel module that modules.dep lists for a kernel release:
// "/lib/modules/RELEASE/…/nvidia.ko".
std::vector<std::string> installed_modules(const Files& files, const std::string& release);

}  // namespace varve
