// The table of messages names rules that account for them; it stands below the rules and cannot look itself.
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/judgement.h"
#include "tables/messages/error_patterns.h"

namespace varve {
namespace {

TEST(ErrorPatterns, RulesThatAccountForMessagesExist) {
  const Result<Knowledge> knowledge = load_knowledge();
  ASSERT_TRUE(knowledge) << to_text(knowledge.error());
  const Result<ErrorPatterns> patterns = load_error_patterns(*knowledge);
  ASSERT_TRUE(patterns) << to_text(patterns.error());
  for (const ErrorPattern& row : patterns->rows) {
    for (const std::string& wanted : row.explained_by) {
      if (wanted == "*") continue;
      const std::string start = wanted.substr(0, wanted.find('*'));
      const bool is_there =
          wanted.ends_with('*')
              ? std::any_of(all_rules().begin(), all_rules().end(),
                            [&](const Rule* rule) { return std::string(rule->id).starts_with(start); })
              : find_rule(wanted) != nullptr;
      EXPECT_TRUE(is_there) << row.id << " names " << wanted;
    }
  }
}

}  // namespace
}  // namespace varve
