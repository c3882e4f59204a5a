#pragma once
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "model/answers/kernels_record.h"
#include "model/answers/stack_comparison.h"
#include "model/answers/trace_comparison.h"
#include "model/comparison.h"
#include "model/run_record.h"
#include "model/stack.h"

namespace varve {

// A document as one HTML page for people: complete in itself (style and pictures inside, no script, nothing fetched),
// well-formed like XML, every foreign text escaped. For light and dark, wide and narrow screens and for paper.

// `run` is the interleaved run both sides stand in; it adds the units in the order they ran, the protocol and the
// stack. May be null: then the page says what it cannot show.
std::string html_page(const Comparison& comparison, const Run* run);
std::string html_page(const Run& run);
std::string html_page(const Stack& stack);
std::string html_page(const Check& check);
std::string html_page(const KernelsRecord& record);
std::string html_page(const TraceComparison& comparison);
std::string html_page(const StackComparison& comparison);
std::string html_page(const std::vector<Check>& checks);  // of several subjects; at least one

}  // namespace varve
