#include "tables/messages/pattern_engine.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "tables/messages/match_places.h"
#include "tables/messages/pattern_syntax.h"

namespace varve {

// Indices of rows, not pointers: the rows move with their ErrorPatterns.
struct CompiledPatterns {
  // Which of `of_set` may stand in a text: of patterns without their counts. Whether they do, each tells itself.
  std::unique_ptr<RE2::Set> set;
  std::vector<std::size_t> of_set;
  std::vector<std::string> expanded;  // by row
  std::vector<bool> tells_digits;     // by row: see tells_digits_apart
  mutable std::mutex mutex;
  mutable std::map<std::size_t, std::unique_ptr<RE2>> single;  // by row, compiled when needed
  std::map<std::string, std::size_t, std::less<>> by_id;
  std::map<std::string, int, std::less<>> code_of_name;      // "CUDA_ERROR_NO_DEVICE": 100
  std::vector<std::pair<std::string, int>> code_of_message;  // lower case, the longest first
};

namespace {
constexpr std::size_t kGroupCap = 160;
constexpr std::size_t kMostMatches = 1 << 18;  // of one pattern in one text
constexpr std::size_t kLongestShape = 400;     // bytes of a line whose matches are kept by its shape
constexpr std::size_t kMostShapes = 2000;      // of one text
constexpr std::int64_t kSetMemory = 96 << 20;  // bytes for the automaton's states

RE2::Options options() {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);  // any bytes
  options.set_log_errors(false);
  return options;
}

const RE2& single_of(const CompiledPatterns& compiled, std::size_t row) {
  std::lock_guard lock(compiled.mutex);
  auto& regex = compiled.single[row];
  if (!regex) regex = std::make_unique<RE2>(compiled.expanded[row], options());
  return *regex;
}

// The rows whose pattern may stand somewhere in the text.
std::vector<std::size_t> rows_in(const CompiledPatterns& compiled, std::string_view text) {
  std::vector<int> hits;
  RE2::Set::ErrorInfo error{};
  const bool any = compiled.set->Match(re2::StringPiece(text.data(), text.size()), &hits, &error);
  std::vector<std::size_t> rows;
  if (!any && error.kind != RE2::Set::kNoError) return compiled.of_set;  // the automaton grew too large: look for each
  for (const int hit : hits) rows.push_back(compiled.of_set[static_cast<std::size_t>(hit)]);
  std::sort(rows.begin(), rows.end());
  return rows;
}

// The number that stands for a message that is none: "UNKNOWN ERROR (303)" is what a program says that knows no text
// for 303, not the error whose text is "unknown error".
std::optional<int> number_behind(std::string_view lower) {
  constexpr std::string_view kNoText = "unknown error (";
  const std::size_t at = lower.find(kNoText);
  if (at == std::string_view::npos) return std::nullopt;
  const std::size_t begin = at + kNoText.size(), end = lower.find(')', begin);
  const auto number = end == std::string_view::npos ? std::nullopt : parse_integer(lower.substr(begin, end - begin));
  return number && *number > 0 && *number < 1000 ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

std::optional<int> code_in_message(const CompiledPatterns& compiled, std::string_view text) {
  const std::string lower = to_lower(text);
  if (const auto number = number_behind(lower)) return number;
  for (const auto& [message, code] : compiled.code_of_message) {
    if (lower.find(message) != std::string::npos) return code;
  }
  return std::nullopt;
}

// The row that the first group leads to; nothing when it leads nowhere.
std::optional<std::size_t> looked_up(const CompiledPatterns& compiled, PatternLookup lookup, const std::string& group) {
  std::string id;
  if (lookup == PatternLookup::number || lookup == PatternLookup::xid) {
    const std::optional<std::int64_t> number = parse_integer(group);
    if (!number) return std::nullopt;
    id = (lookup == PatternLookup::number ? "cuda-" : "xid-") + std::to_string(*number);
  } else if (lookup == PatternLookup::name) {
    const auto at = compiled.code_of_name.find(group);
    if (at != compiled.code_of_name.end()) id = "cuda-" + std::to_string(at->second);
  } else if (const std::optional<int> code = code_in_message(compiled, group)) {
    id = "cuda-" + std::to_string(*code);
  }
  const auto at = compiled.by_id.find(id);
  return at == compiled.by_id.end() ? std::nullopt : std::optional(at->second);
}

// Nothing: the pattern matched, but what it leads to is not known.
std::optional<PatternMatch> match_of(const ErrorPatterns& patterns, std::size_t row, const std::string_view text,
                                     const std::vector<re2::StringPiece>& pieces) {
  const ErrorPattern& pattern = patterns.rows[row];
  const auto begin = static_cast<std::size_t>(pieces[0].data() - text.data());
  PatternMatch match{.pattern = &pattern, .row = row, .begin = begin, .end = begin + pieces[0].size(), .groups = {}};
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    match.groups.push_back(clean_utf8({pieces[i].data(), pieces[i].size()}, kGroupCap));
  }
  if (pattern.lookup == PatternLookup::none) return match;
  const std::string group = match.groups.empty() ? "" : match.groups.front();
  if (const auto found = looked_up(*patterns.compiled, pattern.lookup, group)) {
    match.pattern = &patterns.rows[*found];
    match.groups.clear();
    return match;
  }
  if (pattern.cause.empty()) return std::nullopt;
  return match;
}

// One row over one text. What a match means (its groups, the row that it leads to) depends on what it matched alone: so
// that is worked out once for each different text, and a log that says one thing a million times costs a search a line.
class RowSearch {
 public:
  RowSearch(const ErrorPatterns& patterns, std::size_t row, std::string_view text)
      : patterns_(patterns),
        row_(row),
        text_(text),
        regex_(single_of(*patterns.compiled, row)),
        pieces_(static_cast<std::size_t>(std::max(regex_.NumberOfCapturingGroups(), 0)) + 1) {}

  // All matches that lie between the two places of the text. Whether there was one.
  bool find(std::size_t begin, std::size_t end, std::vector<PatternMatch>& matches) {
    bool any = false;
    for (std::size_t at = begin; at <= end && count_ < kMostMatches; ++count_) {
      const re2::StringPiece whole(text_.data(), text_.size());
      re2::StringPiece found;
      if (!regex_.Match(whole, at, end, RE2::UNANCHORED, &found, 1)) return any;
      any = true;
      const auto place = static_cast<std::size_t>(found.data() - text_.data());
      add(at, end, place, found.size(), matches);
      at = std::max(place + found.size(), at + 1);
    }
    return any;
  }

  // Reads the groups of a match anew, whose place is known. Whether the row matches there.
  bool regroup(PatternMatch& match) {
    const re2::StringPiece whole(text_.data(), text_.size());
    if (!regex_.Match(whole, match.begin, match.end, RE2::ANCHOR_BOTH, pieces_.data(),
                      static_cast<int>(pieces_.size()))) {
      return false;
    }
    const std::optional<PatternMatch> read = match_of(patterns_, row_, text_, pieces_);
    if (read) match = *read;
    return read.has_value();
  }

 private:
  void add(std::size_t at, std::size_t end, std::size_t place, std::size_t length, std::vector<PatternMatch>& matches) {
    const auto [known, is_new] = seen_.try_emplace(text_.substr(place, length));
    if (is_new) {
      const re2::StringPiece whole(text_.data(), text_.size());
      regex_.Match(whole, at, end, RE2::UNANCHORED, pieces_.data(), static_cast<int>(pieces_.size()));
      known->second = match_of(patterns_, row_, text_, pieces_);
    }
    if (!known->second) return;
    matches.push_back(*known->second);
    matches.back().begin = place;
    matches.back().end = place + length;
  }

  const ErrorPatterns& patterns_;
  std::size_t row_;
  std::string_view text_;
  const RE2& regex_;
  std::vector<re2::StringPiece> pieces_;
  std::size_t count_ = 0;
  std::unordered_map<std::string_view, std::optional<PatternMatch>> seen_;
};

// Searches lines of one text, each row only in the lines that have it. Lines that differ in digits alone (times, ranks,
// steps) match alike for patterns that do not tell digits apart: what one of them gave is kept by its shape, so that a
// log that repeats itself is not searched again and again.
class LineSearch {
 public:
  LineSearch(const ErrorPatterns& patterns, const std::vector<std::size_t>& rows, std::string_view text)
      : compiled_(*patterns.compiled), text_(text) {
    for (const std::size_t row : rows) searches_.try_emplace(row, patterns, row, text);
  }

  void find(std::size_t begin, std::size_t end, std::vector<PatternMatch>& matches) {
    compiled_.set->Match(re2::StringPiece(text_.data() + begin, end - begin), &hits_);
    if (hits_.empty()) return;
    const std::string_view shape = shape_of(text_.substr(begin, end - begin));
    if (!shape.empty() && repeat(shape, begin, matches)) return;
    std::vector<PatternMatch> own;
    for (const int hit : hits_) {
      const std::size_t row = compiled_.of_set[static_cast<std::size_t>(hit)];
      const auto at = searches_.find(row);
      if (at != searches_.end() && at->second.find(begin, end, own)) of_lines_.insert(row);
    }
    by_place(own);
    std::vector<Range> fixed;
    for (const PatternMatch& match : own) {
      if (compiled_.tells_digits[match.row]) fixed.push_back({match.begin - begin, match.end - match.begin});
    }
    own = best_of_places(text_, std::move(own));
    matches.insert(matches.end(), own.begin(), own.end());
    if (!shape.empty() && shapes_.size() < kMostShapes) {
      shapes_.insert_or_assign(std::string(shape), Shape{hits_, begin, std::move(fixed), std::move(own)});
    }
  }

  // What goes over line ends: of rows that no single line has.
  void find_across_lines(std::vector<PatternMatch>& matches) {
    for (auto& [row, search] : searches_) {
      if (!of_lines_.contains(row)) search.find(0, text_.size(), matches);
    }
  }

 private:
  struct Range {
    std::size_t at = 0, size = 0;  // in the line
  };
  struct Shape {
    std::vector<int> hits;
    std::size_t begin = 0;              // of the line that it was seen in first
    std::vector<Range> fixed;           // what patterns matched that tell digits apart: it must be the same text
    std::vector<PatternMatch> matches;  // of that line
  };

  // The line with every digit the same; empty for a long one.
  std::string_view shape_of(std::string_view line) {
    if (line.size() > kLongestShape) return {};
    shape_.assign(line);
    for (char& c : shape_) c = is_digit(c) ? '0' : c;
    return shape_;
  }

  // Whether the line is like one that was seen, and adds the matches of that one, moved to here.
  bool repeat(std::string_view shape, std::size_t begin, std::vector<PatternMatch>& matches) {
    const auto at = shapes_.find(shape);
    if (at == shapes_.end() || at->second.hits != hits_) return false;
    const Shape& seen = at->second;
    for (const Range& range : seen.fixed) {
      if (text_.substr(begin + range.at, range.size) != text_.substr(seen.begin + range.at, range.size)) return false;
    }
    const std::size_t before = matches.size();
    for (const PatternMatch& match : seen.matches) {
      const std::size_t place = match.begin - seen.begin + begin, length = match.end - match.begin;
      const std::string_view text = text_.substr(place, length);
      const bool is_same = text == text_.substr(match.begin, length);
      matches.push_back(match);
      matches.back().begin = place;
      matches.back().end = place + length;
      if (is_same || searches_.at(match.row).regroup(matches.back())) continue;
      matches.resize(before);
      return false;
    }
    return true;
  }

  const CompiledPatterns& compiled_;
  std::string_view text_;
  std::map<std::size_t, RowSearch> searches_;
  std::set<std::size_t> of_lines_;  // rows that a single line has
  std::map<std::string, Shape, std::less<>> shapes_;
  std::vector<int> hits_;
  std::string shape_;
};

// A long text is looked at line by line. What goes over line ends is then found for patterns that no single line has: a
// wrapped copy of a message that stands elsewhere in one line is passed over. A short text is searched as a whole.
constexpr std::size_t kShortText = std::size_t{64} << 10;

std::vector<PatternMatch> find_in_lines(const ErrorPatterns& patterns, const std::vector<std::size_t>& rows,
                                        std::string_view text) {
  LineSearch lines(patterns, rows, text);
  std::vector<PatternMatch> matches;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t line_end = text.find('\n', begin);
    const std::size_t end = line_end == std::string_view::npos ? text.size() : line_end + 1;
    lines.find(begin, end, matches);
    begin = end;
  }
  lines.find_across_lines(matches);
  return matches;
}

void compile_codes(const Knowledge& knowledge, CompiledPatterns& compiled) {
  for (const ErrorCode& code : knowledge.error_codes) {
    if (code.code == 0) continue;
    if (!code.driver_name.empty()) compiled.code_of_name.emplace(code.driver_name, code.code);
    if (!code.runtime_name.empty()) compiled.code_of_name.emplace(code.runtime_name, code.code);
    if (!code.message.empty()) compiled.code_of_message.emplace_back(to_lower(code.message), code.code);
  }
  std::stable_sort(compiled.code_of_message.begin(), compiled.code_of_message.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}
}  // namespace

Result<std::shared_ptr<const CompiledPatterns>> compile_patterns(const std::vector<ErrorPattern>& rows,
                                                                 const Knowledge& knowledge, const std::string& where) {
  auto compiled = std::make_shared<CompiledPatterns>();
  RE2::Options set_options = options();
  set_options.set_max_mem(kSetMemory);
  compiled->set = std::make_unique<RE2::Set>(set_options, RE2::UNANCHORED);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    compiled->by_id.emplace(rows[i].id, i);
    compiled->expanded.push_back(expand_pattern(rows[i].pattern));
    compiled->tells_digits.push_back(rows[i].lookup != PatternLookup::none ||
                                     tells_digits_apart(compiled->expanded.back()));
    if (rows[i].pattern.empty()) continue;
    std::string problem;
    if (compiled->set->Add(without_counts(compiled->expanded.back()), &problem) < 0) {
      return Error{"reading the error patterns", where + ": " + rows[i].id, problem,
                   "write the pattern in the syntax of RE2"};
    }
    compiled->of_set.push_back(i);
  }
  if (!compiled->set->Compile()) {
    return Error{"reading the error patterns", where, "the patterns together are too large", "write fewer or shorter"};
  }
  compile_codes(knowledge, *compiled);
  return std::shared_ptr<const CompiledPatterns>(std::move(compiled));
}

std::vector<PatternMatch> match_patterns(const ErrorPatterns& patterns, std::string_view text) {
  std::vector<PatternMatch> matches;
  const std::vector<std::size_t> rows = rows_in(*patterns.compiled, text);
  if (text.size() > kShortText && !rows.empty()) {
    matches = find_in_lines(patterns, rows, text);
  } else {
    for (const std::size_t row : rows) RowSearch(patterns, row, text).find(0, text.size(), matches);
  }
  by_place(matches);
  return best_of_places(text, std::move(matches));
}

}  // namespace varve
