#include "rules/log/log_findings.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace varve {

namespace {
constexpr std::size_t kMostFindings = 20;  // of errors that nothing accounts for

bool is_id_like(std::string_view id, std::string_view wanted) {
  if (!wanted.ends_with('*')) return id == wanted;
  return id.starts_with(wanted.substr(0, wanted.size() - 1));
}

// How many of the words of the message that look like names stand in the evidence: libraries, versions, symbols.
int shared_names(const std::string& evidence, const std::string& text) {
  int shared = 0;
  std::string word;
  const auto count = [&] {
    const bool is_name = word.size() >= 4 && word.find_first_of("0123456789._") != std::string::npos;
    if (is_name && evidence.find(word) != std::string::npos) ++shared;
    word.clear();
  };
  for (const char c : text) {
    const bool is_part = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
    if (is_part) {
      word += c;
    } else {
      count();
    }
  }
  count();
  return shared;
}

// The library files that a text names: "libcudart.so.11.0".
std::vector<std::string> libraries_named(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = text.find("lib"); at != std::string::npos; at = text.find("lib", at + 3)) {
    const auto is_part = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    };
    if (at > 0 && is_part(text[at - 1])) continue;
    std::size_t end = at;
    while (end < text.size() &&
           (is_part(text[end]) || (text[end] == '.' && end + 1 < text.size() && is_part(text[end + 1])))) {
      ++end;
    }
    const std::string name = text.substr(at, end - at);
    if (name.find(".so") != std::string::npos) names.push_back(name);
  }
  return names;
}

using Kind = FindingSubject::Kind;

bool is_library(const FindingSubject& subject) {
  return subject.kind == Kind::library || subject.kind == Kind::missing_library;
}

// A finding about libraries that are not there accounts only for a message that names one of its libraries, or names
// none. "libx.so.9" stands for "libx.so.9.1.0" too.
bool speaks_of(const Finding& finding, const ExplainedError& error) {
  const auto& about = finding.about;
  const bool lacks = std::any_of(about.begin(), about.end(),
                                 [](const FindingSubject& one) { return one.kind == Kind::missing_library; });
  const std::vector<std::string> named = libraries_named(error.text);
  return !lacks || named.empty() || std::any_of(named.begin(), named.end(), [&](const std::string& name) {
    return std::any_of(about.begin(), about.end(), [&](const FindingSubject& one) {
      return is_library(one) && (name.starts_with(one.name) || one.name.starts_with(name));
    });
  });
}

// How much of a message a finding speaks of: the subjects that it names first, then words of the evidence.
std::pair<int, int> closeness(const Finding& finding, const ExplainedError& error) {
  const auto named = std::count_if(finding.about.begin(), finding.about.end(), [&](const FindingSubject& subject) {
    return !subject.name.empty() && error.text.find(subject.name) != std::string::npos;
  });
  return {static_cast<int>(named), shared_names(finding.evidence, error.text)};
}

// The best of the findings that `accounts` holds for.
template <class Accounts>
std::optional<std::size_t> best_of(const std::vector<Finding>& findings, const ExplainedError& error,
                                   Accounts accounts) {
  std::optional<std::size_t> best;
  std::pair<int, int> closest{-1, -1};
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].id == "VRV-LOG-ERROR" || !accounts(findings[i]) || !speaks_of(findings[i], error)) continue;
    const std::pair<int, int> close = closeness(findings[i], error);
    if (close <= closest) continue;
    best = i;
    closest = close;
  }
  return best;
}

std::optional<std::size_t> explaining(const std::vector<Finding>& findings, const ExplainedError& error,
                                      const ErrorPattern& row) {
  for (const std::string& wanted : row.explained_by) {
    if (wanted == "*") continue;
    const auto found = best_of(findings, error, [&](const Finding& finding) { return is_id_like(finding.id, wanted); });
    if (found) return found;
  }
  if (row.category != FaultCategory::none) {
    const auto same = best_of(findings, error, [&](const Finding& finding) {
      return finding.category == row.category && finding.severity != Severity::note;
    });
    if (same) return same;
  }
  for (const FaultCategory category : row.also) {
    const auto other = best_of(findings, error, [&](const Finding& finding) {
      return finding.category == category && finding.severity == Severity::error;
    });
    if (other) return other;
  }
  if (std::find(row.explained_by.begin(), row.explained_by.end(), "*") == row.explained_by.end()) return std::nullopt;
  return best_of(findings, error, [](const Finding& finding) { return finding.severity == Severity::error; });
}

// The facts that a message about the driver leaves out.
std::string known_halves(const Situation& situation) {
  if (!situation.user_driver && !situation.kernel_driver) return "";
  std::string text = " (";
  if (situation.kernel_driver) text += "kernel driver " + to_string(*situation.kernel_driver);
  if (situation.kernel_driver && situation.user_driver) text += ", ";
  if (situation.user_driver) text += "libcuda " + to_string(*situation.user_driver);
  return text + ")";
}

std::string correction_of(const ErrorPattern& row, const Finding& finding, const Situation& situation) {
  if (finding.category == FaultCategory::none || finding.category == row.category) return {};
  return "The message alone points to " + category_title(row.category) + "; this stack shows " +
         category_title(finding.category) + known_halves(situation) + ": " + finding.evidence;
}

Mender mender_of(const ErrorPattern& row) {
  if (row.layer == Layer::hardware) return Mender::hardware;
  if (row.category == FaultCategory::framework_bundle || row.category == FaultCategory::library_mix ||
      row.category == FaultCategory::kernel_coverage) {
    return Mender::framework;
  }
  return row.category == FaultCategory::none || row.layer == Layer::settings ? Mender::application : Mender::platform;
}

std::string where_in_log(const ExplainedError& error) {
  const std::string times = error.times > 1 ? " (" + std::to_string(error.times) + " times)" : "";
  return "log line " + std::to_string(error.line) + times + ": " + error.text;
}

Finding finding_of(const ExplainedError& error, const ErrorPattern& row) {
  return {.id = "VRV-LOG-ERROR",
          .layer = row.layer,
          .severity = row.severity,
          .mender = mender_of(row),
          .evidence = where_in_log(error),
          .consequence = error.cause,
          .fix = error.fix,
          .source = error.source,
          .category = row.category};
}

// What the errors lead to.
struct Joined {
  std::vector<std::size_t> explained;  // in the findings, each once
  std::vector<Finding> own;            // of errors that nothing accounts for
  std::vector<Finding> first;          // both, in the order of the errors
  bool has_cause = false;              // an error has said what is wrong
};

void join_one(ExplainedError& error, const ErrorPattern& row, std::vector<Finding>& findings,
              const Situation& situation, Joined& joined) {
  if (row.severity == Severity::note) return;  // harmless
  if (const auto at = explaining(findings, error, row)) {
    Finding& finding = findings[*at];
    error.explained_by = finding.id;
    error.correction = correction_of(row, finding, situation);
    if (std::find(joined.explained.begin(), joined.explained.end(), *at) == joined.explained.end()) {
      finding.evidence += "; " + where_in_log(error);
      finding.severity = std::min(finding.severity, row.severity);  // a fact that somebody complains of is no note
      joined.explained.push_back(*at);
      joined.first.push_back(finding);
    }
    joined.has_cause = true;
    return;
  }
  if (row.category == FaultCategory::none || (joined.has_cause && row.priority < kWrapperPriority)) return;
  if (joined.own.size() >= kMostFindings) return;
  const bool is_said = std::any_of(joined.own.begin(), joined.own.end(), [&](const Finding& finding) {
    return finding.category == row.category && finding.consequence == error.cause;
  });
  joined.has_cause = true;
  if (is_said) return;
  joined.own.push_back(finding_of(error, row));
  joined.first.push_back(joined.own.back());
}
}  // namespace

void join_errors(std::vector<ExplainedError>& errors, std::vector<Finding>& findings, const Situation& situation,
                 const ErrorPatterns& patterns) {
  Joined joined;
  for (ExplainedError& error : errors) {
    const ErrorPattern* row = find_pattern(patterns, error.pattern);
    if (row != nullptr) join_one(error, *row, findings, situation, joined);
  }
  std::vector<Finding> ordered = std::move(joined.first);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const bool is_first = std::find(joined.explained.begin(), joined.explained.end(), i) != joined.explained.end();
    if (!is_first) ordered.push_back(std::move(findings[i]));
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  findings = std::move(ordered);
}

}  // namespace varve
