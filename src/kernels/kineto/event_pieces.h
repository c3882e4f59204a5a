#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "kernels/kineto/event_walk.h"
#include "world/file_reader.h"

namespace varve {

// What is made of the events of a piece of a file, on whichever thread, before it is known what stands in front of it.
class EventPiece {
 public:
  virtual ~EventPiece() = default;
  virtual void clear() = 0;
  virtual void event(std::string_view object, std::uint64_t at) = 0;  // the text holds until the piece is cleared
};

struct PieceOptions {
  std::size_t threads = 1;                   // in all; 1: no pieces
  std::size_t bytes = std::size_t{1} << 19;  // of a piece, with its buffer at home in the cache of a core
};

// Walks over the pieces of a file at once, so that who reads it in order finds its events taken apart already.
//
// A piece begins with the first event in it that stands like the events before it all, and ends with the first one in
// the next piece. Where it really begins only the one who reads in order knows: a piece counts when it begins exactly
// where he has come to. One with anything unusual in it, damage above all, is walked over by him instead. So what is
// found is the same with and without pieces, whatever the bytes are.
class EventPieces {
 public:
  // The file must live longer. `make`: gives what each piece is made into.
  EventPieces(const FileReader& file, std::uint64_t from, const EventStyle& style, const PieceOptions& options,
              const std::function<std::unique_ptr<EventPiece>()>& make);
  ~EventPieces();

  struct Walked {
    bool counts = false;               // nothing unusual was met
    std::uint64_t begin = 0, end = 0;  // where its first event begins, and the one behind its last
    std::uint64_t events = 0;
    std::unique_ptr<EventPiece> made;
  };
  // The piece that begins with the event at `at`, to be given back by `done`. nullptr: none does, and `ask_again` is
  // where the next event may be one with which a piece begins. Places must rise from call to call.
  Walked* at(std::uint64_t at, std::uint64_t& ask_again);
  void done();

 private:
  struct Slot;

  void work();
  void walk(Slot& slot, std::uint64_t number) const;
  Slot& slot_of(std::uint64_t number) { return *slots_[number % slots_.size()]; }
  void stop();
  bool may_begin() const { return next_ < count_ && next_ < current_ + slots_.size(); }
  void walk_next(std::unique_lock<std::mutex>& lock);
  Slot& wait_for_current();

  const FileReader& file_;
  const EventStyle style_;
  const std::size_t bytes_;
  const std::uint64_t count_;  // of pieces; the one at the end of the file, where the list ends, is none
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t current_, next_;  // the piece that is read in order, the first that nobody walks over yet
  bool stopping_ = false;
  std::uint64_t refused_ = 0;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::jthread> threads_;
};

}  // namespace varve
