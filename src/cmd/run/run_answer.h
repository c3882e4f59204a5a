#pragma once
#include <string>
#include <vector>

#include "model/comparison.h"
#include "report/text/text_report.h"

namespace varve {

// The other variants of a run against its first; none where there is one, or where too little was measured.
std::vector<Comparison> comparisons_of(const Run& run);

// What the run ends with. `file` holds its document; empty: nothing does.
RunAnswer run_answer(const Run& run, const std::vector<Comparison>& comparisons, const std::string& file);

}  // namespace varve
