#include "kernels/kineto/text_window.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace varve {

namespace {
constexpr std::size_t kFirstSize = std::size_t{1} << 18;  // stays in the cache of a core
constexpr std::size_t kPadding = 64;
}  // namespace

TextWindow::TextWindow(TraceInput& input, std::size_t most) : input_(input), most_(most) {
  buffer_.resize(kFirstSize + kPadding, ' ');
}

Result<std::size_t> TextWindow::read_into(char* into, std::size_t room) {
  const FileReader* file = input_.file();
  if (file == nullptr) return input_.read(std::as_writable_bytes(std::span(into, room)));
  const std::uint64_t from = base_ + end_;
  const std::size_t size = from < file->size() ? std::min<std::uint64_t>(room, file->size() - from) : 0;
  if (size == 0 || file->read(from, std::as_writable_bytes(std::span(into, size)))) return size;
  return Error{"reading a trace", input_.where(), "reading failed, or it became shorter meanwhile", "Try again"};
}

Result<TextWindow::More> TextWindow::more() {
  if (ended_) return More::ended;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), data(), size());
    base_ += begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  std::size_t room = buffer_.size() - kPadding;
  if (room - end_ < room / 2) {
    if (room >= most_) return More::too_long;
    room *= 2;
    buffer_.resize(room + kPadding);
  }
  const std::size_t before = end_;
  while (end_ < room && !ended_) {
    const auto got = read_into(buffer_.data() + end_, room - end_);
    if (!got) return got.error();
    end_ += *got;
    ended_ = *got == 0;
  }
  std::fill_n(buffer_.begin() + static_cast<std::ptrdiff_t>(end_), kPadding, ' ');
  return end_ > before ? More::read : More::ended;
}

}  // namespace varve
