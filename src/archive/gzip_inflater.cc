#include <isa-l/igzip_lib.h>

#include "archive/inflater.h"

namespace varve {

namespace {
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
      return archive_error(where(), "the check sum of its gzip data is wrong",
                           "The file is damaged: copy or save it again");
    }
    if (result < 0 || result == ISAL_NEED_DICT || beyond) {
      return archive_error(where(), "its gzip data is damaged", "Copy or save the file again");
    }
    const bool stuck = used == 0 && state_->avail_out == room && state_->block_state != ISAL_BLOCK_FINISH;
    if (stuck && source_ended()) return truncated();
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
}  // namespace

std::unique_ptr<Inflater> make_gzip_inflater(FileReader file, std::string where) {
  return std::make_unique<GzipInflater>(std::move(file), std::move(where));
}

}  // namespace varve
