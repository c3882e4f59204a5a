#pragma once
#include <string>

#include "model/answers/toolkit_survey.h"
#include "report/text_style.h"

namespace varve {

// Every toolkit a row: version, where, who installed it, who names it, what it lacks.
std::string text_toolkit_list(const ToolkitSurvey& survey, const TextStyle& style);

// Which toolkit is active and why, everything that names one, who takes which, and whether they agree.
std::string text_toolkit_which(const ToolkitSurvey& survey, const TextStyle& style);

// Rows "CUDA_HOME  /usr/local/cuda-11.8 (11.8)" of those claims that lead elsewhere than to the toolkit at this path,
// or nowhere; empty when there are none.
std::string text_other_claims(const ToolkitSurvey& survey, const std::string& path, const TextStyle& style);

}  // namespace varve
