#include "base/test_sources.h"

namespace varve::test {

std::string source_path(const std::string& path) { return VARVE_SOURCE_DIR "/" + path; }

}  // namespace varve::test
