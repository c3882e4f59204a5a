#pragma once
#include <optional>
#include <string>

#include "world/file_reader.h"

namespace varve {

// The driver version that a libcuda's own texts tell, for one whose file name does not ("libcuda.so.1", a copy):
// "535.261.03" of ".../nvidia-application-profiles-535.261.03-rc", where it looks for its settings. So in the drivers
// 470.256.02, 525.147.05, 535.261.03 and 550.163.01. Nothing: there is no such text, or it is no 64-bit ELF file.
std::optional<std::string> driver_version_in_texts(const FileReader& reader);

}  // namespace varve
