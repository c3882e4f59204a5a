// A program's output with oneDNN's verbose lines in it, in one piece and byte by byte: both must see the same.
#include <cstdlib>

#include "kernels/onednn_verbose.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  varve::OnednnVerboseScanner whole, pieces;
  whole.feed(text);
  for (std::size_t at = 0; at < size; ++at) pieces.feed(text.substr(at, 1));
  if (!(whole.take().profiles == pieces.take().profiles)) std::abort();
  return 0;
}
