#pragma once
#include <string>

#include "model/answers/rank_report.h"

namespace varve {

// What ranks waited for, for a terminal: how they are aligned, and a line for each rank. Empty of no ranks.
std::string text_ranks(const RankReport& report);

}  // namespace varve
