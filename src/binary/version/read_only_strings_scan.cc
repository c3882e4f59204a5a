#include "binary/version/read_only_strings_scan.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

namespace varve {

bool scan_range(const FileReader& reader, std::uint64_t offset, std::uint64_t size, std::size_t margin,
                const std::function<bool(const ScanWindow&)>& visit) {
  if (!reader.holds(offset, size)) return false;
  std::string buffer;
  for (std::uint64_t at = 0; at < size; at += kScanWindow) {
    const std::uint64_t before = std::min<std::uint64_t>(at, margin);
    const std::uint64_t fresh = std::min<std::uint64_t>(kScanWindow, size - at);
    const std::uint64_t after = std::min<std::uint64_t>(size - at - fresh, margin);
    buffer.resize(before + fresh + after);
    if (!reader.read(offset + at - before, std::as_writable_bytes(std::span(buffer)))) return false;
    ScanWindow window{buffer, before, before + fresh, before == at, after == size - at - fresh};
    if (!visit(window)) return true;
  }
  return true;
}

std::size_t find_bytes(std::string_view bytes, std::string_view wanted, std::size_t from) {
  if (from >= bytes.size()) return std::string_view::npos;
  const void* found = memmem(bytes.data() + from, bytes.size() - from, wanted.data(), wanted.size());
  if (!found) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

}  // namespace varve
