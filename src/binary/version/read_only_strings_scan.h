#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "world/file_reader.h"

namespace varve {

// A piece of a range with what surrounds it: the bytes [begin, end) of `bytes` are new, the rest was or will be seen by
// another window. `first` and `last`: the range starts or ends with these bytes.
struct ScanWindow {
  std::string_view bytes;
  std::size_t begin = 0, end = 0;
  bool first = false, last = false;
};

// Small enough to stay near the processor, and to be had again without asking the kernel for pages.
constexpr std::size_t kScanWindow = std::size_t{96} << 10;

// Goes through a part of a file in windows of kScanWindow with `margin` bytes on both sides, far fewer than that, so
// that nothing shorter than the margin is cut in two. Stops when the visitor says false. False: the range is not in the
// file.
bool scan_range(const FileReader& reader, std::uint64_t offset, std::uint64_t size, std::size_t margin,
                const std::function<bool(const ScanWindow&)>& visit);

// The first occurrence of `wanted` at or after `from`; npos when there is none. Faster than string_view::find on large
// windows of binary data.
std::size_t find_bytes(std::string_view bytes, std::string_view wanted, std::size_t from);

}  // namespace varve
