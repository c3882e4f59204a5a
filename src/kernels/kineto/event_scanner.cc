#include "kernels/kineto/event_scanner.h"

#include <algorithm>

#include "kernels/json/json_members.h"
#include "kernels/kineto/json_damage.h"

namespace varve {

namespace {
constexpr std::size_t kLongestPart = std::size_t{1} << 24;  // of an event, or a value beside their list
constexpr std::uint64_t kFewestPieces = 8;                  // that are worth the threads
constexpr std::size_t kLongestName = std::size_t{1} << 16;
constexpr std::string_view kOuterEnds = "the trace ends before its outer object does";
}  // namespace

EventScanner::EventScanner(TraceInput& input, ScanSink& sink, const PieceOptions& pieces)
    : input_(input), sink_(sink), piece_options_(pieces), window_(input, kLongestPart), walk_(sink, {}) {}

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
  const std::string& separator = walk_.style.separator;
  if (!walk_.style.is_confirmed() || place == 0) return true;
  return before.ends_with(separator) && before.size() > separator.size() &&
         before[before.size() - separator.size() - 1] == '}';
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
  std::size_t odd = kNoEvent;
  while (true) {
    std::size_t undecided = 0;
    const std::string_view text = window_.text();
    std::size_t found = find_event(text, std::min(from, text.size()), text.size(), walk_.style.first_key, undecided);
    while (found != kNoEvent && !stands_like_others(found)) {
      odd = std::min(odd, found);
      if (found - odd > kLongestName) break;
      found = find_event(text, found + 1, text.size(), walk_.style.first_key, undecided);
    }
    const bool is_far = odd != kNoEvent && std::min(found, text.size()) - odd > kLongestName;
    if (is_far) walk_.style.alike = 0;
    if (is_far || found != kNoEvent) return resume_at(is_far ? odd : found);
    const std::size_t keep = std::min(odd, undecided - std::min(undecided, walk_.style.separator.size() + 1));
    window_.advance(keep);
    from = undecided - keep;
    if (odd != kNoEvent) odd -= keep;
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

// Over what stands before the next event, or the end of the list. Next::event: the window begins with it.
Result<EventScanner::Next> EventScanner::come_to_event() {
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
  if (*c < 0) return ended("the list of events has no end");
  if (*c == ']') {
    window_.advance(1);
    return is_bare_ ? Next::outer : Next::member;
  }
  if (*c != '{') return passed_over(0, "what should be an event", 0);
  return Next::event;
}

Result<EventScanner::Next> EventScanner::scan_list() {
  while (true) {
    auto next = come_to_event();
    if (!next || *next != Next::event) return next;
    if (const Status taken = take_pieces(); !taken) return taken.error();
    const std::uint64_t up_to = ask_at_ - std::min(ask_at_, window_.at());
    const EventWalk::Stop stop = walk_.over(window_.text(), window_.at(), up_to);
    window_.advance(stop.at);
    needs_comma_ = stop.end == EventWalk::End::stopped;
    if (stop.end == EventWalk::End::damaged) return resume(1);
    if (stop.end == EventWalk::End::incomplete) {
      next = read_on_in_event();
      if (!next || *next != Next::list) return next;
    }
  }
}

// The window begins with an event: takes what other threads made of it and of those behind it.
Status EventScanner::take_pieces() {
  const FileReader* file = input_.file();
  const bool may_begin = file != nullptr && piece_options_.threads > 1 && walk_.style.is_confirmed();
  if (!pieces_ && may_begin && file->size() / kFewestPieces >= piece_options_.bytes) {
    pieces_ = std::make_unique<EventPieces>(*file, window_.at(), walk_.style, piece_options_,
                                            [&] { return sink_.make_piece(); });
    ask_at_ = window_.at();
  }
  std::uint64_t at = window_.at();
  while (at >= ask_at_) {
    EventPieces::Walked* piece = pieces_->at(at, ask_at_);
    if (piece == nullptr) break;
    sink_.take(*piece->made);
    walk_.went_over(piece->events);
    at = piece->end;
    pieces_->done();
    input_.came_to(at);
  }
  return at == window_.at() ? Status(Done{}) : window_.move_to(at);
}

// The window ends inside the event that it begins with.
Result<EventScanner::Next> EventScanner::read_on_in_event() {
  const auto more = window_.more();
  if (!more) return more.error();
  if (*more == TextWindow::More::read) return Next::list;
  if (*more == TextWindow::More::too_long) return passed_over(0, "an event of more than 16 MiB", 1);
  std::size_t undecided = 0;
  const std::string_view text = window_.text();
  const bool holds_another = find_event(text, 1, text.size(), walk_.style.first_key, undecided) != kNoEvent;
  return passed_over(0, holds_another ? "an event without its end" : "the trace ends inside an event", 1);
}

}  // namespace varve
