#pragma once
#include <string>
#include <vector>

#include "harness/benchmark.h"
#include "harness/variant.h"
#include "model/run_record.h"

namespace varve {

// What of a run that is to be taken up again is not what the variants are now: another command, setting, program or
// file. Empty: nothing. As far as the document says: what is redacted in it cannot be told apart.
std::string what_is_another(const Run& run, const std::vector<PreparedVariant>& variants);

// How many rounds (a timing unit of each variant) the plan still asks for, and the number of the first of them.
int rounds_to_execute(const RunPlan& plan, const Run& run);
int first_new_round(const Run& run);

}  // namespace varve
