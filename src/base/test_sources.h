#pragma once
#include <string>

namespace varve::test {

// The path of a file of the source tree: source_path("tests/roots/rpm-host"). Defined in tests/test_sources.cc, the one
// file that is told where the sources are, so that all others compile to the same bytes in every clone and a compiler
// cache serves them all.
std::string source_path(const std::string& path);

}  // namespace varve::test
