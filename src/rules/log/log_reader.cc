#include "rules/log/log_reader.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <span>
#include <unordered_map>

#include "archive/inflate.h"
#include "base/text.h"
#include "model/texts/text_account.h"
#include "rules/log/log_text.h"

namespace varve {

namespace {
constexpr std::size_t kWindow = std::size_t{1} << 20;
constexpr std::size_t kOverlap = std::size_t{16} << 10;  // a message over several lines is not longer
constexpr std::size_t kMostErrors = 400;                 // different ones
constexpr std::size_t kMostOfOne = 12;                   // different texts of one pattern; more count as its last
constexpr std::size_t kMostElements = 64;                // of a list fact
constexpr std::size_t kMostPackages = 400;
constexpr std::size_t kTextCap = 240;

struct OpenError {
  ExplainedError error;
  int priority = 0;
  std::int64_t last_line = 0;
};

struct ListElement {
  std::int64_t index = 0;
  std::string text;
  auto operator<=>(const ListElement&) const = default;
};

// What was found so far.
struct Findings {
  std::vector<OpenError> errors;
  std::unordered_map<std::string, std::size_t> by_key;  // pattern and groups: in `errors`
  std::map<std::string, std::size_t> of_pattern;        // how many different ones
  std::map<std::string, std::size_t> last_of;           // the last of a pattern, in `errors`
  std::map<std::string, Fact> facts;
  std::map<std::string, std::pair<std::int64_t, std::set<ListElement>>> lists;  // by fact: first line, elements
  std::vector<Package> packages;
};

// The line around the match, or what matters of it when it is long.
std::string shown_text(std::string_view text, const PatternMatch& match) {
  const std::size_t before = match.begin == 0 ? std::string_view::npos : text.rfind('\n', match.begin - 1);
  std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t after = text.find('\n', match.end);
  const std::size_t end = after == std::string_view::npos ? text.size() : after;
  if (end - begin > kTextCap) begin = std::max(begin, match.begin);
  std::string line = clean_utf8(text.substr(begin, std::min(end - begin, kTextCap * 2)), kTextCap);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return std::string(trim(line));
}

// Where a further error stands in `errors`; nothing: it is counted nowhere. Of one pattern and of all only so many
// different ones are kept, more count as the last of their pattern.
std::optional<std::size_t> place_of(Findings& found, const PatternMatch& match, std::string_view text,
                                    std::int64_t line) {
  const ErrorPattern& row = *match.pattern;
  std::string key = row.id;
  for (const std::string& group : match.groups) key += '\x1f' + group;
  if (const auto known = found.by_key.find(key); known != found.by_key.end()) return known->second;
  const bool is_full = found.errors.size() >= kMostErrors;
  const auto last = found.last_of.find(row.id);
  if (last != found.last_of.end() && (is_full || found.of_pattern[row.id] >= kMostOfOne)) return last->second;
  if (is_full) return std::nullopt;
  const std::size_t at = found.errors.size();
  found.by_key.emplace(std::move(key), at);
  found.last_of[row.id] = at;
  ++found.of_pattern[row.id];
  found.errors.push_back({.error = {.pattern = row.id,
                                    .line = line,
                                    .text = shown_text(text, match),
                                    .category = row.category,
                                    .cause = fill_groups(row.cause, match.groups),
                                    .fix = fill_groups(row.fix, match.groups),
                                    .times = 0,
                                    .source = row.source,
                                    .candidates = {},
                                    .groups = match.groups},
                          .priority = row.priority});
  return at;
}

void add_error(Findings& found, const PatternMatch& match, std::string_view text, std::int64_t line) {
  const std::optional<std::size_t> at = place_of(found, match, text, line);
  if (!at) return;
  ++found.errors[*at].error.times;
  found.errors[*at].last_line = line;
}

const std::string& group_of(const PatternMatch& match, int group) {
  static const std::string none;
  const auto index = static_cast<std::size_t>(group - 1);
  return group >= 1 && index < match.groups.size() ? match.groups[index] : none;
}

// The text of a group as the fact is written; empty when it says nothing.
std::string fact_text_of(const PatternFact& fact, const PatternMatch& match, std::string_view window) {
  const std::string_view whole = window.substr(match.begin, match.end - match.begin);
  const std::string text =
      fact.group == 0 ? clean_utf8(trim(whole), kTextCap) : std::string(trim(group_of(match, fact.group)));
  if (fact.form == "api_level" && text.find('.') == std::string::npos) {
    const std::optional<std::int64_t> number = parse_integer(text);
    if (!number || *number < 1000 || *number > 999'990) return {};
    return std::to_string(*number / 1000) + "." + std::to_string(*number % 1000 / 10);
  }
  if (fact.form == "capability") {
    const std::optional<ComputeCapability> capability = compute_capability_from(text);
    return capability ? to_string(*capability) : "";
  }
  return std::string(without_sentence_end(text));
}

void add_package(Findings& found, const std::string& name, const std::string& version, std::int64_t line) {
  const auto& known = found.packages;
  const bool is_known = std::any_of(known.begin(), known.end(), [&](const Package& p) { return p.name == name; });
  if (is_known || known.size() >= kMostPackages) return;
  Package package{.name = name, .version = version};
  package.cuda = missing_fact(Missing::not_asked, "log line " + std::to_string(line));
  found.packages.push_back(std::move(package));
}

void add_facts(Findings& found, const PatternMatch& match, std::string_view window, std::int64_t line) {
  if (match.pattern->facts.empty()) return;
  const std::string source = "log line " + std::to_string(line);
  for (const PatternFact& fact : match.pattern->facts) {
    std::string text = fact_text_of(fact, match, window);
    if (text.empty()) continue;
    if (fact.fact == "package") {
      add_package(found, text, group_of(match, fact.index), line);
    } else if (fact.form == "indexed" || fact.form == "capability") {
      auto& [first_line, elements] = found.lists[fact.fact];
      if (elements.empty()) first_line = line;
      const std::int64_t index = parse_integer(group_of(match, fact.index)).value_or(0);
      const bool is_taken = std::any_of(elements.begin(), elements.end(),
                                        [&](const ListElement& element) { return element.index == index; });
      if (!is_taken && elements.size() < kMostElements) elements.insert({index, std::move(text)});
    } else {
      found.facts.emplace(fact.fact, known_fact(std::move(text), source, Standing::declared));
    }
  }
}

// Takes what starts before `limit`; `first_line` is the number of the line that `text` starts with.
void read_window(Findings& found, std::string_view text, std::size_t limit, std::int64_t first_line,
                 const ErrorPatterns& patterns) {
  std::size_t counted = 0;
  std::int64_t line = first_line;
  for (const PatternMatch& match : match_patterns(patterns, text)) {  // by place
    if (match.begin >= limit) continue;
    line += std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                       text.begin() + static_cast<std::ptrdiff_t>(match.begin), '\n');
    counted = match.begin;
    add_facts(found, match, text, line);
    if (match.pattern->is_error && !match.yields) add_error(found, match, text, line);
  }
}

LogReading finish(Findings found) {
  std::stable_sort(found.errors.begin(), found.errors.end(), [](const OpenError& a, const OpenError& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.last_line > b.last_line;
  });
  LogReading log;
  for (OpenError& open : found.errors) log.errors.push_back(std::move(open.error));
  log.facts = std::move(found.facts);
  for (auto& [id, list] : found.lists) {
    std::vector<std::string> texts;
    for (const ListElement& element : list.second) texts.push_back(element.text);
    log.facts.insert_or_assign(
        id, known_fact(std::move(texts), "log line " + std::to_string(list.first), Standing::declared));
  }
  log.packages = std::move(found.packages);
  return log;
}

// Takes cleaned text as it comes and reads it window by window.
class WindowReader {
 public:
  explicit WindowReader(const ErrorPatterns& patterns) : patterns_(patterns) {}

  void add(std::string_view raw) {
    cleaner_.add(raw, buffer_);
    while (buffer_.size() >= kWindow + kOverlap) {
      const std::size_t line_end = buffer_.rfind('\n', kWindow);
      take(line_end == std::string::npos || line_end == 0 ? kWindow : line_end + 1);
    }
  }

  LogReading end(std::int64_t bytes) {
    const bool is_open_line = !buffer_.empty() && buffer_.back() != '\n';
    take(buffer_.size());
    LogReading log = finish(std::move(found_));
    log.lines = line_ - 1 + (is_open_line ? 1 : 0);
    log.bytes = bytes;
    return log;
  }

 private:
  void take(std::size_t limit) {
    read_window(found_, buffer_, limit, line_, patterns_);
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(limit);
    line_ += std::count(buffer_.begin(), end, '\n');
    buffer_.erase(buffer_.begin(), end);
  }

  const ErrorPatterns& patterns_;
  LogCleaner cleaner_;
  std::string buffer_;
  std::int64_t line_ = 1;
  Findings found_;
};

std::string plain_text(const Fact& fact) { return fact.is_known() ? value_text(*fact.value) : ""; }

// The log may say less: of "550.163.01" nvidia-smi prints "550.163", of a list of GPUs one.
bool contradicts(const Fact& fact, const Fact& logged) {
  const std::string a = to_lower(plain_text(fact)), b = to_lower(plain_text(logged));
  return a.find(b) == std::string::npos && b.find(a) == std::string::npos;
}
}  // namespace

LogReading read_log_text(std::string_view text, const ErrorPatterns& patterns) {
  WindowReader reader(patterns);
  const std::size_t length = std::min(text.size(), static_cast<std::size_t>(kLogCap));
  for (std::size_t at = 0; at < length; at += kWindow) reader.add(text.substr(at, std::min(kWindow, length - at)));
  LogReading log = reader.end(static_cast<std::int64_t>(length));
  log.is_cut = length < text.size();
  return log;
}

namespace {
// Takes the pieces that `next` yields, up to the cap; an empty piece ends them.
template <class Next>
Result<LogReading> read_pieces(const ErrorPatterns& patterns, std::int64_t cap, Next next) {
  WindowReader reader(patterns);
  std::int64_t bytes = 0;
  while (true) {
    const Result<std::string_view> piece = next();
    if (!piece) return piece.error();
    const auto got = static_cast<std::int64_t>(piece->size());
    const std::int64_t taken = std::min(got, cap - bytes);
    reader.add(piece->substr(0, static_cast<std::size_t>(taken)));
    bytes += taken;
    if (got != 0 && taken == got) continue;
    LogReading log = reader.end(bytes);
    log.is_cut = taken < got;
    return log;
  }
}

Error read_failure(const std::string& where) {
  return {"reading the log", where, std::strerror(errno), "Give a file that can be read, or - for standard input"};
}

// As read(2), over interruptions: how many bytes, -1 where it fails.
ssize_t read_some(int fd, std::span<char> into) {
  ssize_t got = 0;
  do {
    got = ::read(fd, into.data(), into.size());
  } while (got < 0 && errno == EINTR);
  return got;
}

Result<LogReading> read_inflated(const FileReader& file, const std::string& where, const ErrorPatterns& patterns,
                                 std::int64_t cap) {
  Result<std::unique_ptr<ByteStream>> stream = open_stream(file, where);
  if (!stream) return stream.error();
  return read_pieces(patterns, cap, [&]() -> Result<std::string_view> {
    const Result<std::span<const std::byte>> piece = (*stream)->next(kWindow);
    if (!piece) return piece.error();
    return std::string_view(reinterpret_cast<const char*>(piece->data()), piece->size());
  });
}

// A compressed log that comes through a pipe is put into memory first: inflating reads it in places.
Result<LogReading> read_compressed_pipe(int fd, std::string start, const std::string& where,
                                        const ErrorPatterns& patterns, std::int64_t cap) {
  FileHandle memory(memfd_create("log", MFD_CLOEXEC));
  if (!memory) return read_failure(where);
  std::int64_t stored = 0;
  for (std::string piece = std::move(start); !piece.empty();) {
    std::string_view left = piece;
    while (!left.empty()) {
      const ssize_t done = ::write(memory.fd(), left.data(), left.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return read_failure(where);
      left.remove_prefix(static_cast<std::size_t>(done));
    }
    stored += static_cast<std::int64_t>(piece.size());
    if (stored > cap)
      return Error{"reading the log", where, "more compressed bytes than are taken from a pipe", "Give the file"};
    piece.resize(kWindow);
    const ssize_t got = read_some(fd, piece);
    if (got < 0) return read_failure(where);
    piece.resize(static_cast<std::size_t>(got));
  }
  const Result<FileReader> file = FileReader::open(std::move(memory), where);
  return file ? read_inflated(*file, where, patterns, cap) : Result<LogReading>(file.error());
}

bool is_compressed(std::string_view start) {
  return start.starts_with("\x1f\x8b") || start.starts_with("\x28\xb5\x2f\xfd");
}
}  // namespace

Result<LogReading> read_log(int fd, const std::string& where, const ErrorPatterns& patterns, std::int64_t cap) {
  if (const Result<FileReader> file = FileReader::open(fd, where); file && compression_of(*file) != Compression::none) {
    return read_inflated(*file, where, patterns, cap);
  }
  std::string piece(kWindow / 4, '\0');
  bool is_first = true;
  ssize_t got = read_some(fd, piece);
  if (got > 0 && is_compressed(std::string_view(piece).substr(0, static_cast<std::size_t>(got)))) {
    return read_compressed_pipe(fd, piece.substr(0, static_cast<std::size_t>(got)), where, patterns, cap);
  }
  return read_pieces(patterns, cap, [&]() -> Result<std::string_view> {
    if (!is_first) got = read_some(fd, piece);
    is_first = false;
    if (got < 0) return read_failure(where);
    return std::string_view(piece.data(), static_cast<std::size_t>(got));
  });
}

std::vector<std::string> complete_facts(std::map<std::string, Fact>& facts, const LogReading& log) {
  std::vector<std::string> others;
  for (const auto& [id, logged] : log.facts) {
    const auto at = facts.find(id);
    const bool is_known = at != facts.end() && at->second.is_known();
    // Somebody looked and there is no GPU: what a log says of one is of another machine.
    const bool is_ruled_out =
        at != facts.end() && !is_known && at->second.missing == Missing::not_applicable && !at->second.source.empty();
    if (at != facts.end() && !is_known && at->second.detail == kTwoMachines) continue;
    if (is_ruled_out) {
      others.push_back(id);
    } else if (!is_known) {
      facts.insert_or_assign(id, logged);
    } else if (contradicts(at->second, logged)) {
      others.push_back(id);
    }
  }
  return others;
}

}  // namespace varve
