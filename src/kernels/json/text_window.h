#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "kernels/json/page_buffer.h"
#include "kernels/trace/trace.h"

namespace varve {

// A piece of a long text that slides over it: what lies before its beginning is gone, what was not read yet follows its
// end. Behind its end stand 64 blanks that may be read. A file is read by pread straight into it, whole pages to the
// beginnings of pages: behind one the kernel copies at half or a fifth of the speed.
class TextWindow {
 public:
  // Keeps as much as one look needs; a text that is longer than `most` bytes from the window's beginning on is refused.
  TextWindow(TraceInput& input, std::size_t most);

  const char* data() const { return buffer_.bytes() + begin_; }
  std::size_t size() const { return end_ - begin_; }
  std::string_view text() const { return {data(), size()}; }
  std::uint64_t at() const { return at_; }  // of the window's first byte, in the whole text

  void advance(std::size_t bytes) { begin_ += bytes, at_ += bytes; }  // at most size()
  // To a place further on in a file, which is not its end: at least one byte is there then. Error: reading failed.
  Status move_to(std::uint64_t at);

  enum class More { read, ended, too_long };
  // Reads on, at least one byte. Error: reading or inflating failed.
  Result<More> more();

 private:
  static constexpr std::size_t kPage = PageBuffer::kPage;

  Result<std::size_t> read_into(char* into, std::size_t room);

  TraceInput& input_;
  std::size_t most_;
  PageBuffer buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t at_ = 0;
  bool ended_ = false;
};

}  // namespace varve
