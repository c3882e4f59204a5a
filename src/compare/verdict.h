#pragma once
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"

namespace varve {

// The two halves of the answer: "B is faster: tokens/s +8.1 % (…)" and "controlled: only OPENBLAS_CORETYPE differs".
std::string speed_sentence(const Comparison& comparison);
std::string control_phrase(const Comparison& comparison);
// The whole answer in one sentence: what the numbers say, how sure, and whether they may be compared.
std::string verdict_sentence(const Comparison& comparison);

// The bundle that was under test, of one member or more; nullptr: none was.
const Bundle* bundle_under_test(const Comparison& comparison);

// Why, and what would decide: about the numbers; the control verdict brings its own.
std::vector<std::string> speed_reasons(const Comparison& comparison);

// "higher is better", "whether higher or lower is better is not known".
std::string direction_text(Better better);

std::string margin_text(double margin);  // "1 %" rather than "1.0 %": a margin is a number somebody chose

// What a reader must know about this comparison: VRV-CMP-… (in findings.cc).
std::vector<Finding> comparison_findings(const Comparison& comparison, const Sides& sides);
// Two levels at which the units of a side stand (in findings_spread.cc).
void find_modes(const Comparison& comparison, const Sides& sides, std::vector<Finding>& found);

}  // namespace varve
