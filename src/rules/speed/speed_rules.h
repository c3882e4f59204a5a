#pragma once
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// The tables of rules about what changes speed without a word, one a file.
const std::vector<Rule>& dispatch_rules();       // releases that choose other kernels
const std::vector<Rule>& known_issue_rules();    // known faults and changes of releases
const std::vector<Rule>& speed_setting_rules();  // environment variables
const std::vector<Rule>& speed_machine_rules();  // clocks, power, links, limits

}  // namespace varve
