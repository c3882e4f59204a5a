#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/toolkit_record.h"
#include "package/environments.h"
#include "world/files.h"

namespace varve {

// The toolkit in a directory: its version by version.json, version.txt (up to 10.2) or include/cuda.h, in this order;
// nvcc's by version.json; components by version.json and by the headers of those that it does not name. Nothing when
// the directory states no version and has no bin/nvcc. The installer is not asked for.
std::optional<Toolkit> read_toolkit(const Files& files, const std::string& directory);

// The toolkits that packages of an environment make up: nvidia/cu13, nvidia/cuda_nvcc with the headers beside it, and a
// conda prefix with nvcc. What has no compiler (nvcc, ptxas) is no toolkit.
std::vector<Toolkit> toolkits_in_environment(const Files& files, const EnvironmentPlace& place);

// Who installed a toolkit of the host: "dpkg cuda-nvcc-12-4 12.4.131-1", "rpm …", "runfile", "NVIDIA HPC SDK".
Fact toolkit_installer(const Files& files, const std::string& directory);

// The number behind "#define NAME" in the text of a header; empty when it is not there or no number.
std::string defined_number(std::string_view text, std::string_view name);

}  // namespace varve
