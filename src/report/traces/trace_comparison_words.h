#pragma once
#include <string>
#include <vector>

#include "model/answers/trace_comparison.h"
#include "report/traces/exchange_stories.h"
#include "report/wording.h"

namespace varve {

// What the text and the page say of two traces.

std::string account_line_title(AccountLineKind kind, bool of_operations);  // "idle, host launching"
// Of two frameworks the row without a name is what no product of matrices is.
std::string operation_title(const TraceComparison& comparison, const OperationChange& operation);
// Of two frameworks, by what is known which of the one came for which of the other, and of how much time; empty: of
// one.
std::string paired_by_sentence(const TraceComparison& comparison);
// What changed, in sentences: time of what ran, the window, how much was exchanged and what is the same.
std::vector<std::string> comparison_headline(const TraceComparison& comparison);
// What explains most of the change, in words, the largest first: at most three.
std::vector<std::string> largest_explanations(const TraceComparison& comparison);
// What of the stacks is the same, different and not known, a sentence each.
std::vector<std::string> fact_sentences(const TraceComparison& comparison);
// What is known of the steps between two stacks, a sentence each.
std::vector<std::string> known_change_sentences(const TraceComparison& comparison);
std::string measure_title(const std::string& id);                                       // "pauses of the device"
std::string measure_text(const std::optional<double>& value, TraceMeasure::Unit unit);  // "12.3 %", "not told"
// Whether the sides of a measure differ by what a reader may want to know: 5 %, or half a point of a share.
bool says_something(const TraceMeasure& measure);
std::string rank_title(const RankChange& rank);  // "rank 3"
std::string basis_sentence(const TraceComparison& comparison);
std::string no_verdict_sentence();

}  // namespace varve
