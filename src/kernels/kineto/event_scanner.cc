#include "kernels/kineto/event_scanner.h"

#include <algorithm>

#include "kernels/kineto/json_blocks.h"
#include "kernels/kineto/json_damage.h"
#include "kernels/kineto/json_members.h"
#include "kernels/kineto/same_bytes.h"

namespace varve {

namespace {
constexpr std::size_t kLongestPart = std::size_t{1} << 24;  // of an event, or a value beside their list
constexpr std::size_t kNowhere = SIZE_MAX;
constexpr int kConfirmed = 2;  // separators of one kind in a row: this is how the program writes
constexpr std::size_t kLongestName = std::size_t{1} << 16;
constexpr std::string_view kOuterEnds = "the trace ends before its outer object does";

// The first brace in [from, to) that begins an event; kNowhere: none does. `undecided` becomes the place of a brace of
// which the text ends before that can be told, or `to`.
std::size_t find_event(std::string_view text, std::size_t from, std::size_t to, std::string_view first_key,
                       std::size_t& undecided) {
  undecided = to;
  for (std::size_t i = text.find('{', from); i < to; i = text.find('{', i + 1)) {
    const Begins begins = begins_event(text, i, first_key);
    if (begins == Begins::yes) return i;
    if (begins == Begins::unknown && undecided == to) undecided = i;
  }
  return kNowhere;
}
}  // namespace

EventScanner::EventScanner(TraceInput& input, EventSink& sink)
    : sink_(sink), window_(input, kLongestPart), marks_(kBlocksAtOnce * kJsonBlock + kJsonSpareMarks) {}

Status EventScanner::scan() {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (const auto first = peek(); !first) return first.error();
  if (window_.text().starts_with(kByteOrderMark)) window_.advance(kByteOrderMark.size());
  Next next = Next::outer;
  while (next != Next::done) {
    const auto after = next == Next::outer  ? scan_outer()
                       : next == Next::list ? scan_list()
                                            : scan_member(next == Next::first_member);
    if (!after) return after.error();
    next = *after;
  }
  return Done{};
}

// The next byte that is no blank; -1 at the end.
Result<int> EventScanner::peek() {
  while (true) {
    const std::string_view text = window_.text();
    std::size_t blanks = 0;
    while (blanks < text.size() && is_json_blank(text[blanks])) ++blanks;
    window_.advance(blanks);
    if (window_.size() > 0) return static_cast<unsigned char>(*window_.data());
    const auto more = window_.more();
    if (!more) return more.error();
    if (*more == TextWindow::More::ended) return -1;
  }
}

void EventScanner::tell(std::size_t place, std::string_view what) {
  if (!told_) sink_.damaged(window_.at() + place, what);
  told_ = true;
}

EventScanner::Next EventScanner::ended(std::string_view what) {
  tell(window_.size(), what);
  return Next::done;
}

Result<EventScanner::Next> EventScanner::passed_over(std::size_t place, std::string_view what,
                                                     std::size_t search_from) {
  tell(place, what);
  return resume(search_from);
}

// Whether an event that begins at `place` stands behind another as all others do.
bool EventScanner::stands_like_others(std::size_t place) const {
  const std::string_view before = window_.text().substr(0, place);
  if (alike_ < kConfirmed || place == 0) return true;
  return before.ends_with(separator_) && before.size() > separator_.size() &&
         before[before.size() - separator_.size() - 1] == '}';
}

Result<EventScanner::Next> EventScanner::resume_at(std::size_t place) {
  window_.advance(place);
  needs_comma_ = false;
  found_list_ = true;
  return Next::list;
}

// Goes on with the next event that begins at `from` or behind it and stands like the others. What looks like an event
// and stands otherwise may be text of a name, whose quotes were not escaped: it counts where none that stands like the
// others follows so near that such a name could reach up to it.
Result<EventScanner::Next> EventScanner::resume(std::size_t from) {
  std::size_t odd = kNowhere;
  while (true) {
    std::size_t undecided = 0;
    const std::string_view text = window_.text();
    std::size_t found = find_event(text, std::min(from, text.size()), text.size(), first_key_, undecided);
    while (found != kNowhere && !stands_like_others(found)) {
      odd = std::min(odd, found);
      if (found - odd > kLongestName) break;
      found = find_event(text, found + 1, text.size(), first_key_, undecided);
    }
    const bool is_far = odd != kNowhere && std::min(found, text.size()) - odd > kLongestName;
    if (is_far) alike_ = 0;
    if (is_far || found != kNowhere) return resume_at(is_far ? odd : found);
    const std::size_t keep = std::min(odd, undecided - std::min(undecided, separator_.size() + 1));
    window_.advance(keep);
    from = undecided - keep;
    if (odd != kNowhere) odd -= keep;
    const auto more = window_.more();
    if (!more) return more.error();
    if (*more != TextWindow::More::read) return Next::done;
  }
}

Result<EventScanner::Next> EventScanner::scan_outer() {
  const auto c = peek();
  if (!c) return c.error();
  if (*c < 0) return Next::done;
  if (*c == '{') {
    window_.advance(1);
    return Next::first_member;
  }
  if (*c != '[') return passed_over(0, "text that is no JSON", 0);
  window_.advance(1);
  found_list_ = is_bare_ = true;
  needs_comma_ = false;
  return Next::list;
}

// The end of the value that the window begins with, once it is all there.
Result<EventScanner::Value> EventScanner::load_value(std::size_t& size) {
  while (true) {
    bool is_broken = false;
    size = value_size(window_.text(), is_broken);
    if (is_broken || size == 0) return Value::broken;
    if (size < window_.size()) return Value::complete;
    const auto more = window_.more();
    if (!more) return more.error();
    if (*more == TextWindow::More::too_long) return Value::too_long;
    if (*more == TextWindow::More::ended) return Value::incomplete;
  }
}

// One member of the outer object with the comma before it, or the object's end.
Result<EventScanner::Next> EventScanner::scan_member(bool is_first) {
  std::string key;
  const auto next = scan_key(is_first, key);
  if (!next || *next != Next::member) return next;
  return scan_value(key);
}

// The comma before a member, its key and the colon; Next::member: its value is next.
Result<EventScanner::Next> EventScanner::scan_key(bool is_first, std::string& key) {
  constexpr std::string_view kNoMember = "what should be a key with its value";
  auto c = peek();
  if (!c) return c.error();
  if (!is_first && *c == ',') {
    window_.advance(1);
    c = peek();
    if (!c) return c.error();
    if (*c == '}') tell(0, "a comma that no member follows");
  } else if (!is_first && *c >= 0 && *c != '}') {
    return passed_over(0, kNoMember, 0);
  }
  if (*c < 0) return ended(kOuterEnds);
  if (*c == '}') {
    window_.advance(1);
    return Next::outer;
  }
  if (*c != '"') return passed_over(0, kNoMember, 0);
  std::size_t size = 0;
  const auto loaded = load_value(size);
  if (!loaded) return loaded.error();
  if (*loaded == Value::incomplete) return ended(kOuterEnds);
  if (*loaded != Value::complete) return passed_over(size, kNoMember, 1);
  key = window_.text().substr(1, size - 2);
  window_.advance(size);
  c = peek();
  if (!c) return c.error();
  if (*c < 0) return ended(kOuterEnds);
  if (*c != ':') return passed_over(0, kNoMember, 0);
  window_.advance(1);
  return Next::member;
}

// The value of a member: the list of events begins, or it is told whole.
Result<EventScanner::Next> EventScanner::scan_value(const std::string& key) {
  const auto c = peek();
  if (!c) return c.error();
  if (*c < 0) return ended(kOuterEnds);
  if (key == "traceEvents" && *c == '[') {
    window_.advance(1);
    found_list_ = true;
    needs_comma_ = false;
    return Next::list;
  }
  std::size_t size = 0;
  const auto loaded = load_value(size);
  if (!loaded) return loaded.error();
  if (*loaded == Value::incomplete) return ended(kOuterEnds);
  if (*loaded == Value::too_long) return passed_over(0, "a value of more than 16 MiB", 1);
  if (*loaded == Value::broken) return passed_over(size, "a string that does not end where it should", 1);
  sink_.member(key, window_.text().substr(0, size));
  window_.advance(size);
  return Next::member;
}

Result<EventScanner::Next> EventScanner::scan_list() {
  constexpr std::string_view kEnds = "the list of events has no end";
  while (true) {
    auto c = peek();
    if (!c) return c.error();
    if (needs_comma_ && *c == ',') {
      needs_comma_ = false;
      window_.advance(1);
      c = peek();
      if (!c) return c.error();
      if (*c == ']') tell(0, "a comma that no event follows");
    } else if (needs_comma_ && *c >= 0 && *c != ']') {
      return passed_over(0, "what should be the next event", 0);
    }
    if (*c < 0) return ended(kEnds);
    if (*c == ']') {
      window_.advance(1);
      return is_bare_ ? Next::outer : Next::member;
    }
    if (*c != '{') return passed_over(0, "what should be an event", 0);
    const Run run = run_over_events();
    if (run == Run::damaged) return resume(1);
    if (run == Run::incomplete) {
      const auto next = read_on_in_event();
      if (!next || *next != Next::list) return next;
    }
  }
}

// The window ends inside the event that it begins with.
Result<EventScanner::Next> EventScanner::read_on_in_event() {
  const auto more = window_.more();
  if (!more) return more.error();
  if (*more == TextWindow::More::read) return Next::list;
  if (*more == TextWindow::More::too_long) return passed_over(0, "an event of more than 16 MiB", 1);
  std::size_t undecided = 0;
  const std::string_view text = window_.text();
  const bool holds_another = find_event(text, 1, text.size(), first_key_, undecided) != kNowhere;
  return passed_over(0, holds_another ? "an event without its end" : "the trace ends inside an event", 1);
}

void EventScanner::take_event(std::size_t from, std::size_t to) {
  const std::string_view object = window_.text().substr(from, to - from);
  if (!found_event_) {
    const std::size_t open = object.find('"'), close = object.find('"', open + 1);
    if (close != std::string_view::npos) first_key_ = object.substr(open, close + 1 - open);
    found_event_ = true;
  }
  if (!flaw_.empty()) sink_.damaged(window_.at() + flaw_at_, flaw_);
  told_ = false;
  sink_.event(object, window_.at() + from);
}

// Whether it is what stood between the events before. Asked of every event.
bool EventScanner::is_usual(std::string_view between) {
  if (between.size() != separator_.size() || !begins_with(between, separator_)) return false;
  ++alike_;
  return true;
}

// Of events that all begin on a line of their own, one that does not.
bool EventScanner::joins_a_line(std::string_view between) const {
  return alike_ >= kConfirmed && separator_.find('\n') != std::string::npos &&
         between.find('\n') == std::string_view::npos;
}

// What is not usual between two events, from `end` to `begin`: a comma with blanks makes the next ones usual, the rest
// ends the run. Nothing: it goes on.
std::optional<EventScanner::Run> EventScanner::take_separator(std::size_t end, std::size_t begin) {
  const std::string_view between = window_.text().substr(end, begin - end);
  std::size_t commas = 0;
  for (const char c : between) {
    if (!is_json_blank(c) && (c != ',' || ++commas > 1)) return stop(end, Run::stopped);
  }
  if (commas != 1) return stop(end, Run::stopped);
  if (joins_a_line(between)) {
    tell(begin, "events on one line, where all others stand on their own: text of a name with quotes in it");
    return stop(end, Run::damaged);
  }
  separator_ = between;
  alike_ = 0;
  return std::nullopt;
}

// What a mark that is no brace says of the event that begins at `start`. Empty: nothing, or what only the text there
// tells (`flaw_`), which leaves the event readable.
std::string_view EventScanner::damage_at(std::size_t place, bool is_broken) {
  if (is_broken) return "a quote inside a string, or a string without its end";
  if (flaw_.empty()) {
    flaw_ = flaw_of_string(window_.text(), place);
    flaw_at_ = place;
  }
  return {};
}

EventScanner::Run EventScanner::stop(std::size_t at, Run run) {
  window_.advance(at);
  return run;
}

// Takes one event after the other, as long as nothing but a comma stands between them and they are all there. The
// window begins with an event; afterwards with what stands behind the last one, or with the one that is not whole.
EventScanner::Run EventScanner::run_over_events() {
  const std::string_view text = window_.text();
  JsonBlockState state;
  std::size_t depth = 0, start = 0, end = 0, searched = 0;
  for (std::size_t at = 0; at < text.size(); at += kBlocksAtOnce * kJsonBlock) {
    const std::size_t count = std::min(kBlocksAtOnce, (text.size() - at + kJsonBlock - 1) / kJsonBlock);
    const std::size_t marks = mark_json(text.data() + at, count, state, marks_.data());
    for (std::size_t i = 0; i < marks; ++i) {
      const std::size_t place = at + (marks_[i] & kJsonPlace);
      if (marks_[i] > kJsonPlace) {
        if (depth == 0) return stop(end, Run::stopped);
        const std::string_view damage = damage_at(place, (marks_[i] & kJsonBroken) != 0);
        if (damage.empty()) continue;
        tell(place, damage);
        return stop(start, Run::damaged);
      }
      if (text[place] == '{') {
        if (depth == 0) {
          if (end > 0 && !is_usual(text.substr(end, place - end))) {
            if (const std::optional<Run> ended = take_separator(end, place)) return *ended;
          }
          start = place;
          searched = start + 1;
          needs_comma_ = false;
          flaw_ = {};
        } else if (depth >= 2) {  // Kineto's events hold an object at most: was the end of this one lost?
          const std::size_t inner = find_event(text, searched, place + 1, first_key_, searched);
          if (inner != kNowhere) {
            tell(inner, "an event without its end");
            return stop(start, Run::damaged);
          }
        }
        ++depth;
        continue;
      }
      if (depth == 0) return stop(end, Run::stopped);
      if (--depth > 0) continue;
      end = place + 1;
      take_event(start, end);
      needs_comma_ = true;
    }
  }
  return depth == 0 ? stop(end, Run::stopped) : stop(start, Run::incomplete);
}

}  // namespace varve
