#include "kernels/kineto/event_walk.h"

#include <algorithm>
#include <utility>

#include "kernels/json/json_blocks.h"
#include "kernels/json/json_members.h"
#include "kernels/json/same_bytes.h"
#include "kernels/kineto/json_damage.h"

namespace varve {

std::size_t find_event(std::string_view text, std::size_t from, std::size_t to, std::string_view first_key,
                       std::size_t& undecided) {
  undecided = to;
  for (std::size_t i = text.find('{', from); i < to; i = text.find('{', i + 1)) {
    const Begins begins = begins_event(text, i, first_key);
    if (begins == Begins::yes) return i;
    if (begins == Begins::unknown && undecided == to) undecided = i;
  }
  return kNoEvent;
}

EventWalk::EventWalk(EventSink& sink, EventStyle how)
    : style(std::move(how)),
      sink_(sink),
      marks_(kBlocksAtOnce * kJsonBlock + kJsonSpareMarks),
      knows_key_(style.alike > 0) {}

void EventWalk::went_over(std::uint64_t events) {
  style.alike += events;
  told_ = false;
}

void EventWalk::tell(std::uint64_t at, std::string_view what) {
  if (!told_) sink_.damaged(at, what);
  told_ = true;
}

void EventWalk::take(std::string_view text, std::uint64_t at, std::size_t from, std::size_t to) {
  const std::string_view object = text.substr(from, to - from);
  if (!knows_key_) {
    const std::size_t open = object.find('"'), close = object.find('"', open + 1);
    if (close != std::string_view::npos) style.first_key = object.substr(open, close + 1 - open);
    knows_key_ = true;
  }
  if (!flaw_.what.empty()) sink_.damaged(at + flaw_.at, flaw_.what);
  told_ = false;
  sink_.event(object, at + from);
}

// Whether it is what stood between the events before. Asked of every event.
bool EventWalk::is_usual(std::string_view between) {
  if (between.size() != style.separator.size() || !begins_with(between, style.separator)) return false;
  ++style.alike;
  return true;
}

// Of events that all begin on a line of their own, one that does not.
bool EventWalk::joins_a_line(std::string_view between) const {
  return style.is_confirmed() && style.separator.find('\n') != std::string::npos &&
         between.find('\n') == std::string_view::npos;
}

// What is not usual between an event and the next, which begins at `begin`: a comma with blanks makes the next ones
// usual, the rest ends the walk. Nothing: it goes on.
std::optional<EventWalk::End> EventWalk::take_separator(std::string_view between, std::uint64_t begin) {
  std::size_t commas = 0;
  for (const char c : between) {
    if (!is_json_blank(c) && (c != ',' || ++commas > 1)) return End::stopped;
  }
  if (commas != 1) return End::stopped;
  if (joins_a_line(between)) {
    tell(begin, "events on one line, where all others stand on their own: text of a name with quotes in it");
    return End::damaged;
  }
  style.separator = between;
  style.alike = 0;
  return std::nullopt;
}

// Goes from the end of one event, or from 0, to the next. Nothing: that one is walked over.
std::optional<EventWalk::Stop> EventWalk::begin_event(std::string_view text, std::uint64_t at, std::size_t place,
                                                      std::size_t end, std::size_t up_to) {
  flaw_ = {};
  if (end == 0) return std::nullopt;
  const std::string_view between = text.substr(end, place - end);
  if (!is_usual(between)) {
    if (const std::optional<End> ended = take_separator(between, at + place)) return Stop{*ended, end};
  }
  if (place >= up_to) return Stop{End::reached, place};
  return std::nullopt;
}

EventWalk::Stop EventWalk::over(std::string_view text, std::uint64_t text_at, std::size_t up_to) {
  JsonBlockState state;
  std::size_t depth = 0, start = 0, end = 0, searched = 0;
  for (std::size_t at = 0; at < text.size(); at += kBlocksAtOnce * kJsonBlock) {
    const std::size_t count = std::min(kBlocksAtOnce, (text.size() - at + kJsonBlock - 1) / kJsonBlock);
    const std::size_t marks = mark_json(text.data() + at, count, state, marks_.data());
    for (std::size_t i = 0; i < marks; ++i) {
      const std::size_t place = at + (marks_[i] & kJsonPlace);
      if (marks_[i] > kJsonPlace) {
        if (depth == 0) return {End::stopped, end};
        if ((marks_[i] & kJsonBroken) != 0) {
          tell(text_at + place, "a quote inside a string, or a string without its end");
          return {End::damaged, start};
        }
        if (flaw_.what.empty()) flaw_ = {flaw_of_string(text, place), place};
        continue;
      }
      if (text[place] == '{') {
        if (depth == 0) {
          if (const auto stop = begin_event(text, text_at, place, end, up_to)) return *stop;
          start = place;
          searched = start + 1;
        } else if (depth >= 2) {  // Kineto's events hold an object at most: was the end of this one lost?
          const std::size_t inner = find_event(text, searched, place + 1, style.first_key, searched);
          if (inner != kNoEvent) {
            tell(text_at + inner, "an event without its end");
            return {End::damaged, start};
          }
        }
        ++depth;
        continue;
      }
      if (depth == 0) return {End::stopped, end};
      if (--depth > 0) continue;
      end = place + 1;
      take(text, text_at, start, end);
    }
  }
  return depth == 0 ? Stop{End::stopped, end} : Stop{End::incomplete, start};
}

}  // namespace varve
