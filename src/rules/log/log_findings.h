#pragma once
#include <vector>

#include "model/check_result.h"
#include "model/finding.h"
#include "rules/situation/situation.h"
#include "tables/error_patterns.h"

namespace varve {

// Joins what a log says with what was found on the stack. `errors` are in the order of LogReading.
//  - An error that a finding accounts for gets its id, and a correction where the message alone names another kind of
//    fault. Rules named by the pattern come first (of several findings the one that speaks of what the message names:
//    a library, a version), then a finding of the same category, then an error of a category that may stand behind it.
//    Such a finding is an error whatever its rule says: it did break something. It gets the line of the log as
//    evidence.
//  - An error that nothing accounts for is a finding of its own, VRV-LOG-ERROR with the pattern's category; not when it
//    only wraps or follows from an error that is there.
// Afterwards the findings are by severity, and those of the errors come first, in the order of the errors.
void join_errors(std::vector<ExplainedError>& errors, std::vector<Finding>& findings, const Situation& situation,
                 const ErrorPatterns& patterns);

}  // namespace varve
