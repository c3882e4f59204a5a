#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// Who hears what is found in a list of events. Texts hold during the call only.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // An object of the list of events, from its opening to its closing brace; 64 bytes behind it may be read.
  virtual void event(std::string_view object, std::uint64_t at) = 0;
  virtual void damaged(std::uint64_t at, std::string_view what) = 0;
};

// How a program writes its events: the same bytes between them all, mostly on lines of their own.
struct EventStyle {
  std::string separator = ",\n  ";   // of the last two events
  std::uint64_t alike = 0;           // events in a row before which it stood
  std::string first_key = "\"ph\"";  // of events, as it stands in the text

  // So often that this is how the program writes.
  bool is_confirmed() const { return alike >= 2; }
};

// Walks from event to event, where they are whole and apart: finds where each begins and ends, and damage in it.
class EventWalk {
 public:
  EventWalk(EventSink& sink, EventStyle style);

  enum class End {
    stopped,     // behind an event, where something else follows than a comma and the next
    reached,     // the place that was asked for
    incomplete,  // the text ends inside an event
    damaged,     // an event is; told
  };
  struct Stop {
    End end;
    std::size_t at;  // behind the last event for `stopped`; else where an event begins
  };
  // Over a text that begins with an event and lies at `at` in the trace, up to the first event behind the first that
  // begins at `up_to` or behind it. 64 bytes behind the text must be readable.
  Stop over(std::string_view text, std::uint64_t at, std::size_t up_to = SIZE_MAX);

  // Tells damage once, until the next event was read.
  void tell(std::uint64_t at, std::string_view what);

  // Events that another walk went over, with what is usual between them and behind the last.
  void went_over(std::uint64_t events);

  EventStyle style;

 private:
  struct Flaw {
    std::string_view what;  // empty: none
    std::size_t at = 0;
  };

  void take(std::string_view text, std::uint64_t at, std::size_t from, std::size_t to);
  bool is_usual(std::string_view between);
  bool joins_a_line(std::string_view between) const;
  std::optional<End> take_separator(std::string_view between, std::uint64_t begin);
  std::optional<Stop> begin_event(std::string_view text, std::uint64_t at, std::size_t place, std::size_t end,
                                  std::size_t up_to);

  static constexpr std::size_t kBlocksAtOnce = 64;

  EventSink& sink_;
  std::vector<std::uint32_t> marks_;
  Flaw flaw_;          // of the event that is being looked at, which leaves it readable
  bool knows_key_;     // that events begin with
  bool told_ = false;  // of damage, since the last event that was read
};

// The first brace in [from, to) that begins an event; kNoEvent: none does. `undecided` becomes the place of a brace of
// which the text ends before that can be told, or `to`.
inline constexpr std::size_t kNoEvent = SIZE_MAX;
std::size_t find_event(std::string_view text, std::size_t from, std::size_t to, std::string_view first_key,
                       std::size_t& undecided);

}  // namespace varve
