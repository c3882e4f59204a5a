#include "rules/judgement.h"

#include <algorithm>
#include <set>

#include "rules/consumer/consumer_rules.h"
#include "rules/machine/machine_rules.h"
#include "rules/software/software_rules.h"
#include "rules/speed/speed_rules.h"

namespace varve {

namespace {
const char* first_unknown(const Rule& rule, const Analysis& analysis) {
  for (const char* id : rule.needs) {
    if (!fact_of(analysis, id).is_answer()) return id;
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
          .source = or_row(std::move(found.source), rule.source),
          .category = found.category.value_or(rule.category),
          .about = std::move(found.about)};
}
}  // namespace

const std::vector<const Rule*>& all_rules() {
  static const std::vector<const Rule*> rules = [] {
    std::vector<const Rule*> all;
    for (const auto* table : {&driver_rules(),
                              &kernel_module_rules(),
                              &device_rules(),
                              &device_bus_rules(),
                              &device_state_rules(),
                              &container_rules(),
                              &container_image_rules(),
                              &container_engine_rules(),
                              &runtime_rules(),
                              &forward_rules(),
                              &code_rules(),
                              &symbol_rules(),
                              &other_cuda_rules(),
                              &library_mix_rules(),
                              &mapped_library_rules(),
                              &missing_library_rules(),
                              &package_mix_rules(),
                              &framework_build_rules(),
                              &toolkit_claim_rules(),
                              &toolkit_build_rules(),
                              &dispatch_rules(),
                              &speed_setting_rules(),
                              &speed_machine_rules(),
                              &known_issue_rules()}) {
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

Judgement judge_rules(const Analysis& analysis, const std::vector<const Rule*>& rules) {
  Judgement judgement;
  std::set<std::string_view> fired;
  for (const Rule* rule : rules) {
    if (const char* unknown = first_unknown(*rule, analysis)) {
      judgement.untold.push_back({rule->id, unknown, fact_text(fact_of(analysis, unknown))});
      continue;
    }
    std::vector<Found> all = rule->judge(analysis);
    if (!all.empty()) fired.insert(rule->id);
    for (Found& found : all) judgement.findings.push_back(finding_of(*rule, std::move(found)));
  }
  for (const Rule* rule : rules) {
    const auto& others = rule->yields_to;
    if (std::none_of(others.begin(), others.end(), [&](const char* other) { return fired.contains(other); })) continue;
    std::erase_if(judgement.findings, [&](const Finding& finding) { return finding.id == rule->id; });
  }
  std::stable_sort(judgement.findings.begin(), judgement.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  return judgement;
}

Judgement judge_rules(const Analysis& analysis) { return judge_rules(analysis, all_rules()); }

}  // namespace varve
