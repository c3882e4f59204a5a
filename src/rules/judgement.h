#pragma once
#include <string_view>
#include <vector>

#include "model/answers/check_result.h"
#include "model/finding.h"
#include "rules/analysis/rule.h"

namespace varve {

// All rules, by area and then as their tables list them.
const std::vector<const Rule*>& all_rules();
const Rule* find_rule(std::string_view id);  // nullptr: there is none

// Judges all rules: findings by severity, in the order of the rules; what could not be told. A rule whose row yields to
// another is silent where that one found something.
struct Judgement {
  std::vector<Finding> findings;
  std::vector<UntoldRule> untold;
};
Judgement judge_rules(const Analysis& analysis);
// The same for some rules alone, which may be no product's.
Judgement judge_rules(const Analysis& analysis, const std::vector<const Rule*>& rules);

}  // namespace varve
