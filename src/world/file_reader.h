#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace varve {

// An open file descriptor, closed at the end of its life.
class FileHandle {
 public:
  explicit FileHandle(int fd = -1) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  ~FileHandle();

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Reads of a regular file, or of a part of one (a member of an archive), that stay inside it. By pread: no mapping that
// a shrinking file could turn into a signal. Copies share the descriptor.
class FileReader {
 public:
  // The descriptor stays the caller's and must live longer. Error: not a regular file.
  static Result<FileReader> open(int fd, const std::string& where);
  // The descriptor lives as long as the reader and its copies.
  static Result<FileReader> open(FileHandle file, const std::string& where);

  // The bytes [offset, offset + size) as a file of their own; nothing when they are not all there.
  std::optional<FileReader> part(std::uint64_t offset, std::uint64_t size) const;

  // The same bytes, read ahead a page at a time: for many small things that stand close together. Copies of it share
  // the page; one thread at a time.
  FileReader buffered() const;

  std::uint64_t size() const { return size_; }
  // Whether the bytes [offset, offset + length) exist, without overflow.
  bool holds(std::uint64_t offset, std::uint64_t length) const { return offset <= size_ && length <= size_ - offset; }
  // Fills `into`; false when the range is not in the file or the file shrank meanwhile.
  bool read(std::uint64_t offset, std::span<std::byte> into) const;
  // As many bytes as there are from `offset` on, at most `cap`; files of the kernel (proc, sysfs), whose stated size is
  // not that of the content, included. Nothing when reading fails.
  std::optional<std::string> start(std::uint64_t offset, std::size_t cap) const;
  // The text at `offset` up to a zero byte, at most `cap` bytes and not beyond `end`; nothing when no zero byte is
  // there.
  std::optional<std::string> text(std::uint64_t offset, std::uint64_t end, std::size_t cap) const;

  template <class T>
  bool read_value(std::uint64_t offset, T& into) const {
    return read(offset, std::as_writable_bytes(std::span(&into, 1)));
  }

  int fd() const { return fd_; }                    // of the whole file
  std::uint64_t position() const { return base_; }  // in the whole file

 private:
  struct Page {
    std::uint64_t offset = 0;  // in this reader
    std::size_t size = 0;
    std::array<std::byte, 4096> bytes;
  };

  FileReader(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  bool read_directly(std::uint64_t offset, std::span<std::byte> into) const;
  int fd_;
  std::uint64_t base_ = 0;
  std::uint64_t size_;
  bool whole_ = true;
  std::shared_ptr<const FileHandle> owner_;
  std::shared_ptr<Page> page_;  // null: not buffered
};

}  // namespace varve
