#include "kernels/kineto/event_pieces.h"

#include <algorithm>
#include <span>
#include <string>
#include <system_error>

#include "kernels/json/page_buffer.h"
#include "kernels/kineto/json_damage.h"

namespace varve {

namespace {
constexpr std::size_t kTail = 16384, kMostTail = 4 * kTail;  // read of the next piece, for the last event
constexpr std::size_t kSlotsOfThread = 2;
constexpr std::uint64_t kMostRefused = 16;  // pieces that do not count: the program writes otherwise by now

// Hands events on to a piece, and sees whether there was damage.
struct PieceSink final : EventSink {
  EventPiece* piece = nullptr;
  std::uint64_t events = 0;
  bool is_damaged = false;

  void event(std::string_view object, std::uint64_t at) override {
    ++events;
    piece->event(object, at);
  }
  void damaged(std::uint64_t, std::string_view) override { is_damaged = true; }
};

// Where the first event begins that stands behind another as all do.
std::size_t first_event(std::string_view text, const EventStyle& style) {
  const std::string before = '}' + style.separator;
  for (std::size_t at = text.find(before); at != text.npos; at = text.find(before, at + 1)) {
    const std::size_t place = at + before.size();
    if (place < text.size() && begins_event(text, place, style.first_key) == Begins::yes) return place;
  }
  return kNoEvent;
}
}  // namespace

struct EventPieces::Slot {
  PageBuffer buffer;
  bool is_ready = false;
  Walked walked;
};

EventPieces::EventPieces(const FileReader& file, std::uint64_t from, const EventStyle& style,
                         const PieceOptions& options, const std::function<std::unique_ptr<EventPiece>()>& make)
    : file_(file),
      style_(style),
      bytes_(options.bytes),
      count_(file.size() / bytes_),
      current_(from / bytes_ + 1),
      next_(current_) {
  for (std::size_t i = 0; i < kSlotsOfThread * options.threads; ++i) {
    Slot& slot = *slots_.emplace_back(std::make_unique<Slot>());
    slot.walked.made = make();
  }
  try {
    while (threads_.size() + 1 < options.threads) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // No more threads are permitted: who reads in order does what the others do not.
  }
}

EventPieces::~EventPieces() { stop(); }

void EventPieces::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void EventPieces::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || may_begin(); });
    if (stopping_) return;
    walk_next(lock);
  }
}

void EventPieces::walk_next(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t number = next_++;
  Slot& slot = slot_of(number);
  lock.unlock();
  walk(slot, number);
  lock.lock();
  slot.is_ready = true;
  changed_.notify_all();
}

void EventPieces::walk(Slot& slot, std::uint64_t number) const {
  Walked& walked = slot.walked;
  walked.counts = false;
  walked.made->clear();
  if (slot.buffer.room() == 0) slot.buffer.resize(bytes_ + kMostTail);
  const std::uint64_t from = number * bytes_;
  char* const bytes = slot.buffer.bytes();
  std::size_t size = 0;
  const auto read_to = [&](std::size_t wanted) {
    const std::size_t to = std::min<std::uint64_t>(wanted, file_.size() - from);
    if (to <= size || !file_.read(from + size, std::as_writable_bytes(std::span(bytes + size, to - size))))
      return false;
    size = to;
    slot.buffer.pad(size);
    return true;
  };
  if (!read_to(bytes_ + kTail)) return;
  const std::size_t begin = first_event({bytes, std::min(size, bytes_)}, style_);
  if (begin == kNoEvent) return;
  PieceSink sink;
  sink.piece = walked.made.get();
  EventWalk walk(sink, style_);
  std::size_t at = begin;
  while (true) {
    const EventWalk::Stop stop = walk.over({bytes + at, size - at}, from + at, bytes_ - std::min(at, bytes_));
    at += stop.at;
    if (stop.end == EventWalk::End::reached) break;
    const bool ends_early = stop.end == EventWalk::End::incomplete && at < bytes_;
    if (!ends_early || size >= bytes_ + kMostTail || !read_to(size + kTail)) return;
  }
  const bool all_alike = walk.style.alike == style_.alike + sink.events;
  walked.counts = all_alike && !sink.is_damaged;
  walked.begin = from + begin;
  walked.end = from + at;
  walked.events = sink.events;
}

EventPieces::Slot& EventPieces::wait_for_current() {
  Slot& slot = slot_of(current_);
  std::unique_lock lock(mutex_);
  while (next_ <= current_ || !slot.is_ready) {
    if (may_begin()) {
      walk_next(lock);
    } else {
      changed_.wait(lock);
    }
  }
  return slot;
}

EventPieces::Walked* EventPieces::at(std::uint64_t at, std::uint64_t& ask_again) {
  for (; current_ < count_; done()) {
    Walked& walked = wait_for_current().walked;
    if (walked.counts && walked.begin == at) return &walked;
    if (!walked.counts && ++refused_ > kMostRefused) break;
    ask_again = walked.counts ? walked.begin : (current_ + 1) * bytes_;
    if (at < ask_again) return nullptr;
  }
  stop();
  ask_again = UINT64_MAX;
  return nullptr;
}

void EventPieces::done() {
  const std::lock_guard lock(mutex_);
  slot_of(current_).is_ready = false;
  ++current_;
  changed_.notify_all();
}

}  // namespace varve
