#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/exit_status.h"
#include "model/answers/check_result.h"
#include "rules/analysis/analysis.h"
#include "rules/log/log_reader.h"
#include "tables/messages/error_patterns.h"

namespace varve {

// Judges a stack on a machine: consumers, rules, the chain. The caller sets checked_at.
Check check_analysis(const Analysis& analysis);

// Adds what a log says: its errors with their meaning on this stack. An error that nothing on the stack accounts for is
// a finding of its own; `other_facts` are those that the log states otherwise than the stack.
void add_log(const Analysis& analysis, const ErrorPatterns& patterns, const LogReading& log,
             const std::vector<std::string>& other_facts, Check& check);

// failed: a broken link (every finding of severity error breaks one), or a lock that does not hold; inconclusive: the
// driver or what would run on it cannot be told, or the log holds no error that is known, or one whose cause is not
// decided; ok.
ExitStatus exit_status(const Check& check);

}  // namespace varve
