#include <fmt/format.h>
#include <zstd.h>

#include "archive/inflater.h"

namespace varve {

namespace {
struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdInflater : public Inflater {
 public:
  ZstdInflater(FileReader file, std::string where)
      : Inflater(std::move(file), std::move(where)), context_(ZSTD_createDCtx()) {}

  Status fill(std::span<std::byte> into, std::size_t& filled) override {
    if (context_ == nullptr) return archive_error(where(), "there is no memory for zstd");
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
        return archive_error(where(), fmt::format("its zstd data cannot be read: {}", ZSTD_getErrorName(result)),
                             "The file may be damaged");
      }
      const bool moved = in.pos > 0 || out.pos > before;
      unread_ = unread_.subspan(in.pos);
      if (moved) frame_open_ = result != 0;
      if (moved || !source_ended() || !unread_.empty()) continue;
      if (frame_open_) return truncated();
      ended_ = true;
      break;
    }
    return Done{};
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool frame_open_ = false;
};
}  // namespace

std::unique_ptr<Inflater> make_zstd_inflater(FileReader file, std::string where) {
  return std::make_unique<ZstdInflater>(std::move(file), std::move(where));
}

}  // namespace varve
