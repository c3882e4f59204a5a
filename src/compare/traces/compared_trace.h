#pragma once
#include "model/answers/kernels_record.h"
#include "model/answers/trace_sequence.h"

namespace varve {

// One side: what was read of its trace, or of those of its ranks. Both must live as long as the call.
struct ComparedTrace {
  const KernelsRecord& record;    // with one source or more
  const TraceSequence& sequence;  // ids of its kernels are those of the record; empty: totals only
};

}  // namespace varve
