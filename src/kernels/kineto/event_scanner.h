#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kernels/kineto/text_window.h"
#include "kernels/trace/trace.h"

namespace varve {

// Who hears what a scan finds. Texts hold during the call only.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // An object of the list of events, from its opening to its closing brace.
  virtual void event(std::string_view object, std::uint64_t at) = 0;
  // A member of the outer object that is not the list of events; the key without its quotes, escapes as they are.
  virtual void member(std::string_view key, std::string_view value) = 0;
  virtual void damaged(std::uint64_t at, std::string_view what) = 0;
};

// Walks over a trace in Chrome's JSON (an object with a list traceEvents, or that list alone) without ever holding more
// of it than a few blocks: finds where each event begins and ends, and what stands beside the list.
//
// What is damaged is told once and passed over. Two facts make that exact. In valid JSON the bytes { "ph" cannot stand
// inside a string, since the quote would have to close it and p cannot follow: they are a way back in, wherever they
// are found. And the byte behind the end of a string is a blank or one of , : ] } always, so that a quote too many or
// too few is seen where it happens. Names with control characters, bytes that are no UTF-8 or backslashes that begin no
// escape leave the rest readable: that is told, and the event counts.
//
// A name that a program wrote with bare quotes (PyTorch 2.1 does) may hold the text of events. A program writes all its
// events with the same bytes between them, mostly on lines of their own: what looks like an event and does not stand
// so, behind damage or on the line of another, is told and counts for none. A name that imitates that too cannot be
// told.
class EventScanner {
 public:
  EventScanner(TraceInput& input, EventSink& sink);

  // Reads to the end. Error: reading or inflating failed.
  Status scan();
  bool found_events() const { return found_list_; }  // or at least their list

 private:
  enum class Next { outer, first_member, member, list, done };
  enum class Run { stopped, incomplete, damaged };

  Result<Next> scan_outer();
  Result<Next> scan_member(bool is_first);
  Result<Next> scan_key(bool is_first, std::string& key);
  Result<Next> scan_value(const std::string& key);
  Result<Next> scan_list();
  Result<Next> list_ended(int c);
  Run run_over_events();
  Run stop(std::size_t at, Run run);
  bool is_usual(std::string_view between);
  bool joins_a_line(std::string_view between) const;
  std::optional<Run> take_separator(std::size_t end, std::size_t begin);
  std::string_view damage_at(std::size_t place, bool is_broken);
  Result<Next> read_on_in_event();
  Result<Next> passed_over(std::size_t place, std::string_view what, std::size_t search_from);
  Result<Next> resume(std::size_t from);
  Result<Next> resume_at(std::size_t place);
  bool stands_like_others(std::size_t place) const;
  Next ended(std::string_view what);
  Result<int> peek();
  enum class Value { complete, incomplete, broken, too_long };
  Result<Value> load_value(std::size_t& size);
  void take_event(std::size_t from, std::size_t to);
  void tell(std::size_t place, std::string_view what);

  static constexpr std::size_t kBlocksAtOnce = 64;

  EventSink& sink_;
  TextWindow window_;
  std::vector<std::uint32_t> marks_;
  std::string separator_ = ",\n  ";  // of the last two events
  std::uint64_t alike_ = 0;          // events in a row before which it stood
  std::string_view flaw_;            // of the event that is being looked at, which leaves it readable
  std::size_t flaw_at_ = 0;
  std::string first_key_ = "\"ph\"";  // of events, as it stands in the text
  bool found_list_ = false, found_event_ = false;
  bool is_bare_ = false;      // a list without an outer object
  bool needs_comma_ = false;  // an event was read and nothing behind it
  bool told_ = false;         // of damage, since the last event that was read
};

}  // namespace varve
