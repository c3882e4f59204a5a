#include "binary/file_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace varve {

Result<FileReader> FileReader::open(int fd, const std::string& where) {
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    return Error{"reading an ELF file", where, std::strerror(errno), ""};
  }
  if (!S_ISREG(status.st_mode)) {
    return Error{"reading an ELF file", where, "it is not a regular file", ""};
  }
  return FileReader(fd, static_cast<std::uint64_t>(status.st_size));
}

bool FileReader::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (!holds(offset, into.size())) return false;
  std::size_t done = 0;
  while (done < into.size()) {
    ssize_t got = pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
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
