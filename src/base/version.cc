#include "base/version.h"

namespace varve {

std::string_view tool_version() { return VARVE_VERSION; }

}  // namespace varve
