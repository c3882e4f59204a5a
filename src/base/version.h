#pragma once
#include <string_view>

namespace varve {

// Varve's own version, as `varve --version` prints it.
std::string_view tool_version();

}  // namespace varve
