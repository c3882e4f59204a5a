#pragma once
#include <string>

#include "base/result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/trace_comparison.h"
#include "model/answers/trace_sequence.h"

namespace varve {

// One side: what was read of its trace. Both must live as long as the call.
struct ComparedTrace {
  const KernelsRecord& record;    // with one source or more
  const TraceSequence& sequence;  // ids of its kernels are those of the record; empty: totals only
};

// Aligns what ran in two traces and accounts for the change of their windows, whose lines sum exactly. Where both show
// the same number of steps, step by step, else what one step came to, else all as one sequence; without an order on a
// side by name and operation alone. Swapping the sides swaps the answer; a trace against itself has only what is the
// same. Error: a side tells of no kernel and no operation.
Result<TraceComparison> compare_traces(const ComparedTrace& a, const ComparedTrace& b, const std::string& created_at);

// Whether the two are the same to the nanosecond: then nothing differs, whatever is not known of the stacks.
bool nothing_changed(const TraceComparison& comparison);

}  // namespace varve
