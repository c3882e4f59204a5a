#pragma once
#include <optional>
#include <vector>

#include "model/answers/check_result.h"
#include "rules/log/conditions.h"
#include "tables/messages/error_patterns.h"

namespace varve {

// Holds a message's causes against the facts, and says which one the answer rests on: a finding that accounts for the
// message (`by`), else a cause that facts confirm, else one that facts speak for, or that is the only one left, else
// what the message itself states (a row of priority 50 and above names its cause, and so does one whose causes all
// break the same link). Where none of these is to be had, the error is undecided, or, with all causes ruled out,
// refuted. Sets candidates, standing, cause and fix of the error.
void judge_candidates(ExplainedError& error, const ErrorPattern& row, const Finding* by, const ConditionGround& ground);

// The candidate that the answer rests on; nullptr: none.
const CauseCandidate* leading(const ExplainedError& error);

}  // namespace varve
