#include "rules/explain_message.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "rules/log/log_reader.h"
#include "tables/messages/finding_meanings.h"

namespace varve {

namespace {
constexpr std::size_t kMostExplanations = 5;
constexpr std::size_t kMostNearest = 5;
constexpr std::size_t kLongestId = 80;

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

Explanation explain_rule(const Rule& rule) {
  return {.kind = Explanation::Kind::rule,
          .id = rule.id,
          .title = rule.statement,
          .category = rule.category,
          .layer = rule.layer,
          .severity = rule.severity,
          .mender = rule.mender,
          .cause = rule.consequence,
          .fix = rule.fix,
          .source = rule.source};
}

Explanation explain_finding(const std::string& id, const FindingMeaning& meaning) {
  return {.kind = Explanation::Kind::finding,
          .id = id,
          .title = meaning.says,
          .severity = meaning.severity,
          .fix = meaning.fix};
}

// "CUDA_ERROR_NO_DEVICE, cudaErrorNoDevice (100): no CUDA-capable device is detected".
std::string code_title(const ErrorCode& code) {
  std::string title = code.driver_name;
  if (!code.runtime_name.empty()) title += (title.empty() ? "" : ", ") + code.runtime_name;
  title += (title.empty() ? "" : " ") + std::string("(") + std::to_string(code.code) + ")";
  return code.message.empty() ? title : title + ": " + code.message;
}

std::string title_of(const ErrorPattern& row, const Knowledge& knowledge) {
  if (row.id.starts_with("cuda-")) {
    const auto number = parse_integer(row.id.substr(5));
    const ErrorCode* code = number ? find_error_code(knowledge, static_cast<int>(*number)) : nullptr;
    if (code != nullptr) return code_title(*code);
  }
  if (row.id.starts_with("xid-")) return "Xid " + row.id.substr(4) + " of the kernel driver";
  return "a message of " + row.component;
}

// The rules that a pattern names, those of a star written out.
std::vector<std::string> rules_of(const ErrorPattern& row) {
  std::vector<std::string> rules;
  const auto add = [&](const std::string& id) {
    if (std::find(rules.begin(), rules.end(), id) == rules.end()) rules.push_back(id);
  };
  for (const std::string& wanted : row.explained_by) {
    if (wanted == "*") continue;
    if (!wanted.ends_with('*')) {
      add(wanted);
      continue;
    }
    for (const Rule* rule : all_rules()) {
      if (std::string_view(rule->id).starts_with(wanted.substr(0, wanted.size() - 1))) add(rule->id);
    }
  }
  return rules;
}

// What else may stand behind the message, and what would tell: "… To decide: …".
std::vector<std::string> other_causes(const ErrorPattern& row) {
  std::vector<std::string> lines;
  const std::string own = fill_groups(row.cause, {});
  for (const Cause& cause : row.candidates) {
    std::string text = fill_groups(cause.cause, {});
    if (text == own) continue;
    if (!cause.decide.empty()) text += " To decide: " + fill_groups(cause.decide, {});
    lines.push_back(text);
  }
  return lines;
}

Explanation explain_row(const ErrorPattern& row, const Knowledge& knowledge) {
  return {.kind = Explanation::Kind::error,
          .id = row.id,
          .title = title_of(row, knowledge),
          .category = row.category,
          .layer = row.layer,
          .cause = fill_groups(row.cause, {}),
          .fix = fill_groups(row.fix, {}),
          .also = row.also,
          .other_causes = other_causes(row),
          .rules = rules_of(row),
          .source = row.source};
}

// "803", "error 803", "Xid 79", "xid-79": a number may be of both kinds.
std::vector<const ErrorPattern*> rows_of_number(const ErrorPatterns& patterns, std::string_view text) {
  const std::string lower = to_lower(text);
  const std::vector<std::string_view> words = split_words(lower);
  if (words.empty() || words.size() > 3 || !parse_integer(words.back())) return {};
  const std::string_view last = words.back();
  const bool may_be_cuda = words.size() == 1 || words[0] == "cuda" || words[0] == "error" || words[0] == "code";
  const bool may_be_xid = words.size() == 1 || words[0] == "xid";
  std::vector<const ErrorPattern*> rows;
  const auto add = [&](const char* kind) {
    const ErrorPattern* row = find_pattern(patterns, kind + std::string(last));
    if (row != nullptr) rows.push_back(row);
  };
  if (may_be_cuda) add("cuda-");
  if (may_be_xid) add("xid-");
  return rows;
}

std::vector<Explanation> explain_errors(std::string_view text, const ErrorPatterns& patterns,
                                        const Knowledge& knowledge) {
  std::vector<Explanation> explanations;
  const LogReading log = read_log_text(text, patterns);
  for (const ExplainedError& error : log.errors) {
    const ErrorPattern* row = find_pattern(patterns, error.pattern);
    if (row == nullptr || explanations.size() >= kMostExplanations) continue;
    Explanation explanation = explain_row(*row, knowledge);
    explanation.found = error.text;
    explanation.cause = error.cause;
    explanation.fix = error.fix;
    explanations.push_back(std::move(explanation));
  }
  return explanations;
}

// Words of three letters and more, in lower case.
std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : to_lower(text) + " ") {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      word += c;
      continue;
    }
    if (word.size() >= 3) words.insert(word);
    word.clear();
  }
  return words;
}

// How much of `wanted` stands in the words of `text`, weighed by length.
double shared_words(const std::set<std::string>& wanted, std::string_view text) {
  double shared = 0, all = 0;
  const std::set<std::string> there = words_of(text);
  for (const std::string& word : wanted) {
    all += static_cast<double>(word.size());
    if (there.contains(word)) shared += static_cast<double>(word.size());
  }
  return all == 0 ? 0 : shared / all;
}

std::vector<std::string> all_names(const ErrorPatterns& patterns, const Knowledge& knowledge) {
  std::vector<std::string> names;
  for (const Rule* rule : all_rules()) names.emplace_back(rule->id);
  for (const auto& [id, meaning] : finding_meanings()) names.push_back(id);
  for (const ErrorCode& code : knowledge.error_codes) {
    if (!code.driver_name.empty()) names.push_back(code.driver_name);
    if (!code.runtime_name.empty()) names.push_back(code.runtime_name);
  }
  for (const ErrorPattern& row : patterns.rows) names.push_back(row.id);
  return names;
}
}  // namespace

ExplanationAnswer explain_text(std::string_view text, const ErrorPatterns& patterns, const Knowledge& knowledge) {
  const std::string_view asked = trim(text);
  if (asked.size() <= kLongestId) {
    if (const Rule* rule = find_rule(to_upper(asked))) return {.explanations = {explain_rule(*rule)}, .nearest = {}};
    const auto finding = finding_meanings().find(to_upper(asked));
    if (finding != finding_meanings().end()) {
      return {.explanations = {explain_finding(finding->first, finding->second)}, .nearest = {}};
    }
    ExplanationAnswer answer;
    for (const ErrorPattern* row : rows_of_number(patterns, asked)) {
      answer.explanations.push_back(explain_row(*row, knowledge));
    }
    const ErrorPattern* named = find_pattern(patterns, to_lower(asked));
    if (answer.explanations.empty() && named != nullptr) answer.explanations.push_back(explain_row(*named, knowledge));
    if (!answer.explanations.empty()) return answer;
  }
  ExplanationAnswer answer{.explanations = explain_errors(text, patterns, knowledge), .nearest = {}};
  if (answer.explanations.empty()) answer.nearest = nearest_ids(asked, patterns, knowledge);
  return answer;
}

std::vector<std::string> nearest_ids(std::string_view text, const ErrorPatterns& patterns, const Knowledge& knowledge) {
  std::vector<std::string> near;
  if (text.size() <= kLongestId) {
    std::vector<std::string> names = all_names(patterns, knowledge);
    for (const std::string& spelling : {to_upper(text), std::string(text), to_lower(text)}) {
      const std::optional<std::string> name = nearest(spelling, names);
      if (!name) continue;
      near.push_back(*name);
      std::erase(names, *name);
    }
  }
  std::vector<std::pair<double, std::string>> scored;
  const std::set<std::string> words = words_of(text.substr(0, 2000));
  for (const Rule* rule : all_rules()) {
    scored.emplace_back(shared_words(words, std::string(rule->id) + " " + rule->statement), rule->id);
  }
  for (const ErrorPattern& row : patterns.rows) {
    std::string told = row.id;
    for (const std::string& example : row.examples) told += " " + example;
    scored.emplace_back(shared_words(words, told), row.id);
  }
  std::stable_sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [score, id] : scored) {
    if (score < 0.3 || near.size() >= kMostNearest) break;
    if (std::find(near.begin(), near.end(), id) == near.end()) near.push_back(id);
  }
  return near;
}

}  // namespace varve
