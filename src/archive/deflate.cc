#include "archive/deflate.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

namespace varve {

namespace {
constexpr std::size_t kPiece = std::size_t{1} << 30;  // the library counts in 32 bits
}

std::string gzip_of(std::string_view text) {
  isal_zstream stream{};  // isal_deflate_init (2.30) leaves parts of it as they were, and at this level they are read
  isal_deflate_init(&stream);
  std::vector<std::uint8_t> memory(ISAL_DEF_LVL3_DEFAULT);
  stream.level = 3;  // the densest that it has
  stream.level_buf = memory.data();
  stream.level_buf_size = static_cast<std::uint32_t>(memory.size());
  stream.gzip_flag = IGZIP_GZIP;

  std::string packed;
  std::array<std::uint8_t, std::size_t{1} << 16> piece;
  do {
    if (stream.avail_in == 0) {
      const std::size_t size = std::min(text.size(), kPiece);
      // The library reads only, and takes no pointer to const.
      stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
      stream.avail_in = static_cast<std::uint32_t>(size);
      text.remove_prefix(size);
      stream.end_of_stream = text.empty() ? 1 : 0;
    }
    stream.next_out = piece.data();
    stream.avail_out = piece.size();
    [[maybe_unused]] const int done = isal_deflate(&stream);
    assert(done == COMP_OK);
    packed.append(reinterpret_cast<const char*>(piece.data()), piece.size() - stream.avail_out);
  } while (stream.internal_state.state != ZSTATE_END);
  return packed;
}

}  // namespace varve
