#include "kernels/trace/whole_trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace varve {

Result<std::string> read_whole(TraceInput& input, std::size_t most) {
  constexpr std::size_t kReadAtOnce = std::size_t{1} << 18;
  std::string bytes;
  if (const FileReader* file = input.file()) bytes.reserve(std::min<std::uint64_t>(file->size(), most) + kReadAtOnce);
  while (true) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kReadAtOnce);
    const auto got = input.read(std::as_writable_bytes(std::span(bytes)).subspan(before));
    bytes.resize(before + (got ? *got : 0));
    if (!got) return got.error();
    if (*got == 0) return bytes;
    if (bytes.size() > most) {
      return Error{"reading a trace", input.where(), fmt::format("it is larger than {}", format_bytes(most)),
                   "This format has to be held in memory as a whole: record a shorter window"};
    }
  }
}

}  // namespace varve
