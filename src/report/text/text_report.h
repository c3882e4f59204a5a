#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "model/answers/noise_report.h"
#include "model/answers/stack_comparison.h"
#include "model/answers/trace_comparison.h"
#include "model/comparison.h"
#include "model/run_record.h"
#include "model/stack.h"
#include "report/text_style.h"

namespace varve {

// Documents as aligned text for a terminal or a log. Every text ends with a line end. Control characters in foreign
// text are shown as U+FFFD, so that no document can steer the terminal.
std::string text_stack(const Stack& stack, const TextStyle& style);
std::string text_coverage(const Stack& stack, const std::vector<ComputeCapability>& gpus, const TextStyle& style);
std::string text_processes(const Stack& stack, const TextStyle& style);
std::string text_run(const Run& run, const TextStyle& style);
std::string text_noise(const NoiseReport& report, const TextStyle& style);
// What a run ends with, beside what the document itself says.
struct RunAnswer {
  struct Number {
    std::string text;            // the number with its interval
    std::optional<Speed> speed;  // of a comparison
  };
  std::vector<Number> how_much;  // of each variant against the first; or of each, where they are not compared
  std::string control;           // whether it means something
  std::string more;              // the command that tells more
  std::string without_marked;    // what it is without marked units; empty: none is marked
};
// The verdict in four lines: what, how much, controlled or not, the command for more. Then each cause of marks once,
// what went wrong, and a few lines of the card.
std::string text_answer(const Run& run, const RunAnswer& answer, const TextStyle& style);
// One screen: the chain, a line for each environment, what to try next.
std::string text_overview(const Check& check, const TextStyle& style);
// `explain` names every rule that could not be judged.
std::string text_check(const Check& check, bool explain, const TextStyle& style);
// `explain` adds why the verdict is what it is and what would decide it, and names the items that are the same.
// Without it the text takes some 60 lines at most.
std::string text_comparison(const Comparison& comparison, bool explain, const TextStyle& style);
// What a single number out of the comparison takes for granted.
std::string text_assumptions(const Comparison& comparison, const TextStyle& style);
// Several variants of one run, each against the first: a row each by the primary metric. `name` is the run's file, as
// the command that shows more of a pair takes it. At least two.
std::string text_variants(const std::vector<Comparison>& comparisons, const std::string& name, const TextStyle& style);
// At most some 60 lines; `explain` adds every remark on the traces.
std::string text_trace_comparison(const TraceComparison& comparison, bool explain, const TextStyle& style);
// At most some 60 lines; `explain` adds what is the same, and every row.
std::string text_stack_comparison(const StackComparison& comparison, bool explain, const TextStyle& style);

}  // namespace varve
