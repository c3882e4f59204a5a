#include "disclosure/lines/text_line.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/text.h"

namespace varve {

namespace {
constexpr char kEscape = '\x1b';

constexpr char kUpperLatin = '\xc2';  // the first of the two bytes of a blank that must not be broken (U+00A0)

// What Markdown lets stand behind a backslash and tools print: "NVIDIA\-SMI", "torch\_version".
bool is_escaped_by_markdown(char c) { return std::string_view("_-+|*#[]()>~`").find(c) != std::string_view::npos; }

// ECMA-48: ESC [ … letter; ESC ] … BEL; ESC and one letter. A carriage return inside a line is a blank, and so is a
// blank that must not be broken.
void append_without_escapes(std::string_view raw, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r' || raw[i] == '\0') {
      if (raw[i] == '\r') out += ' ';
      continue;
    }
    if (i + 1 < raw.size() && raw[i] == kUpperLatin && raw[i + 1] == '\xa0') {
      out += ' ';
      ++i;
      continue;
    }
    if (i + 1 < raw.size() && raw[i] == '\\' && is_escaped_by_markdown(raw[i + 1])) continue;
    if (raw[i] != kEscape) {
      out += raw[i];
      continue;
    }
    if (++i >= raw.size()) return;
    if (raw[i] == '[') {
      while (++i < raw.size() && (raw[i] < '@' || raw[i] > '~')) {
      }
    } else if (raw[i] == ']') {
      while (++i < raw.size() && raw[i] != '\a') {
      }
    }
  }
}

bool is_plain(std::string_view raw) {
  constexpr std::string_view kSeldom = {"\x1b\r\0\\\xc2", 5};
  return std::none_of(kSeldom.begin(), kSeldom.end(),
                      [&](char c) { return std::memchr(raw.data(), c, raw.size()) != nullptr; });
}

std::string_view without_end(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Marks of a quotation: "> > text", and one that opens code inside a line.
std::string_view without_marks(std::string_view text) {
  while (text.starts_with(">")) {
    text.remove_prefix(1);
    if (text.starts_with(" ")) text.remove_prefix(1);
  }
  if (text.ends_with('>')) {
    for (const std::string_view end : {"<br>", "<br/>", "<br />"}) {
      if (text.ends_with(end)) text = without_end(text.substr(0, text.size() - end.size()));
    }
  }
  if (text.starts_with('`') && !is_fence(text)) text.remove_prefix(1);
  if (text.ends_with('`') && !is_fence(text)) text.remove_suffix(1);
  return text;
}
// What syslog puts behind the time: "host python3[2029]: text". Of the kernel's own lines the word "kernel: " stays, by
// which its reader knows them.
std::string_view without_program(std::string_view text) {
  const std::size_t host = text.substr(0, 72).find(' ');
  if (host == std::string_view::npos || host == 0) return text;
  const std::size_t colon = text.substr(0, host + 64).find(": ", host);
  if (colon == std::string_view::npos) return text;
  const std::string_view program = text.substr(host + 1, colon - host - 1);
  if (program == "kernel") return text.substr(host + 1);
  const bool is_program = program.ends_with(']') && program.find(' ') == std::string_view::npos;
  return is_program ? text.substr(colon + 2) : text;
}
// "Jun 17 15:04:37 host python3[2029]: text", as journalctl writes it.
bool has_syslog_time(std::string_view text) {
  return text.size() > 24 && text[0] >= 'A' && text[0] <= 'S' && text[3] == ' ' && text[6] == ' ' &&
         is_digit(text[5]) && is_digit(text[7]) && text[9] == ':' && text[12] == ':' && text[15] == ' ';
}
// What starters of several processes put before a line: Ray and vLLM ("(RayWorkerWrapper pid=248, ip=10.1.160.68)
// text",
// "(EngineCore_0 pid=271) text"), torchrun ("[rank0]: text", "[default6]:[rank6]: text").
std::string_view without_process(std::string_view text) {
  if (text[0] == '(') {
    const std::string_view start = text.substr(0, 96);
    const std::size_t pid = start.find(" pid="), close = start.find(") ");
    const bool is_process = pid != std::string_view::npos && close != std::string_view::npos && pid < close &&
                            is_digit(text[pid + 5]) && start.substr(1, pid - 1).find(' ') == std::string_view::npos;
    return is_process ? text.substr(close + 2) : text;
  }
  for (const std::string_view mark : {"[default", "[rank"}) {
    const std::size_t close = text.starts_with(mark) ? text.substr(0, 20).find("]:") : std::string_view::npos;
    if (close == std::string_view::npos || !is_digit(text[mark.size()])) continue;
    text.remove_prefix(close + 2);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return text;
}

// What Python's logging puts before a line: "2022-08-18 03:52:12,787 - mmdeploy - INFO - text", and rich's
// "01:15:51-925300 INFO     text".
std::string_view without_logger(std::string_view text) {
  constexpr std::size_t kLongest = 96, kRich = 25;
  if (text[4] == '-' && text[10] == ' ' && text[13] == ':') {
    const std::size_t level = text.substr(0, kLongest).find(" - INFO - ");
    return level == std::string_view::npos ? text : text.substr(level + 10);
  }
  const bool is_rich = text.size() > kRich && text[2] == ':' && text[5] == ':' && text[8] == '-';
  return is_rich && text.substr(15).starts_with(" INFO     ") ? text.substr(kRich) : text;
}

// What engines put before a line: docker's and Kubernetes' times ("2024-11-15T19:56:13.362448649Z stdout F text"), the
// service's name of docker compose ("vllm-1  | text"), the pod of kubectl logs --prefix ("[pod/x/main] text").
std::string_view without_engine(std::string_view text) {
  if (text.size() > 8 && (text[0] == '(' || text[0] == '[')) text = without_process(text);
  if (text.size() > 24 && text[0] == '2' && text[4] == '-' && text[10] == 'T' && text[13] == ':') {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank < 19 || blank > 40 ||
        (text[blank - 1] != 'Z' && text[blank - 3] != ':'))
      return text;
    text.remove_prefix(blank + 1);
    for (const std::string_view stream : {"stdout F ", "stderr F ", "stdout P ", "stderr P "}) {
      if (text.starts_with(stream)) text.remove_prefix(stream.size());
    }
    return without_program(text);
  }
  if (text.size() > 24 && is_digit(text[0]) && is_digit(text[1])) return without_logger(text);
  if (has_syslog_time(text)) return without_program(text.substr(16));
  if (text.starts_with("[pod/")) {
    const std::size_t close = text.substr(0, 160).find("] ");
    return close == std::string_view::npos ? text : text.substr(close + 2);
  }
  if (text.size() < 6 || text[0] < 'a' || text[0] > 'z') return text;
  const std::size_t bar = text.substr(0, 48).find(" | ");
  if (bar == std::string_view::npos) return text;
  const std::string_view service = trim(text.substr(0, bar));
  const std::size_t dash = service.find_last_of("-_");  // "_" before Compose 2
  const bool is_service = dash != std::string_view::npos && dash + 1 < service.size() && is_digit(service[dash + 1]) &&
                          service.find(' ') == std::string_view::npos;
  return is_service ? text.substr(bar + 3) : text;
}

// A line of docker's json-file: {"log":"text\n","stream":"stdout","time":"…"}. The text, with its escapes undone.
bool append_logged(std::string_view raw, std::string& out) {
  constexpr std::string_view kStart = "{\"log\":\"";
  if (!raw.starts_with(kStart)) return false;
  for (std::size_t i = kStart.size(); i < raw.size() && raw[i] != '"'; ++i) {
    if (raw[i] != '\\' || i + 1 >= raw.size()) {
      out += raw[i];
      continue;
    }
    const char escaped = raw[++i];
    if (escaped == 'u') {  // an escape of a terminal, or one of <, > and &
      const std::string_view digits = raw.substr(i + 1, 4);
      if (digits == "001b") out += kEscape;
      if (digits == "003c") out += '<';
      if (digits == "003e") out += '>';
      if (digits == "0026") out += '&';
      i += 4;
    } else if (escaped == 't') {
      out += '\t';
    } else if (escaped != 'n' && escaped != 'r') {
      out += escaped;
    }
  }
  return true;
}
}  // namespace

bool is_fence(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return false;
  line.remove_prefix(first);
  // Code on one line between fences of its own opens none: ```print(torch.__version__)```.
  if (line.starts_with("```")) return line.find('`', line.find_first_not_of('`')) == std::string_view::npos;
  return line.starts_with("~~~");
}

// "vllm  | text", as docker compose writes of a container that has a name of its own. A table may look like it: only a
// name that stands before line after line is one.
std::string_view LineCutter::without_container(std::string_view text) {
  const bool may_be = text.size() > 5 && text[0] >= 'a' && text[0] <= 'z';
  const std::size_t bar = may_be ? text.substr(0, 48).find(" | ") : std::string_view::npos;
  const std::string_view name = bar == std::string_view::npos ? "" : trim(text.substr(0, bar));
  const bool is_again = !name.empty() && name == container_;
  if (!is_again) container_ = name.find(' ') == std::string_view::npos ? name : "";
  return is_again ? text.substr(bar + 3) : text;
}

// "   12  text", "12: text", "12 | text", as cat -n, nl, grep -n and editors number lines: only a number that follows
// that of the line before is one, or the first of all.
std::string_view LineCutter::without_number(std::string_view text) {
  const std::int64_t before = listed_;
  listed_ = -1;
  if (text.empty() || (text[0] != ' ' && text[0] != '\t' && !is_digit(text[0]))) return text;
  const std::size_t first = text.find_first_not_of(" \t");
  if (first > 8 || !is_digit(text[first])) return text;
  const std::size_t behind = std::min(text.find_first_not_of("0123456789", first), text.size());
  const auto number = parse_integer(text.substr(first, std::min<std::size_t>(behind - first, 9)));
  if (!number) return text;
  std::string_view rest = text.substr(behind);
  const bool is_bare = rest.empty() || rest == ":" || rest == " |";
  for (const std::string_view mark : {"\t", ": ", " | ", "| ", "  "}) {
    if (!rest.starts_with(mark)) continue;
    listed_ = *number;
    rest.remove_prefix(mark.size());
    break;
  }
  if (is_bare) listed_ = *number;
  const bool is_numbered = listed_ == *number && (*number == 1 || (before >= 0 && *number == before + 1));
  return is_numbered ? (is_bare ? "" : rest) : text;
}

// Lines of a hunk of diff -u: "@@ -1,3 +1,4 @@" says how many of both sides follow. What was taken away is of before:
// there is no such line. People paste parts without that head too, in a fence that says "diff".
std::optional<std::string_view> LineCutter::without_diff(std::string_view text) {
  if (text.size() > 2 && is_fence(text)) {
    is_in_diff_ = text.ends_with("diff") && !is_in_diff_;
    return text;
  }
  const bool is_marked = is_in_diff_ && !text.starts_with("+++") && !text.starts_with("---");
  if (is_marked && taken_away_ <= 0 && added_ <= 0 && (text.starts_with('-') || text.starts_with('+'))) {
    return text[0] == '-' ? std::nullopt : std::optional(text.substr(1));
  }
  if (text.starts_with("@@ -")) {
    const std::vector<std::string_view> words = split(text.substr(0, 64), ' ');
    const auto count = [&](std::size_t word) -> std::int64_t {
      if (word >= words.size()) return 0;
      const std::size_t comma = words[word].find(',');
      return comma == std::string_view::npos ? 1 : parse_integer(words[word].substr(comma + 1)).value_or(0);
    };
    if (words.size() > 3 && words[3] == "@@") taken_away_ = count(1), added_ = count(2);
    return text;
  }
  if (taken_away_ <= 0 && added_ <= 0) return text;
  const char mark = text.empty() ? ' ' : text[0];
  if (mark != '+') --taken_away_;
  if (mark != '-') --added_;
  if (mark == '-') return std::nullopt;
  return mark == '+' || mark == ' ' ? text.substr(std::min<std::size_t>(1, text.size())) : text;
}

void LineCutter::give(std::string_view raw) {
  ++number_;
  raw = without_end(raw.substr(0, kLineCap));
  logged_.clear();
  if (!raw.empty() && raw[0] == '{' && append_logged(raw, logged_)) raw = without_end(logged_);
  if (!is_plain(raw)) {
    cleaned_.clear();
    append_without_escapes(raw, cleaned_);
    raw = without_end(cleaned_);
  }
  const std::string_view told = without_container(without_engine(raw));
  const auto text = without_diff(without_number(without_marks(told)));
  if (text) take_({*text, number_, bytes_of(*text), told.starts_with('>')});
}

void LineCutter::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (end == std::string_view::npos || !open_.empty() || is_long_) {
      const std::size_t room = kLineCap - std::min(kLineCap, open_.size());
      open_.append(piece.substr(0, room));
      is_long_ = is_long_ || piece.size() > room;
    }
    if (end == std::string_view::npos) return;
    if (!open_.empty() || is_long_) {
      give(open_);
      open_.clear();
      is_long_ = false;
    } else {
      give(piece);
    }
    bytes.remove_prefix(end + 1);
  }
}

void LineCutter::end() {
  if (!open_.empty()) give(open_);
  open_.clear();
}

}  // namespace varve
