#pragma once
#include "base/json.h"
#include "model/answers/toolkit_survey.h"

namespace varve {

// The answers of varve toolkit for programs (schema/toolkits.schema.json), which Varve writes and does not read. Paths
// are whole: they are for scripts on this machine, not for sharing.
Json to_json(const ToolkitSurvey& survey);
Json to_json(const ToolkitVariables& variables);
Json to_json(const ToolkitModule& written);
Json to_json(const ToolkitLink& link);

}  // namespace varve
