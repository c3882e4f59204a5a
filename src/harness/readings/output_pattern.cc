#include "harness/readings/output_pattern.h"

#include <re2/re2.h>

#include "base/text.h"
#include "tables/metric_direction.h"

namespace varve {

namespace {
constexpr const char* kMakePatternDoing = "reading --metric-from";
constexpr std::size_t kMostInLine = 1000;
constexpr std::size_t kLongestUnit = 40;

// The plain characters in front of the first group: 'GFLOP/s: ([0-9.]+)' is GFLOP/s, '^total \s+(…)' is total.
std::string words_before_group(const std::string& expression) {
  std::string words;
  for (std::size_t i = 0; i < expression.size() && expression[i] != '('; ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      const char escaped = expression[++i];
      const bool is_class =
          (escaped >= 'a' && escaped <= 'z') || (escaped >= 'A' && escaped <= 'Z') || is_digit(escaped);
      words += is_class ? ' ' : escaped;
    } else if (c == '[') {
      while (i < expression.size() && expression[i] != ']') ++i;
      words += ' ';
    } else {
      words += std::string_view("^$.*+?{}|").find(c) == std::string_view::npos ? c : ' ';
    }
  }
  std::string_view name = trim(words);
  while (!name.empty() && std::string_view(":=,;> \t").find(name.back()) != std::string_view::npos)
    name.remove_suffix(1);
  std::vector<std::string> parts;
  for (const std::string_view part : split_words(name)) parts.emplace_back(part);
  return clean_utf8(join(parts, " "), 200);
}
// "8.9 Mops/s, 3 left" behind 8.9: Mops/s.
std::string unit_behind(std::string_view rest) {
  const std::vector<std::string_view> words = split_words(rest.substr(0, kLongestUnit));
  if (words.empty()) return "";
  std::string_view word = words.front();
  while (!word.empty() && std::string_view("[(").find(word.front()) != std::string_view::npos) word.remove_prefix(1);
  while (!word.empty() && std::string_view("])},;.:\"").find(word.back()) != std::string_view::npos)
    word.remove_suffix(1);
  return is_metric_unit(word) ? clean_utf8(word, kLongestUnit) : "";
}
}  // namespace

struct OutputPattern::Compiled {
  explicit Compiled(const std::string& expression, const RE2::Options& options) : regexp(expression, options) {}
  RE2 regexp;
};

Result<OutputPattern> OutputPattern::make(const std::string& expression) {
  const char* hint = "write it as in --metric-from 'GFLOP/s: ([0-9.]+)'";
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<Compiled>(expression, options);
  if (!compiled->regexp.ok()) return Error{kMakePatternDoing, expression, compiled->regexp.error(), hint};
  if (compiled->regexp.NumberOfCapturingGroups() != 1) {
    return Error{kMakePatternDoing, expression, "it has not exactly one group in parentheses, which takes the number",
                 hint};
  }
  OutputPattern pattern;
  pattern.expression_ = expression;
  const auto& names = compiled->regexp.NamedCapturingGroups();
  pattern.metric_ = names.empty() ? words_before_group(expression) : names.begin()->first;
  if (pattern.metric_.empty()) pattern.metric_ = clean_utf8(expression, 200);
  if (is_built_in_metric(pattern.metric_)) {
    return Error{kMakePatternDoing, expression, "\"" + pattern.metric_ + "\" is measured by Varve itself",
                 "give the group another name: (?P<name>[0-9.]+)"};
  }
  pattern.compiled_ = std::move(compiled);
  return pattern;
}

std::vector<PrintedNumber> OutputPattern::find(std::string_view line) const {
  std::vector<PrintedNumber> found;
  re2::StringPiece rest(line.data(), line.size()), text;
  while (found.size() < kMostInLine) {
    const char* before = rest.data();
    if (!RE2::FindAndConsume(&rest, compiled_->regexp, &text)) break;
    const std::string_view taken(text.data(), text.size());
    found.push_back({std::string(taken), unit_behind(line.substr(static_cast<std::size_t>(text.end() - line.data())))});
    if (rest.empty()) break;
    if (rest.data() == before) rest.remove_prefix(1);  // it matched nothing
  }
  return found;
}

std::optional<double> printed_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (const auto number = parse_number(text)) return number;
  static const RE2 thousands("-?[0-9]{1,3}(,[0-9]{3})+(\\.[0-9]+)?");
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), thousands)) return std::nullopt;
  std::string plain;
  for (const char c : text) {
    if (c != ',') plain += c;
  }
  return parse_number(plain);
}

}  // namespace varve
