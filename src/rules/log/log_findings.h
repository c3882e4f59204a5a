#pragma once
#include <vector>

#include "model/answers/check_result.h"
#include "model/finding.h"
#include "rules/analysis/analysis.h"
#include "tables/messages/error_patterns.h"

namespace varve {

// Joins what a log says with what was found on the stack. `errors` are in the order of LogReading; `untold` are the
// rules that could not be judged. Not `is_of_machine`: the log states otherwise than the stack and was probably written
// elsewhere; then only the message speaks for a cause, and no fact.
//  - A message is a hypothesis: its row gives the causes that may stand behind it, and the facts confirm one, rule it
//    out or leave it open (rules/log/candidates.h).
//  - A finding that accounts for an error confirms its cause: rules named by the pattern come first (of several
//    findings the one that speaks of what the message names: a library, a version), then a finding of the same
//    category, then an error of a category that may stand behind it. Such a finding is an error whatever its rule says:
//    it did break something. It gets the line of the log as evidence, and the error a correction where the message
//    alone names another kind of fault.
//  - An error that no finding accounts for is a finding of its own, VRV-LOG-ERROR, with the layer and category of the
//    cause that leads; a warning where none is decided, and no finding where the program itself is at fault. One that
//    only follows from an error before it is folded into that.
// Afterwards the findings are by severity, and those of the errors come first, in the order of the errors.
void join_errors(std::vector<ExplainedError>& errors, std::vector<Finding>& findings, const Analysis& analysis,
                 const std::vector<UntoldRule>& untold, const ErrorPatterns& patterns, bool is_of_machine = true);

}  // namespace varve
