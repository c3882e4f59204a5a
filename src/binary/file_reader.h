#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace varve {

// Reads of an open regular file that stay inside it. The descriptor is the caller's.
class FileReader {
 public:
  static Result<FileReader> open(int fd, const std::string& where);

  std::uint64_t size() const { return size_; }
  // Whether the bytes [offset, offset + length) exist, without overflow.
  bool holds(std::uint64_t offset, std::uint64_t length) const { return offset <= size_ && length <= size_ - offset; }
  // Fills `into`; false when the range is not in the file or the file shrank meanwhile.
  bool read(std::uint64_t offset, std::span<std::byte> into) const;
  // The text at `offset` up to a zero byte, at most `cap` bytes and not beyond `end`; nothing when no zero byte is
  // there.
  std::optional<std::string> text(std::uint64_t offset, std::uint64_t end, std::size_t cap) const;

  template <class T>
  bool read_value(std::uint64_t offset, T& into) const {
    return read(offset, std::as_writable_bytes(std::span(&into, 1)));
  }

 private:
  FileReader(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  int fd_;
  std::uint64_t size_;
};

}  // namespace varve
