#include "rules/log/log_findings.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "rules/log/candidates.h"

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
  if (row.stands_alone) return std::nullopt;
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
std::string known_halves(const Analysis& analysis) {
  if (!analysis.user_driver && !analysis.kernel_driver) return "";
  std::string text = " (";
  if (analysis.kernel_driver) text += "kernel driver " + to_string(*analysis.kernel_driver);
  if (analysis.kernel_driver && analysis.user_driver) text += ", ";
  if (analysis.user_driver) text += "libcuda " + to_string(*analysis.user_driver);
  return text + ")";
}

std::string correction_of(const ErrorPattern& row, const Finding& finding, const Analysis& analysis) {
  if (finding.category == FaultCategory::none || finding.category == row.category) return {};
  return "The message alone points to " + category_title(row.category) + "; this stack shows " +
         category_title(finding.category) + known_halves(analysis) + ": " + finding.evidence;
}

// Who can mend a cause that no rule of the program speaks of.
Mender mender_of(const CauseCandidate& cause) {
  if (cause.layer == Layer::hardware) return Mender::hardware;
  if (cause.category == FaultCategory::framework_bundle || cause.category == FaultCategory::library_mix ||
      cause.category == FaultCategory::kernel_coverage) {
    return Mender::framework;
  }
  return cause.category == FaultCategory::none || cause.layer == Layer::settings ? Mender::application
                                                                                 : Mender::platform;
}

std::string where_in_log(const ExplainedError& error) {
  const std::string times = error.times > 1 ? " (" + std::to_string(error.times) + " times)" : "";
  return "log line " + std::to_string(error.line) + times + ": " + error.text;
}

// An error whose cause no fact decides is a warning: what is broken is not known.
Finding finding_of(const ExplainedError& error, const CauseCandidate& cause, const ErrorPattern& row) {
  const bool is_open = error.standing == CauseStanding::undecided;
  const std::string because = cause.because.empty() ? "" : "; " + cause.because;
  return {.id = "VRV-LOG-ERROR",
          .layer = cause.layer,
          .severity = is_open ? std::max(row.severity, Severity::warning) : row.severity,
          .mender = mender_of(cause),
          .evidence = where_in_log(error) + because,
          .consequence = cause.cause,
          .fix = cause.fix,
          .source = error.source,
          .category = cause.category};
}

// What the errors lead to.
struct Joined {
  std::vector<std::size_t> explained;         // in the findings, each once
  std::vector<Finding> own;                   // of errors that nothing accounts for
  std::vector<Finding> first;                 // both, in the order of the errors
  std::vector<const ExplainedError*> causes;  // errors that have said what is wrong, in their order
};

// Whether a message that names no cause of its own speaks of the kind of fault that one before it has named.
bool is_general_of(const ExplainedError& error, const ErrorPattern& row, const ExplainedError& before) {
  const CauseCandidate* cause = leading(before);
  if (row.priority >= kNamesCausePriority || before.line > error.line || cause == nullptr) return false;
  const auto is_same = [&](FaultCategory category) { return category == cause->category; };
  return cause->category != FaultCategory::none &&
         (is_same(row.category) || std::any_of(row.also.begin(), row.also.end(), is_same));
}

// The error that this one only follows from; nullptr: it stands for itself. A message that wraps another follows from
// whatever has said more; others from those that their row names, and general ones from what names the cause.
const ExplainedError* followed(const ExplainedError& error, const ErrorPattern& row, const Joined& joined) {
  for (const ExplainedError* before : joined.causes) {
    const auto& names = row.follows;
    if (row.priority < kWrapperPriority || is_general_of(error, row, *before) ||
        std::find(names.begin(), names.end(), before->pattern) != names.end()) {
      return before;
    }
  }
  return nullptr;
}

void join_finding(ExplainedError& error, const ErrorPattern& row, Finding& finding, std::size_t at, Joined& joined) {
  error.explained_by = finding.id;
  if (std::find(joined.explained.begin(), joined.explained.end(), at) != joined.explained.end()) return;
  finding.evidence += "; " + where_in_log(error);
  finding.severity = std::min(finding.severity, row.severity);  // a fact that somebody complains of is no note
  joined.explained.push_back(at);
  joined.first.push_back(finding);
}

void join_one(ExplainedError& error, const ErrorPattern& row, std::vector<Finding>& findings,
              const ConditionGround& ground, Joined& joined) {
  if (row.severity == Severity::note || !row.outside.empty()) return;  // harmless, or of a stack that is not judged
  const std::optional<std::size_t> at = explaining(findings, error, row);
  if (const ExplainedError* before = at ? nullptr : followed(error, row, joined)) {
    error.follows = before->line;
    return;
  }
  judge_candidates(error, row, at ? &findings[*at] : nullptr, ground);
  if (at) {
    error.correction = correction_of(row, findings[*at], ground.analysis);
    join_finding(error, row, findings[*at], *at, joined);
    joined.causes.push_back(&error);
    return;
  }
  const CauseCandidate* cause = leading(error);
  if (cause == nullptr) return;
  if (cause->category == FaultCategory::none) {  // the program's own: others may follow from it, the stack is sound
    if (row.priority >= kWrapperPriority) joined.causes.push_back(&error);
    return;
  }
  const bool is_said = std::any_of(joined.own.begin(), joined.own.end(), [&](const Finding& finding) {
    return finding.category == cause->category && finding.consequence == cause->cause;
  });
  joined.causes.push_back(&error);
  if (is_said || joined.own.size() >= kMostFindings) return;
  joined.own.push_back(finding_of(error, *cause, row));
  joined.first.push_back(joined.own.back());
}

// Errors stand by priority. One that its row says to follow from another that is there, too, is judged and shown
// behind the rest, whatever its priority.
void put_causes_first(std::vector<ExplainedError>& errors, const ErrorPatterns& patterns) {
  std::set<std::string> there;
  for (const ExplainedError& error : errors) there.insert(error.pattern);
  std::stable_partition(errors.begin(), errors.end(), [&](const ExplainedError& error) {
    const ErrorPattern* row = find_pattern(patterns, error.pattern);
    return row == nullptr || std::none_of(row->follows.begin(), row->follows.end(),
                                          [&](const std::string& name) { return there.contains(name); });
  });
}
}  // namespace

void join_errors(std::vector<ExplainedError>& errors, std::vector<Finding>& findings, const Analysis& analysis,
                 const std::vector<UntoldRule>& untold, const ErrorPatterns& patterns, bool is_of_machine) {
  put_causes_first(errors, patterns);
  Joined joined;
  const std::vector<Finding> found = findings;  // conditions speak of what the stack shows, not of what the log adds
  for (ExplainedError& error : errors) {
    const ErrorPattern* row = find_pattern(patterns, error.pattern);
    const ConditionGround ground{analysis, found, untold, errors, error.groups, is_of_machine};
    if (row != nullptr) join_one(error, *row, findings, ground, joined);
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
