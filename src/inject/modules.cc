#include "inject/modules.h"

#include <elf.h>

#include <cstring>

#include "inject/digest.h"

namespace varve::inject {

namespace {
constexpr std::uint32_t kMostModules = 1u << 15, kMostFunctions = 1u << 20;

// The sections of an ELF file in memory; none of what is damaged. cubins stand at any address.
struct Sections {
  const char* rows = nullptr;
  std::uint64_t count = 0;
  const char* names = nullptr;
  std::uint64_t names_size = 0;

  Elf64_Shdr operator[](std::uint64_t index) const {
    Elf64_Shdr row;
    std::memcpy(&row, rows + index * sizeof row, sizeof row);
    return row;
  }
};

bool holds(std::size_t size, std::uint64_t offset, std::uint64_t length) {
  return offset <= size && length <= size - offset;
}

bool read_header(const char* cubin, std::size_t size, Elf64_Ehdr& header) {
  if (cubin == nullptr || size < sizeof header) return false;
  std::memcpy(&header, cubin, sizeof header);
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64;
}

Sections sections_of(const char* cubin, std::size_t size, const Elf64_Ehdr& header) {
  Sections found;
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Elf64_Shdr)) return {};
  if (!holds(size, header.e_shoff, sizeof(Elf64_Shdr))) return {};
  found.rows = cubin + header.e_shoff;
  const Elf64_Shdr first = found[0];
  found.count = header.e_shnum != 0 ? header.e_shnum : first.sh_size;
  const std::uint64_t names = header.e_shstrndx != SHN_XINDEX ? header.e_shstrndx : first.sh_link;
  if (found.count > size / sizeof(Elf64_Shdr) || names >= found.count) return {};
  if (!holds(size, header.e_shoff, found.count * sizeof(Elf64_Shdr))) return {};
  const Elf64_Shdr row = found[names];
  if (!holds(size, row.sh_offset, row.sh_size)) return {};
  found.names = cubin + row.sh_offset;
  found.names_size = row.sh_size;
  return found;
}

// FNV-1a; never 0.
std::uint64_t name_hash(const char* name, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ static_cast<std::uint8_t>(name[i])) * 0x100000001b3u;
  return hash == 0 ? 1 : hash;
}
}  // namespace

std::size_t elf_extent(const char* cubin, std::size_t size) {
  Elf64_Ehdr header;
  if (!read_header(cubin, size, header)) return size;
  std::uint64_t end = sizeof header;
  const auto reach = [&](std::uint64_t offset, std::uint64_t length) {
    if (!holds(size, offset, length)) return false;
    if (offset + length > end) end = offset + length;
    return true;
  };
  if (!reach(header.e_phoff, std::uint64_t{header.e_phnum} * header.e_phentsize)) return size;
  const Sections sections = sections_of(cubin, size, header);
  if (sections.count == 0 || !reach(header.e_shoff, sections.count * sizeof(Elf64_Shdr))) return size;
  for (std::uint64_t i = 0; i < sections.count; ++i) {
    const Elf64_Shdr row = sections[i];
    if (row.sh_type != SHT_NOBITS && row.sh_type != SHT_NULL && !reach(row.sh_offset, row.sh_size)) return size;
  }
  return end;
}

std::uint32_t each_function(const char* cubin, std::size_t size, void* context,
                            void (*take)(void* context, const char* name, std::size_t length)) {
  constexpr char kPrefix[] = ".text.";
  constexpr std::size_t kPrefixSize = sizeof kPrefix - 1;
  Elf64_Ehdr header;
  if (!read_header(cubin, size, header)) return 0;
  const Sections sections = sections_of(cubin, size, header);
  std::uint32_t found = 0;
  for (std::uint64_t i = 0; i < sections.count; ++i) {
    const Elf64_Shdr row = sections[i];
    if (row.sh_type != SHT_PROGBITS || row.sh_size == 0 || row.sh_name >= sections.names_size) continue;
    const char* name = sections.names + row.sh_name;
    const std::size_t most = sections.names_size - row.sh_name;
    const void* end = std::memchr(name, '\0', most);
    if (end == nullptr) continue;
    const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - name);
    if (length <= kPrefixSize || std::memcmp(name, kPrefix, kPrefixSize) != 0) continue;
    take(context, name + kPrefixSize, length - kPrefixSize);
    ++found;
  }
  return found;
}

Module read_module(const char* cubin, std::size_t size) {
  Module made;
  made.size = elf_extent(cubin, size);
  Elf64_Ehdr header;
  if (read_header(cubin, size, header)) made.flags = header.e_flags;
  sha256_text(cubin, made.size, made.sha256);
  return made;
}

bool Modules::reserve() { return modules_.reserve(kMostModules) && functions_.reserve(2 * kMostFunctions); }

void Modules::add(const Module& made, const char* cubin, std::size_t size) {
  ++loaded_;
  for (std::uint32_t i = 0; i < used_; ++i) {
    if (modules_[i].size == made.size && std::memcmp(modules_[i].sha256, made.sha256, sizeof made.sha256) == 0) return;
  }
  if (used_ >= modules_.size) return;
  struct Context {
    Modules* modules;
    std::uint32_t number;
  } context{this, used_};
  modules_[used_] = made;
  modules_[used_++].functions =
      each_function(cubin, size, &context, [](void* at, const char* name, std::size_t length) {
        auto* here = static_cast<Context*>(at);
        here->modules->add_function(name_hash(name, length), here->number);
      });
}

void Modules::add_function(std::uint64_t hash, std::uint32_t module) {
  if (functions_used_ >= kMostFunctions) return;
  std::uint32_t at = static_cast<std::uint32_t>(hash >> 20) & (functions_.size - 1);
  while (functions_[at].hash != 0 && functions_[at].hash != hash) at = (at + 1) & (functions_.size - 1);
  if (functions_[at].hash == 0) {
    ++functions_used_;
    functions_[at] = {hash, module};
  } else if (functions_[at].module != module) {
    functions_[at].module = kSeveralModules;
  }
}

std::uint32_t Modules::holder_of(const char* name, std::size_t size) const {
  const std::uint64_t hash = name_hash(name, size);
  std::uint32_t at = static_cast<std::uint32_t>(hash >> 20) & (functions_.size - 1);
  for (; functions_[at].hash != 0; at = (at + 1) & (functions_.size - 1)) {
    if (functions_[at].hash == hash) return functions_[at].module;
  }
  return kNoModule;
}

}  // namespace varve::inject
