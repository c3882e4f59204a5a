#pragma once
#include <string>
#include <string_view>

namespace varve {

// A row's pattern as RE2 gets it: blanks outside brackets and <nl> written out.
std::string expand_pattern(const std::string& pattern);

// The same pattern, where what is counted ("{0,40}", "{2}") may come any number of times: it matches wherever the
// pattern does, and elsewhere too. An automaton of it is much smaller, since a count is a state for each of its steps.
std::string without_counts(std::string_view expanded);

// Whether a pattern that is written out may match one digit and not another: it has a digit outside of counts
// ("{0,40}") and of "0-9".
bool tells_digits_apart(std::string_view pattern);

}  // namespace varve
