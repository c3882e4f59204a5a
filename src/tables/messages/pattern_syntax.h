#pragma once
#include <string>
#include <string_view>

namespace varve {

// A row's pattern as RE2 gets it: blanks outside brackets and <nl> written out.
std::string expand_pattern(const std::string& pattern);

// Whether a pattern that is written out may match one digit and not another: it has a digit outside of counts
// ("{0,40}") and of "0-9".
bool tells_digits_apart(std::string_view pattern);

}  // namespace varve
