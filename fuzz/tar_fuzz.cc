// A layer as it comes: plain, gzip or zstd. Headers carry a check sum that hardly any mutation keeps, so every input is
// read once as it is and once with the sum of every block made right.
#include <string>

#include "archive/archive_testing.h"
#include "archive/tar.h"
#include "memory_file.h"

namespace {
void read_archive(const std::string& bytes, bool with_content) {
  const varve::InflateLimits limits = {.total = 1 << 20, .ratio = 200, .ratio_from = 1 << 18};  // small, to be fast
  const auto stream = varve::open_stream(memory_file(bytes), "fuzz", limits);
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
