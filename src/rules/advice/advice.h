#pragma once
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "rules/analysis/analysis.h"

namespace varve {

// What would fit this driver and these GPUs, and the smallest change that mends what is broken: lines of plain text,
// most useful first. Of facts as they stand in the analysis, so a supposed driver or GPU is advised on too. Rests on
// the tables of data/ alone; where they are too old or a fact is missing, a line says so. `verdicts` and `findings` are
// those of this analysis, the verdicts in the order of its consumers.
std::vector<std::string> advise(const Analysis& analysis, const std::vector<ConsumerVerdict>& verdicts,
                                const std::vector<Finding>& findings);

}  // namespace varve
