// A layer as it comes: plain, gzip or zstd. Headers carry a check sum that hardly any mutation keeps, so every input is
// read once as it is and once with the sum of every block made right.
// clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Isrc fuzz/tar_fuzz.cc src/stack/image/{tar,inflate}.cc
// src/world/file_reader.cc src/base/{hash,result,text,units}.cc -lfmt -lcrypto -lisal -lzstd
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/archive_testing.h"
#include "archive/tar.h"

namespace {
void read_archive(const std::string& bytes, bool with_content) {
  varve::FileHandle file(memfd_create("fuzz", MFD_CLOEXEC));
  if (write(file.fd(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return;
  const auto reader = varve::FileReader::open(file.fd(), "fuzz");
  if (!reader) return;
  const varve::InflateLimits limits = {.total = 16 << 20, .ratio = 200, .ratio_from = 4 << 20};
  const auto stream = varve::open_stream(*reader, "fuzz", limits);
  if (!stream) return;
  varve::TarReader archive(**stream, "fuzz");
  std::uint64_t last = 0;
  while (true) {
    const auto member = archive.next();
    if (!member || !*member) return;
    if ((*member)->content <= last || (*member)->content % 512 != 0) std::abort();
    last = (*member)->content;
    std::uint64_t size = 0;
    while (with_content) {
      const auto piece = archive.content(700);
      if (!piece) return;
      if (piece->empty()) break;
      size += piece->size();
    }
    if (with_content && size != (*member)->size) std::abort();
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  read_archive(bytes, true);
  for (std::size_t at = 0; at + 512 <= bytes.size(); at += 512) {
    const std::string block = bytes.substr(at, 512);
    if (block.find_first_not_of('\0') != std::string::npos) bytes.replace(at, 512, varve::TarWriter::with_sum(block));
  }
  read_archive(bytes, true);
  read_archive(bytes, false);
  return 0;
}
