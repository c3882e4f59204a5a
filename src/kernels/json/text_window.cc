#include "kernels/json/text_window.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace varve {

namespace {
constexpr std::size_t kFirstSize = std::size_t{1} << 18;  // stays in the cache of a core
}  // namespace

TextWindow::TextWindow(TraceInput& input, std::size_t most) : input_(input), most_(most) {
  buffer_.resize(kFirstSize);
  buffer_.pad(0);
}

Result<std::size_t> TextWindow::read_into(char* into, std::size_t room) {
  const FileReader* file = input_.file();
  if (file == nullptr) return input_.read(std::as_writable_bytes(std::span(into, room)));
  const std::uint64_t from = at_ + size();
  const std::size_t left = from < file->size() ? std::min<std::uint64_t>(room, file->size() - from) : 0;
  input_.came_to(from + left);
  if (left == 0 || file->read(from, std::as_writable_bytes(std::span(into, left)))) return left;
  return Error{"reading a trace", input_.where(), "reading failed, or it became shorter meanwhile", "Try again"};
}

Result<TextWindow::More> TextWindow::more() {
  if (ended_) return More::ended;
  const std::size_t kept = size();
  if (kept > buffer_.room() / 2) {
    if (buffer_.room() >= most_) return More::too_long;
    buffer_.resize(2 * buffer_.room());
  }
  // What is kept moves so that its end, where reading goes on, is the beginning of a page.
  const std::size_t start = (kPage - kept % kPage) % kPage;
  std::memmove(buffer_.bytes() + start, data(), kept);
  begin_ = start;
  end_ = start + kept;
  while (end_ < buffer_.room() && !ended_) {
    const auto got = read_into(buffer_.bytes() + end_, buffer_.room() - end_);
    if (!got) return got.error();
    end_ += *got;
    ended_ = *got == 0;
  }
  buffer_.pad(end_);
  return size() > kept ? More::read : More::ended;
}

Status TextWindow::move_to(std::uint64_t at) {
  if (at - at_ >= size()) {
    begin_ = end_ = 0;
    at_ = at - at % kPage;
    if (const auto read = more(); !read) return read.error();
  }
  advance(std::min<std::uint64_t>(at - at_, size()));
  return Done{};
}

}  // namespace varve
