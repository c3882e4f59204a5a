#include "rules/rule.h"

#include <algorithm>

namespace varve {

namespace {
const char* first_unknown(const Rule& rule, const Situation& situation) {
  for (const char* id : rule.needs) {
    if (!fact_of(situation, id).is_answer()) return id;
  }
  return nullptr;
}

Finding finding_of(const Rule& rule, Found found) {
  const auto or_row = [](std::string text, const char* row) { return text.empty() ? std::string(row) : text; };
  return {.id = rule.id,
          .layer = rule.layer,
          .severity = found.severity.value_or(rule.severity),
          .mender = found.mender.value_or(rule.mender),
          .evidence = std::move(found.evidence),
          .consequence = or_row(std::move(found.consequence), rule.consequence),
          .fix = or_row(std::move(found.fix), rule.fix),
          .source = rule.source,
          .category = rule.category};
}
}  // namespace

const std::vector<const Rule*>& all_rules() {
  static const std::vector<const Rule*> rules = [] {
    std::vector<const Rule*> all;
    for (const auto* table : {&driver_rules(), &device_rules(), &container_rules(), &runtime_rules(), &library_rules(),
                              &framework_rules(), &toolkit_rules(), &speed_rules()}) {
      for (const Rule& rule : *table) all.push_back(&rule);
    }
    return all;
  }();
  return rules;
}

const Rule* find_rule(std::string_view id) {
  const auto& rules = all_rules();
  const auto at = std::find_if(rules.begin(), rules.end(), [&](const Rule* rule) { return rule->id == id; });
  return at == rules.end() ? nullptr : *at;
}

Judgement judge_rules(const Situation& situation) {
  Judgement judgement;
  for (const Rule* rule : all_rules()) {
    if (const char* unknown = first_unknown(*rule, situation)) {
      judgement.untold.push_back({rule->id, unknown, fact_text(fact_of(situation, unknown))});
      continue;
    }
    for (Found& found : rule->judge(situation)) judgement.findings.push_back(finding_of(*rule, std::move(found)));
  }
  std::stable_sort(judgement.findings.begin(), judgement.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  return judgement;
}

}  // namespace varve
