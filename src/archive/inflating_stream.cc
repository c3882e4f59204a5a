#include "archive/inflating_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/at_once.h"
#include "base/units.h"

namespace varve {

namespace {
using Bytes = std::span<const std::byte>;

constexpr std::size_t kOutput = std::size_t{256} << 10;  // inflated at once: stays in the second-level cache

class InflatingStream : public ByteStream {
 public:
  InflatingStream(std::unique_ptr<Inflater> inflater, const InflateLimits& limits)
      : inflater_(std::move(inflater)), limits_(limits) {}
  ~InflatingStream() override {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  Result<Bytes> next(std::size_t cap) override {
    while (window_.empty()) {
      start();
      release();
      if (!threaded_ && !finished_) produce();
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return finished_ || produced_ > released_; });
      if (produced_ > released_) {
        const Slot& slot = slots_[released_ % kSlots];
        window_ = Bytes(slot.bytes).first(slot.size);
        consumed_ = slot.consumed;
        held_ = true;
      } else if (error_) {
        return *error_;
      } else {
        return Bytes();
      }
    }
    const Bytes piece = window_.first(std::min(cap, window_.size()));
    window_ = window_.subspan(piece.size());
    return piece;
  }
  std::uint64_t consumed() const override { return consumed_; }

 private:
  static constexpr std::size_t kSlots = 8;
  struct Slot {
    std::vector<std::byte> bytes;
    std::size_t size = 0;
    std::uint64_t consumed = 0;  // of the source, when it was full
  };

  void start() {
    if (started_) return;
    started_ = true;
    if (inflater_->is_small() || usable_processors() < 2) return;
    try {
      thread_ = std::thread([this] {
        while (wait_for_room()) produce();
      });
      threaded_ = true;
    } catch (const std::system_error&) {
      threaded_ = false;  // a limit on processes
    }
  }

  // Hands the slot that was read back to the thread.
  void release() {
    if (!held_) return;
    held_ = false;
    {
      const std::lock_guard lock(mutex_);
      ++released_;
    }
    changed_.notify_all();
  }

  bool wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || finished_ || produced_ - released_ < kSlots; });
    return !stopped_ && !finished_;
  }

  // Fills the next slot. Only the thread, or without one next(), comes here.
  void produce() {
    Slot& slot = slots_[produced_ % kSlots];
    slot.bytes.resize(kOutput);
    Result<std::size_t> size = inflater_->inflate(slot.bytes);
    if (size) {
      inflated_ += *size;
      if (const Status within = check_limits(*size); !within) size = within.error();
    }
    {
      const std::lock_guard lock(mutex_);
      if (size) {
        slot.size = *size;
        slot.consumed = inflater_->consumed();
        ++produced_;
      } else {
        error_ = size.error();
      }
      finished_ = !size || inflater_->ended();
    }
    changed_.notify_all();
  }

  Status check_limits(std::size_t last) const {
    const std::uint64_t used = limits_.consumed_before + inflater_->consumed();
    const std::uint64_t inflated = limits_.inflated_before + inflated_;
    const bool over_ratio = inflated > limits_.ratio_from && inflated / limits_.ratio > used;
    if (inflated <= limits_.total && !over_ratio) return Done{};
    return archive_error(
        inflater_->where(),
        fmt::format("{} of compressed data inflate to more than {}", format_bytes(used), format_bytes(inflated - last)),
        "Nothing real is packed so densely: it seems made to exhaust its reader");
  }

  const std::unique_ptr<Inflater> inflater_;
  const InflateLimits limits_;
  std::uint64_t inflated_ = 0;

  // The reader's.
  Bytes window_;
  std::uint64_t consumed_ = 0;
  bool held_ = false;
  bool started_ = false;
  bool threaded_ = false;

  std::thread thread_;
  std::mutex mutex_;  // guards what follows, but not the bytes of slots: those between released_ and produced_ are read
  std::condition_variable changed_;
  std::array<Slot, kSlots> slots_;
  std::uint64_t produced_ = 0;
  std::uint64_t released_ = 0;
  bool finished_ = false;
  bool stopped_ = false;
  std::optional<Error> error_;
};
}  // namespace

std::unique_ptr<ByteStream> inflate_ahead(std::unique_ptr<Inflater> inflater, const InflateLimits& limits) {
  return std::make_unique<InflatingStream>(std::move(inflater), limits);
}

}  // namespace varve
