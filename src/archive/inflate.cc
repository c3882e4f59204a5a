#include "archive/inflate.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
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

constexpr std::size_t kInput = std::size_t{256} << 10;   // read at once from the compressed file
constexpr std::size_t kOutput = std::size_t{256} << 10;  // inflated at once: stays in the second-level cache

Error failure(const std::string& where, std::string found, std::string hint = {}) {
  return {"reading an archive", where, std::move(found), std::move(hint)};
}

Error truncated(const std::string& where) {
  return failure(where, "the compressed data ends too early", "The file may be truncated: copy or save it again");
}

class PlainStream : public ByteStream {
 public:
  PlainStream(FileReader file, std::string where) : file_(std::move(file)), where_(std::move(where)) {}

  Result<Bytes> next(std::size_t cap) override {
    const std::size_t size = std::min<std::uint64_t>({cap, kInput, file_.size() - position_});
    if (buffer_.size() < size) buffer_.resize(size);
    const std::span<std::byte> piece = std::span(buffer_).first(size);
    if (!file_.read(position_, piece)) return failure(where_, "it cannot be read", "Was it changed meanwhile?");
    position_ += size;
    return Bytes(piece);
  }
  Result<std::uint64_t> skip(std::uint64_t size) override {
    const std::uint64_t passed = std::min(size, file_.size() - position_);
    position_ += passed;
    return passed;
  }
  std::uint64_t consumed() const override { return position_; }

 private:
  FileReader file_;
  std::string where_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> buffer_;
};

// One format's way from compressed bytes to inflated ones. Used by one thread at a time.
class Inflater {
 public:
  Inflater(FileReader file, std::string where)
      : file_(std::move(file)), where_(std::move(where)), input_(std::min<std::uint64_t>(kInput, file_.size() + 1)) {}
  virtual ~Inflater() = default;

  // Fills `into` as far as the stream goes; says how many bytes came out. Those in front of a fault come first, the
  // fault with the next call.
  Result<std::size_t> inflate(std::span<std::byte> into) {
    std::size_t filled = 0;
    if (!fault_) {
      if (const Status done = fill(into, filled); !done) fault_ = done.error();
    }
    if (fault_ && filled == 0) return *fault_;
    return filled;
  }
  bool ended() const { return ended_; }
  std::uint64_t consumed() const { return position_ - unread_.size(); }
  const std::string& where() const { return where_; }
  bool is_small() const { return file_.size() < kInput; }

 protected:
  virtual Status fill(std::span<std::byte> into, std::size_t& filled) = 0;

  // More compressed bytes behind those not yet used; none at the end of the file.
  Status refill() {
    const std::size_t kept = unread_.size();
    if (kept > 0) std::memmove(input_.data(), unread_.data(), kept);
    const std::size_t size = std::min<std::uint64_t>(input_.size() - kept, file_.size() - position_);
    if (kept == input_.size() || !file_.read(position_, std::span(input_).subspan(kept, size))) {
      return failure(where_, "it cannot be read", "Was it changed meanwhile?");
    }
    position_ += size;
    unread_ = Bytes(input_).first(kept + size);
    return Done{};
  }
  bool source_ended() const { return position_ == file_.size(); }

  Bytes unread_;
  bool ended_ = false;

 private:
  FileReader file_;
  std::uint64_t position_ = 0;  // in the file, behind what was read into input_

 protected:
  std::string where_;

 private:
  std::vector<std::byte> input_;
  std::optional<Error> fault_;
};

// Inflates ahead of its reader in a thread of its own, so that what is done with the bytes costs no time of its own
// where there are two processors. Where a thread would cost more than it saves, or none can be had, next() does the
// work.
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
    return failure(
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

class GzipInflater : public Inflater {
 public:
  GzipInflater(FileReader file, std::string where)
      : Inflater(std::move(file), std::move(where)), state_(std::make_unique<inflate_state>()) {
    start_member();
  }

  Status fill(std::span<std::byte> into, std::size_t& filled) override {
    state_->next_out = reinterpret_cast<std::uint8_t*>(into.data());
    state_->avail_out = static_cast<std::uint32_t>(into.size());
    Status done = Done{};
    while (done && state_->avail_out > 0 && !ended_) done = step();
    filled = into.size() - state_->avail_out;
    return done;
  }

 private:
  Status step() {
    if (state_->block_state == ISAL_BLOCK_FINISH) return next_member();
    if (unread_.empty() && !source_ended()) {
      if (Status more = refill(); !more) return more;
    }
    return inflate_some();
  }

  void start_member() {
    std::uint8_t* const out = state_->next_out;
    const std::uint32_t room = state_->avail_out;
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;  // header and check sum are its work too
    state_->next_out = out;
    state_->avail_out = room;
  }

  Status inflate_some() {
    const std::uint32_t room = state_->avail_out;
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(unread_.data()));
    state_->avail_in = static_cast<std::uint32_t>(unread_.size());
    const int result = isal_inflate(state_.get());
    // Of damaged data the library hands back more than it was given: bytes that it took in an earlier call.
    const bool beyond = state_->avail_in > unread_.size();
    const std::size_t used = beyond ? 0 : unread_.size() - state_->avail_in;
    unread_ = unread_.subspan(used);
    if (result == ISAL_INCORRECT_CHECKSUM) {
      return failure(where_, "the check sum of its gzip data is wrong", "The file is damaged: copy or save it again");
    }
    if (result < 0 || result == ISAL_NEED_DICT || beyond) {
      return failure(where_, "its gzip data is damaged", "Copy or save the file again");
    }
    const bool stuck = used == 0 && state_->avail_out == room && state_->block_state != ISAL_BLOCK_FINISH;
    if (stuck && source_ended()) return truncated(where_);
    if (stuck) return refill();
    return Done{};
  }

  // Behind a member: another one, or the end.
  Status next_member() {
    if (unread_.size() < 2 && !source_ended()) {
      if (Status more = refill(); !more) return more.error();
    }
    if (unread_.size() < 2 || unread_[0] != std::byte{0x1f} || unread_[1] != std::byte{0x8b}) {
      ended_ = true;
    } else {
      start_member();
    }
    return Done{};
  }

  std::unique_ptr<inflate_state> state_;
};

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdInflater : public Inflater {
 public:
  ZstdInflater(FileReader file, std::string where)
      : Inflater(std::move(file), std::move(where)), context_(ZSTD_createDCtx()) {}

  Status fill(std::span<std::byte> into, std::size_t& filled) override {
    if (context_ == nullptr) return failure(where_, "there is no memory for zstd");
    ZSTD_outBuffer out = {into.data(), into.size(), 0};
    const Status done = inflate_frames(out);
    filled = out.pos;
    return done;
  }

 private:
  Status inflate_frames(ZSTD_outBuffer& out) {
    while (out.pos < out.size) {
      if (unread_.empty()) {
        if (Status more = refill(); !more) return more.error();
      }
      ZSTD_inBuffer in = {unread_.data(), unread_.size(), 0};
      const std::size_t before = out.pos;
      const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
      if (ZSTD_isError(result)) {
        return failure(where_, fmt::format("its zstd data cannot be read: {}", ZSTD_getErrorName(result)),
                       "The file may be damaged");
      }
      const bool moved = in.pos > 0 || out.pos > before;
      unread_ = unread_.subspan(in.pos);
      if (moved) frame_open_ = result != 0;
      if (moved || !source_ended() || !unread_.empty()) continue;
      if (frame_open_) return truncated(where_);
      ended_ = true;
      break;
    }
    return Done{};
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool frame_open_ = false;
};
}  // namespace

Result<std::uint64_t> ByteStream::skip(std::uint64_t size) {
  std::uint64_t passed = 0;
  while (passed < size) {
    const Result<Bytes> piece = next(std::min<std::uint64_t>(size - passed, SIZE_MAX));
    if (!piece) return piece.error();
    if (piece->empty()) break;
    passed += piece->size();
  }
  return passed;
}

Compression compression_of(const FileReader& file) {
  struct Magic {
    std::string_view bytes;
    Compression compression;
  };
  using namespace std::string_view_literals;
  static constexpr std::array kMagics = {Magic{"\x1f\x8b"sv, Compression::gzip},
                                         Magic{"\x28\xb5\x2f\xfd"sv, Compression::zstd},
                                         Magic{"BZh"sv, Compression::unsupported},
                                         Magic{"\xfd"
                                               "7zXZ\0"sv,
                                               Compression::unsupported},
                                         Magic{"\x04\x22\x4d\x18"sv, Compression::unsupported}};
  const std::string start = file.start(0, 8).value_or("");
  for (const Magic& magic : kMagics) {
    if (start.starts_with(magic.bytes)) return magic.compression;
  }
  // A skippable frame of zstd: 0x184D2A50 to 0x184D2A5F, little endian.
  const bool skippable = start.size() >= 4 && (start[0] & 0xf0) == 0x50 && start.substr(1, 3) == "\x2a\x4d\x18";
  return skippable ? Compression::zstd : Compression::none;
}

Result<std::unique_ptr<ByteStream>> open_stream(const FileReader& file, const std::string& where,
                                                const InflateLimits& limits) {
  using Stream = std::unique_ptr<ByteStream>;
  switch (compression_of(file)) {
    case Compression::none:
      return Stream(std::make_unique<PlainStream>(file, where));
    case Compression::gzip:
      return Stream(std::make_unique<InflatingStream>(std::make_unique<GzipInflater>(file, where), limits));
    case Compression::zstd:
      return Stream(std::make_unique<InflatingStream>(std::make_unique<ZstdInflater>(file, where), limits));
    case Compression::unsupported:
      break;
  }
  return failure(where, "it is compressed with bzip2, xz or lz4", "Layers may be plain, gzip or zstd");
}

}  // namespace varve
