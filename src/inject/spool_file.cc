#include "inject/spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "inject/reserved.h"
#include "inject/short_text.h"

namespace varve::inject {

bool LineWriter::reserve() {
  if (buffer_ == nullptr) buffer_ = static_cast<char*>(reserve_bytes(kSize + kLongestLine));
  used_ = 0;
  in_line_ = false;
  return buffer_ != nullptr;
}

void LineWriter::begin_word() {
  if (in_line_) put(' ');
  in_line_ = true;
}

LineWriter& LineWriter::word(const char* text, std::size_t size) {
  begin_word();
  if (size == 0) put('%'), put('-');  // a word that is empty
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c > ' ' && c != '%' && c != 127) {
      put(text[i]);
      continue;
    }
    put('%');
    put("0123456789ABCDEF"[c >> 4]);
    put("0123456789ABCDEF"[c & 15]);
  }
  return *this;
}

LineWriter& LineWriter::number(std::uint64_t value) {
  char digits[24];
  ShortText(digits, sizeof digits).add(value);
  return word(digits);
}

LineWriter& LineWriter::pair(std::uint64_t left, std::uint64_t right) {
  char digits[48];
  ShortText(digits, sizeof digits).add(left).add(":").add(right);
  return word(digits);
}

void LineWriter::end_line() {
  put(' ');
  put('.');
  put('\n');
  in_line_ = false;
}

bool SpoolFile::create(const char* directory, int process) {
  constexpr int kMostTries = 10'000;
  for (int i = 1; i <= kMostTries; ++i) {
    ShortText text(path_, sizeof path_);
    text.add(directory).add("/cuda-").add(static_cast<std::uint64_t>(process));
    if (i > 1) text.add("-").add(static_cast<std::uint64_t>(i));
    if (!text.add(".spool").fits()) return false;
    const int made = ::open(path_, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (made >= 0) {
      ::close(made);
      ShortText(new_path_, sizeof new_path_).add(path_).add(".new");
      written_ = written_before_ = 0;
      limit_ = 4u << 20;
      return true;
    }
    if (errno != EEXIST) return false;
  }
  return false;
}

bool SpoolFile::open(bool whole) {
  is_whole_ = whole;
  has_failed_ = false;
  const int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (whole ? O_CREAT | O_TRUNC : O_APPEND);
  file_ = ::open(whole ? new_path_ : path_, flags, 0600);
  written_before_ = written_;
  if (whole) written_ = 0;
  if (file_ >= 0 && !whole && was_torn_) has_failed_ = ::write(file_, "\n", 1) != 1;
  return file_ >= 0;
}

bool SpoolFile::write(LineWriter& lines) {
  const char* from = lines.bytes();
  std::size_t left = lines.size();
  while (left > 0 && !has_failed_) {
    const ssize_t done = ::write(file_, from, left);
    if (done > 0) {
      from += done;
      left -= static_cast<std::size_t>(done);
      written_ += static_cast<std::uint64_t>(done);
    } else if (done == 0 || errno != EINTR) {
      has_failed_ = true;
    }
  }
  lines.clear();
  return !has_failed_;
}

bool SpoolFile::close() {
  ::close(file_);
  file_ = -1;
  if (is_whole_) {
    has_failed_ = has_failed_ || ::rename(new_path_, path_) != 0;
    if (has_failed_) {
      ::unlink(new_path_);
      written_ = written_before_;
      limit_ *= 2;
      return false;
    }
    limit_ = written_ * 4 > (4u << 20) ? written_ * 4 : (4u << 20);
  }
  was_torn_ = has_failed_;
  return !has_failed_;
}

}  // namespace varve::inject
