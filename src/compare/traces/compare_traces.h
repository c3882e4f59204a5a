#pragma once
#include <string>

#include "base/result.h"
#include "compare/traces/compared_trace.h"
#include "model/answers/trace_comparison.h"
#include "tables/knowledge.h"

namespace varve {

// Aligns what ran in two traces and accounts for the change of their windows, whose lines sum exactly. Where both show
// the same number of steps, step by step, else what one step came to, else all as one sequence; without an order on a
// side by name and operation alone. Swapping the sides swaps the answer; a trace against itself has only what is the
// same. `knowledge` is what known changes are cited from; nullptr: none are. Error: a side tells of no kernel and no
// operation.
Result<TraceComparison> compare_traces(const ComparedTrace& a, const ComparedTrace& b, const std::string& created_at,
                                       const Knowledge* knowledge = nullptr);

// Whether the two are the same to the nanosecond: then nothing differs, whatever is not known of the stacks.
bool nothing_changed(const TraceComparison& comparison);

}  // namespace varve
