// A program's output with oneDNN's verbose lines in it, in one piece and byte by byte: both must see the same,
// and leave the same of it as the program's own.
#include <cstdlib>
#include <string>

#include "kernels/onednn_verbose.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  varve::OnednnVerboseScanner whole, pieces;
  std::string own(whole.feed(text)), own_of_pieces;
  for (std::size_t at = 0; at < size; ++at) own_of_pieces += pieces.feed(text.substr(at, 1));
  if (own + std::string(whole.feed({})) != own_of_pieces + std::string(pieces.feed({}))) std::abort();
  if (!(whole.take().profiles == pieces.take().profiles)) std::abort();
  return 0;
}
