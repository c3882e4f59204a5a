#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kernels/json/text_window.h"
#include "kernels/kineto/event_pieces.h"
#include "kernels/kineto/event_walk.h"
#include "kernels/trace/trace.h"

namespace varve {

// Who hears what a scan finds.
class ScanSink : public EventSink {
 public:
  // A member of the outer object that is not the list of events; the key without its quotes, escapes as they are. They
  // hold during the call only.
  virtual void member(std::string_view key, std::string_view value) = 0;
  // Many events in a row, from a piece that make_piece gave.
  virtual std::unique_ptr<EventPiece> make_piece() { return nullptr; }
  virtual void take(EventPiece&) {}
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
//
// Where other threads may help, they walk over pieces of the file before it is their turn (event_pieces.h).
class EventScanner {
 public:
  EventScanner(TraceInput& input, ScanSink& sink, const PieceOptions& pieces = {});

  // Reads to the end. Error: reading or inflating failed.
  Status scan();
  bool found_events() const { return found_list_; }  // or at least their list

 private:
  enum class Next { outer, first_member, member, list, event, done };

  Result<Next> scan_outer();
  Result<Next> scan_member(bool is_first);
  Result<Next> scan_key(bool is_first, std::string& key);
  Result<Next> scan_value(const std::string& key);
  Result<Next> scan_list();
  Result<Next> come_to_event();
  Status take_pieces();
  Result<Next> read_on_in_event();
  Result<Next> passed_over(std::size_t place, std::string_view what, std::size_t search_from);
  Result<Next> resume(std::size_t from);
  Result<Next> resume_at(std::size_t place);
  bool stands_like_others(std::size_t place) const;
  Next ended(std::string_view what);
  Result<int> peek();
  enum class Value { complete, incomplete, broken, too_long };
  Result<Value> load_value(std::size_t& size);
  void tell(std::size_t place, std::string_view what) { walk_.tell(window_.at() + place, what); }

  TraceInput& input_;
  ScanSink& sink_;
  const PieceOptions piece_options_;
  TextWindow window_;
  EventWalk walk_;
  std::unique_ptr<EventPieces> pieces_;  // once it is known how events are written
  std::uint64_t ask_at_ = UINT64_MAX;    // from where on one of them may fit
  bool found_list_ = false;
  bool is_bare_ = false;      // a list without an outer object
  bool needs_comma_ = false;  // an event was read and nothing behind it
};

}  // namespace varve
