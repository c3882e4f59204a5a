#include "world/file_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace varve {

FileHandle::~FileHandle() {
  if (fd_ >= 0) ::close(fd_);
}

Result<FileReader> FileReader::open(int fd, const std::string& where) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return Error{"reading a file", where, std::strerror(errno), ""};
  if (!S_ISREG(status.st_mode)) return Error{"reading a file", where, "it is not a regular file", ""};
  return FileReader(fd, static_cast<std::uint64_t>(status.st_size));
}

Result<FileReader> FileReader::open(FileHandle file, const std::string& where) {
  Result<FileReader> reader = open(file.fd(), where);
  if (reader) reader->owner_ = std::make_shared<const FileHandle>(std::move(file));
  return reader;
}

std::optional<FileReader> FileReader::part(std::uint64_t offset, std::uint64_t size) const {
  if (!holds(offset, size)) return std::nullopt;
  FileReader part = *this;
  part.base_ += offset;
  part.size_ = size;
  part.whole_ = false;
  part.page_.reset();
  return part;
}

std::optional<std::string> FileReader::start(std::uint64_t offset, std::size_t cap) const {
  if (!whole_) cap = offset < size_ ? std::min<std::uint64_t>(cap, size_ - offset) : 0;
  constexpr std::size_t kStep = 16384;
  // Room for the stated size and for the look behind it.
  const std::size_t stated = offset < size_ ? std::min<std::uint64_t>(size_ - offset, cap) : 0;
  std::string text;
  text.reserve(std::min(cap, stated + kStep));
  while (text.size() < cap) {
    const std::size_t done = text.size();
    const std::size_t step = done < stated ? stated - done : done == stated ? kStep : std::max(done, kStep);
    text.resize(std::min(cap, done + step));
    const ssize_t got = pread(fd_, text.data() + done, text.size() - done, static_cast<off_t>(base_ + offset + done));
    text.resize(done + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
  }
  return text;
}

FileReader FileReader::buffered() const {
  FileReader reader = *this;
  reader.page_ = std::make_shared<Page>();
  return reader;
}

bool FileReader::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (!holds(offset, into.size())) return false;
  if (!page_ || into.size() > page_->bytes.size() / 4) return read_directly(offset, into);
  const bool there = offset >= page_->offset && offset + into.size() <= page_->offset + page_->size;
  if (!there) {
    // A little before it too: names that are asked for one after the other stand in any order.
    const std::uint64_t start = offset - offset % (page_->bytes.size() / 4);
    page_->size = 0;
    const std::size_t wanted = std::min<std::uint64_t>(page_->bytes.size(), size_ - start);
    if (!read_directly(start, std::span(page_->bytes).first(wanted))) return read_directly(offset, into);
    page_->offset = start;
    page_->size = wanted;
  }
  if (!into.empty()) std::memcpy(into.data(), page_->bytes.data() + (offset - page_->offset), into.size());
  return true;
}

bool FileReader::read_directly(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    ssize_t got = pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(base_ + offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<std::string> FileReader::text(std::uint64_t offset, std::uint64_t end, std::size_t cap) const {
  end = std::min(end, size_);
  std::string text;
  std::array<char, 256> piece{};
  while (offset < end && text.size() < cap) {
    std::size_t wanted = std::min({piece.size(), static_cast<std::size_t>(end - offset), cap - text.size()});
    if (!read(offset, std::as_writable_bytes(std::span(piece.data(), wanted)))) return std::nullopt;
    if (auto* stop = static_cast<const char*>(std::memchr(piece.data(), 0, wanted))) {
      return text.append(piece.data(), static_cast<std::size_t>(stop - piece.data()));
    }
    text.append(piece.data(), wanted);
    offset += wanted;
  }
  return std::nullopt;
}

}  // namespace varve
