#include "binary/elf/dynamic_section_image.h"

#include <algorithm>

#include "binary/elf/symbol_hash.h"

namespace varve {

Error broken_dynamic(const std::string& where, std::string found) {
  return Error{"reading what an ELF file needs", where, std::move(found),
               "the file is damaged or cut short; install it again"};
}

namespace {

constexpr std::uint64_t kMostDynamicRows = 65'536;
constexpr std::size_t kMostSegments = 4096;  // each address is looked for in all; Linux runs nothing with over 1170
constexpr int kMostChainSteps = 65'536;

std::optional<ExportedSymbol> symbol_if_named(const DynamicImage& image, std::uint64_t table, std::uint32_t index,
                                              std::string_view name) {
  Elf64_Sym row;
  if (!read_at(image, table + std::uint64_t{index} * sizeof row, row) || row.st_shndx == SHN_UNDEF) return std::nullopt;
  if (image.string_at(row.st_name) != name) return std::nullopt;
  unsigned type = ELF64_ST_TYPE(row.st_info);
  return ExportedSymbol{row.st_value, row.st_size, type == STT_FUNC || type == STT_GNU_IFUNC};
}

// DT_GNU_HASH: u32 buckets, u32 first symbol, u32 bloom words, u32 shift; u64 bloom[]; u32 bucket[]; u32 chain[], one
// per symbol from the first one on, whose lowest bit marks the end of a bucket's chain.
std::optional<ExportedSymbol> find_by_gnu_hash(const DynamicImage& image, std::uint64_t at, std::uint64_t symbols,
                                               std::string_view name) {
  struct {
    std::uint32_t buckets, first, bloom_words, shift;
  } header{};
  if (!read_at(image, at, header) || header.buckets == 0) return std::nullopt;
  const std::uint64_t buckets = at + sizeof header + std::uint64_t{header.bloom_words} * 8;
  const std::uint64_t chains = buckets + std::uint64_t{header.buckets} * 4;
  const std::uint32_t wanted = gnu_symbol_hash(name);
  std::uint32_t index = 0;
  if (!read_at(image, buckets + std::uint64_t{wanted % header.buckets} * 4, index) || index < header.first) {
    return std::nullopt;
  }
  for (int step = 0; step < kMostChainSteps; ++step, ++index) {
    std::uint32_t hash = 0;
    if (!read_at(image, chains + std::uint64_t{index - header.first} * 4, hash)) return std::nullopt;
    if ((hash | 1) == (wanted | 1)) {
      if (auto found = symbol_if_named(image, symbols, index, name)) return found;
    }
    if ((hash & 1) != 0) return std::nullopt;
  }
  return std::nullopt;
}

// DT_HASH: u32 buckets, u32 symbols; u32 bucket[]; u32 next[], index 0 ends a chain.
std::optional<ExportedSymbol> find_by_sysv_hash(const DynamicImage& image, std::uint64_t at, std::uint64_t symbols,
                                                std::string_view name) {
  struct {
    std::uint32_t buckets, symbols;
  } header{};
  if (!read_at(image, at, header) || header.buckets == 0) return std::nullopt;
  const std::uint64_t buckets = at + sizeof header;
  std::uint64_t place = buckets + std::uint64_t{sysv_symbol_hash(name) % header.buckets} * 4;
  for (int step = 0; step < kMostChainSteps; ++step) {
    std::uint32_t index = 0;
    if (!read_at(image, place, index) || index == 0) return std::nullopt;
    if (auto found = symbol_if_named(image, symbols, index, name)) return found;
    place = buckets + (std::uint64_t{header.buckets} + index) * 4;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> DynamicImage::value(std::int64_t tag) const {
  for (const Elf64_Dyn& row : rows) {
    if (row.d_tag == tag) return row.d_un.d_val;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> DynamicImage::offset_of(std::uint64_t address, std::uint64_t length) const {
  for (const Elf64_Phdr& segment : headers.segments) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    const std::uint64_t within = address - segment.p_vaddr;
    if (within > segment.p_filesz || length > segment.p_filesz - within) continue;
    const std::uint64_t offset = segment.p_offset + within;
    if (offset >= segment.p_offset && reader.holds(offset, length)) return offset;
  }
  return std::nullopt;
}

std::optional<std::string> DynamicImage::string_at(std::uint64_t index, std::size_t cap) const {
  if (index >= strings_size) return std::nullopt;
  return names.text(strings + index, strings + strings_size, cap);
}

bool DynamicImage::read_address(std::uint64_t address, std::span<std::byte> into) const {
  auto offset = offset_of(address, into.size());
  return offset && reader.read(*offset, into);
}

Result<DynamicImage> read_dynamic_image(const FileReader& reader, const std::string& where) {
  auto headers = read_elf_headers(reader, where, false);
  if (!headers) return headers.error();
  if (headers->segments.size() > kMostSegments) return broken_dynamic(where, "it has more than 4096 program headers");
  DynamicImage image{reader, std::move(*headers), reader.buffered(), {}};
  for (const Elf64_Phdr& segment : image.headers.segments) {
    if (segment.p_type != PT_DYNAMIC) continue;
    const std::uint64_t count = segment.p_filesz / sizeof(Elf64_Dyn);
    if (!reader.holds(segment.p_offset, segment.p_filesz)) {
      return broken_dynamic(where, "its dynamic section points outside the file");
    }
    if (count > kMostDynamicRows) return broken_dynamic(where, "its dynamic section has more than 65 536 rows");
    image.rows.resize(count);
    if (!reader.read(segment.p_offset, std::as_writable_bytes(std::span(image.rows)))) {
      return broken_dynamic(where, "it changed while it was read");
    }
    break;
  }
  auto end = std::find_if(image.rows.begin(), image.rows.end(), [](const auto& row) { return row.d_tag == DT_NULL; });
  image.rows.erase(end, image.rows.end());
  if (auto strings = image.value(DT_STRTAB)) {
    auto offset = image.offset_of(*strings, 0);
    if (!offset) return broken_dynamic(where, "its dynamic strings point outside the file");
    image.strings = *offset;
    image.strings_size = std::min(image.value(DT_STRSZ).value_or(0), reader.size() - *offset);
  }
  return image;
}

std::optional<ExportedSymbol> find_exported(const DynamicImage& image, std::string_view name) {
  auto symbols = image.value(DT_SYMTAB);
  if (!symbols) return std::nullopt;
  if (auto table = image.value(DT_GNU_HASH)) return find_by_gnu_hash(image, *table, *symbols, name);
  if (auto table = image.value(DT_HASH)) return find_by_sysv_hash(image, *table, *symbols, name);
  return std::nullopt;
}

}  // namespace varve
