#include "binary/loader/loader_cache.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>

namespace varve {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
constexpr std::uint32_t kMostRows = 131'072;  // each name is looked for in all
constexpr std::size_t kMostNameBytes = 4096;
constexpr std::uint32_t kMostCapabilities = 256;
constexpr std::string_view kOldMagic = "ld.so-1.7.0";
constexpr std::string_view kNewMagic = "glibc-ld.so.cache1.1";
constexpr std::uint32_t kExtensionMagic = 0xeaa42174;
constexpr std::uint64_t kExtensionBit = std::uint64_t{1} << 62;

struct Header {
  char magic[20];
  std::uint32_t rows, strings_size;
  std::uint8_t byte_order, padding[3];
  std::uint32_t extension, unused[3];
};
static_assert(sizeof(Header) == 48);

struct Row {
  std::int32_t flags;
  std::uint32_t name, path, os_version;
  std::uint64_t capabilities;
};
static_assert(sizeof(Row) == 24);

Error broken_cache(const std::string& where, std::string found) {
  return Error{"reading the loader's cache", where, std::move(found), "write it again with ldconfig"};
}

template <class T>
bool read_at(std::string_view bytes, std::uint64_t offset, T& into) {
  if (offset > bytes.size() || sizeof into > bytes.size() - offset) return false;
  std::memcpy(&into, bytes.data() + offset, sizeof into);
  return true;
}

std::optional<std::string> text_at(std::string_view bytes, std::uint64_t offset) {
  if (offset >= bytes.size()) return std::nullopt;
  std::string_view rest = bytes.substr(offset, kMostNameBytes);
  std::size_t end = rest.find('\0');
  if (end == rest.npos) return std::nullopt;
  return std::string(rest.substr(0, end));
}

// The new part inside the file: all of it, or what follows the old part.
std::optional<std::string_view> new_part(std::string_view bytes) {
  if (bytes.starts_with(kNewMagic)) return bytes;
  std::uint32_t rows = 0;
  if (!bytes.starts_with(kOldMagic) || !read_at(bytes, 12, rows)) return std::nullopt;
  std::uint64_t offset = (16 + std::uint64_t{rows} * 12 + 7) / 8 * 8;
  if (offset > bytes.size() || !bytes.substr(offset).starts_with(kNewMagic)) return std::nullopt;
  return bytes.substr(offset);
}

// FLAG_ELF_LIBC6 (3) and the ABI in the second byte: 3 x86-64, 10 AArch64 hard float (glibc elf/ldconfig.h).
std::uint16_t machine_of(std::int32_t flags) {
  if (flags == 0x0303) return EM_X86_64;
  return flags == 0x0a03 ? EM_AARCH64 : EM_NONE;
}

std::optional<std::vector<std::string>> read_capability_names(std::string_view bytes, std::uint32_t extension) {
  std::vector<std::string> names;
  struct {
    std::uint32_t magic, sections;
  } header{};
  if (extension == 0) return names;
  if (!read_at(bytes, extension, header)) return std::nullopt;
  if (header.magic != kExtensionMagic) return names;
  for (std::uint32_t i = 0; i < std::min(header.sections, kMostCapabilities); ++i) {
    struct {
      std::uint32_t tag, flags, offset, size;
    } section{};
    if (!read_at(bytes, extension + sizeof header + std::uint64_t{i} * sizeof section, section)) return std::nullopt;
    if (section.tag != 1) continue;
    for (std::uint32_t k = 0; k < std::min(section.size / 4, kMostCapabilities); ++k) {
      std::uint32_t place = 0;
      if (!read_at(bytes, section.offset + std::uint64_t{k} * 4, place)) return std::nullopt;
      auto name = text_at(bytes, place);
      if (!name) return std::nullopt;
      names.push_back(std::move(*name));
    }
    break;
  }
  return names;
}

}  // namespace

std::vector<const LoaderCacheEntry*> LoaderCache::find(std::string_view name, std::uint16_t machine) const {
  std::vector<const LoaderCacheEntry*> found;
  for (const LoaderCacheEntry& entry : entries) {
    if (entry.machine == machine && entry.name == name) found.push_back(&entry);
  }
  return found;
}

Result<LoaderCache> read_loader_cache(const FileReader& reader, const std::string& where) {
  if (reader.size() > kMostBytes) return broken_cache(where, "it is larger than 64 MiB");
  auto file = reader.start(0, kMostBytes);
  if (!file) return broken_cache(where, "it cannot be read");
  auto bytes = new_part(*file);
  if (!bytes) return broken_cache(where, "it is not of the format glibc-ld.so.cache1.1");
  Header header;
  if (!read_at(*bytes, 0, header)) return broken_cache(where, "it ends inside its header");
  if (header.byte_order != 0 && header.byte_order != 2) return broken_cache(where, "it is of a big-endian machine");
  if (header.rows > kMostRows || std::uint64_t{header.rows} * sizeof(Row) > bytes->size() - sizeof header) {
    return broken_cache(where, "its rows reach beyond its end");
  }
  auto capabilities = read_capability_names(*bytes, header.extension);
  if (!capabilities) return broken_cache(where, "its extension points outside the file");
  LoaderCache cache;
  cache.entries.reserve(header.rows);
  std::uint64_t left = kMostBytes;  // all rows may share one long name
  for (std::uint32_t i = 0; i < header.rows; ++i) {
    Row row;
    (void)read_at(*bytes, sizeof header + std::uint64_t{i} * sizeof row, row);
    auto name = text_at(*bytes, row.name), path = text_at(*bytes, row.path);
    if (!name || !path) return broken_cache(where, "a name points outside the file");
    LoaderCacheEntry entry{std::move(*name), std::move(*path), {}, false, machine_of(row.flags)};
    if ((row.capabilities & kExtensionBit) != 0) {
      auto index = static_cast<std::uint32_t>(row.capabilities);
      if (index >= capabilities->size()) return broken_cache(where, "a row names a capability that is not listed");
      entry.capability = (*capabilities)[index];
    } else {
      entry.legacy_capability = row.capabilities != 0;
    }
    const std::uint64_t size = entry.name.size() + entry.path.size() + entry.capability.size();
    if (size > left) return broken_cache(where, "its names are more than 64 MiB");
    left -= size;
    cache.entries.push_back(std::move(entry));
  }
  return cache;
}

}  // namespace varve
