#include "rules/rule.h"

namespace varve {

const std::vector<Rule>& framework_rules() {
  static const std::vector<Rule> rules = {};
  return rules;
}

}  // namespace varve
