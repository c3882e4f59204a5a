#pragma once
#include <string_view>
#include <vector>

#include "tables/messages/error_patterns.h"

namespace varve {

// Orders matches by where they begin, the longer first.
void by_place(std::vector<PatternMatch>& matches);

// Of the matches on one place (overlapping, or near each other in one line of `text`) the best counts: by priority,
// then by length; the others are left, as ones that yield, where they state facts. `matches` are by place.
std::vector<PatternMatch> best_of_places(std::string_view text, std::vector<PatternMatch> matches);

}  // namespace varve
