#pragma once
#include <string_view>
#include <vector>

#include "rules/rule.h"

namespace varve {

// Environment variables that make a run slower or other than the default, one finding a variable. `topic` picks the
// rows of the table in speed_settings.cc: "waiting", "precision", "allocator", "loading", "deterministic", "cache",
// "path".
std::vector<Found> settings_of_topic(const Situation& situation, std::string_view topic);

}  // namespace varve
