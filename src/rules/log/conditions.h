#pragma once
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "rules/analysis/analysis.h"
#include "tables/messages/causes.h"

namespace varve {

enum class Holds { yes, no, unknown };

// What conditions are asked about: the stack, what the check found on it, and the log. Borrows all of it.
struct ConditionGround {
  const Analysis& analysis;
  const std::vector<Finding>& findings;
  const std::vector<UntoldRule>& untold;      // rules that could not be judged
  const std::vector<ExplainedError>& errors;  // of the log
  // Of the message: a "{1}" in a condition stands for the first.
  const std::vector<std::string>& groups;
  bool is_of_machine = true;  // false: the log was written on another machine, whose facts these are not
};

struct Answer {
  Holds holds = Holds::unknown;
  std::string words;  // "the GPUs are of 12.0": the facts that it rests on; empty where nothing is known
};

// Whether all terms of the condition hold: no where one does not, else unknown where a fact of one is missing.
Answer ask(const Condition& condition, const ConditionGround& ground);

// Of several conditions the first that holds; else unknown, with no words.
Answer ask_any(const std::vector<Condition>& conditions, const ConditionGround& ground);

}  // namespace varve
