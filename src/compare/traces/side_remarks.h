#pragma once
#include <string>
#include <vector>

#include "compare/traces/compared_trace.h"
#include "model/answers/trace_comparison.h"

namespace varve {

// Each device of each rank on both sides; empty where neither shows several.
std::vector<RankChange> compare_ranks(const TraceSequence& a, const TraceSequence& b);

// What can be told of the time that collectives waited for other ranks; empty where there are none.
std::string collectives_detail(const ComparedTrace& a, const ComparedTrace& b);

// What a reader must know of the traces of a side, "A" or "B": what their ledgers say, and steps that took far longer
// than the others, as one does in which something was compiled.
std::vector<std::string> side_remarks(const std::string& side, const ComparedTrace& trace);

}  // namespace varve
