#pragma once
// For benchmarks only: ISA-L's bare loops over a file, to make what is measured and to measure it against.
#include <fcntl.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "stats/descriptive.h"
#include "world/file_reader.h"

namespace varve {

[[noreturn]] inline void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(2);
}

inline FileReader open_file(const std::string& path) {
  const Result<FileReader> file = FileReader::open(FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  if (!file) fail(to_text(file.error()));
  return *file;
}

// Every piece of the file, 256 KiB at most, in its order. Into a page of its own: a few bytes behind the beginning of
// one, where malloc puts large blocks, the kernel copies whole pages at a fifth of the speed.
inline void each_piece(const std::string& path, const std::function<void(std::span<std::byte>, bool last)>& take) {
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  const FileReader file = open_file(path);
  constexpr std::size_t kPage = 4096;
  std::vector<std::byte> room(kPiece + kPage);
  void* begin = room.data();
  std::size_t left = room.size();
  auto* const page = static_cast<std::byte*>(std::align(kPage, kPiece, begin, left));
  std::span<std::byte> piece;
  for (std::uint64_t at = 0; at < file.size(); at += piece.size()) {
    piece = {page, std::min<std::uint64_t>(kPiece, file.size() - at)};
    if (!file.read(at, piece)) fail(path + " cannot be read");
    take(piece, at + piece.size() == file.size());
  }
}

// Hands on the file as gzip, of ISA-L's level 1 to 3.
inline void gzip_file(const std::string& path, std::uint32_t level,
                      const std::function<void(const void* bytes, std::size_t size)>& write) {
  std::vector<std::uint8_t> packed(std::size_t{256} << 10), work(ISAL_DEF_LVL3_DEFAULT);
  const auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  stream->gzip_flag = IGZIP_GZIP;
  stream->level = level;
  stream->level_buf = work.data();
  stream->level_buf_size = static_cast<std::uint32_t>(work.size());
  each_piece(path, [&](std::span<std::byte> piece, bool last) {
    stream->next_in = reinterpret_cast<std::uint8_t*>(piece.data());
    stream->avail_in = static_cast<std::uint32_t>(piece.size());
    stream->end_of_stream = last ? 1 : 0;
    do {
      stream->next_out = packed.data();
      stream->avail_out = static_cast<std::uint32_t>(packed.size());
      isal_deflate(stream.get());
      write(packed.data(), packed.size() - stream->avail_out);
    } while (stream->avail_out == 0);
  });
}

// Inflates the file to nowhere; how many bytes that were.
inline std::uint64_t inflate_gzip_to_nowhere(const std::string& path) {
  std::vector<std::uint8_t> space(std::size_t{256} << 10);
  const auto state = std::make_unique<inflate_state>();
  isal_inflate_init(state.get());
  state->crc_flag = ISAL_GZIP;
  std::uint64_t total = 0;
  each_piece(path, [&](std::span<std::byte> piece, bool) {
    state->next_in = reinterpret_cast<std::uint8_t*>(piece.data());
    state->avail_in = static_cast<std::uint32_t>(piece.size());
    do {
      state->next_out = space.data();
      state->avail_out = static_cast<std::uint32_t>(space.size());
      if (isal_inflate(state.get()) != ISAL_DECOMP_OK) fail("ISA-L cannot read its own gzip");
      total += space.size() - state->avail_out;
    } while (state->avail_out == 0);
  });
  return total;
}

}  // namespace varve
