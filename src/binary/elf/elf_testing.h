#pragma once
// For tests only: writes small ELF files of which every part is known.
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "world/file_reader.h"

namespace varve::test {

struct TinySymbol {
  std::string name, bytes;
  bool is_function = true;
};

struct TinySection {
  std::string name, bytes;
  std::uint32_t type = SHT_PROGBITS;
  std::uint64_t flags = 0;
};

// A shared object with one PT_LOAD over the whole file at kTinyBase, so that addresses and offsets differ.
inline constexpr std::uint64_t kTinyBase = 0x400000;

struct TinyElf {
  std::uint16_t machine = EM_X86_64, type = ET_DYN;
  std::string interpreter, soname;
  std::vector<std::string> needed;
  std::string rpath, runpath;  // empty: none
  std::uint64_t flags_1 = 0;
  std::vector<std::pair<std::string, std::vector<std::string>>> version_needs;
  std::vector<std::string> version_definitions;
  std::vector<TinySymbol> symbols;
  bool gnu_hash = true;  // false: DT_HASH
  std::vector<TinySection> sections;
  bool dynamic = true, section_headers = true;
};

// Puts the parts behind one another and remembers where.
class TinyElfWriter {
 public:
  explicit TinyElfWriter(const TinyElf& elf) : elf_(elf), bytes_(sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr), '\0') {}

  std::string write() {
    if (elf_.dynamic) write_dynamic();
    std::uint64_t interpreter = elf_.interpreter.empty() ? 0 : append(elf_.interpreter + '\0');
    for (const TinySection& section : elf_.sections) {
      places_.push_back(bytes_.empty() ? 0 : append(section.bytes));
    }
    std::uint64_t headers = elf_.section_headers ? write_section_headers() : 0;
    Elf64_Ehdr file{};
    std::memcpy(file.e_ident, ELFMAG, SELFMAG);
    file.e_ident[EI_CLASS] = ELFCLASS64;
    file.e_ident[EI_DATA] = ELFDATA2LSB;
    file.e_ident[EI_VERSION] = EV_CURRENT;
    file.e_type = elf_.type;
    file.e_machine = elf_.machine;
    file.e_version = EV_CURRENT;
    file.e_phoff = sizeof file;
    file.e_ehsize = sizeof file;
    file.e_phentsize = sizeof(Elf64_Phdr);
    file.e_phnum = 3;
    file.e_shoff = headers;
    file.e_shentsize = sizeof(Elf64_Shdr);
    file.e_shnum = headers != 0 ? static_cast<Elf64_Half>(elf_.sections.size() + 2) : 0;
    file.e_shstrndx = headers != 0 ? static_cast<Elf64_Half>(elf_.sections.size() + 1) : 0;
    put(0, file);
    put_segment(0, PT_LOAD, 0, bytes_.size());
    put_segment(1, elf_.dynamic ? PT_DYNAMIC : PT_NULL, dynamic_at_, dynamic_size_);
    put_segment(2, interpreter != 0 ? PT_INTERP : PT_NULL, interpreter, elf_.interpreter.size() + 1);
    return bytes_;
  }

 private:
  template <class T>
  void put(std::uint64_t at, const T& value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  std::uint64_t append(const std::string& part) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    bytes_ += part;
    return bytes_.size() - part.size();
  }
  template <class T>
  static void add(std::string& to, const T& value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  std::uint32_t string(const std::string& text) {
    auto at = static_cast<std::uint32_t>(strings_.size());
    strings_ += text + '\0';
    return at;
  }
  void put_segment(std::size_t index, std::uint32_t type, std::uint64_t offset, std::uint64_t size) {
    Elf64_Phdr row{};
    row.p_type = type;
    row.p_flags = PF_R | PF_X;
    row.p_offset = offset;
    row.p_vaddr = kTinyBase + offset;
    row.p_filesz = row.p_memsz = size;
    put(sizeof(Elf64_Ehdr) + index * sizeof row, row);
  }
  void row(std::int64_t tag, std::uint64_t value) {
    Elf64_Dyn entry{};
    entry.d_tag = tag;
    entry.d_un.d_val = value;
    add(rows_, entry);
  }

  std::string version_needs() {
    std::string table;
    for (std::size_t i = 0; i < elf_.version_needs.size(); ++i) {
      const auto& [file, versions] = elf_.version_needs[i];
      const auto size = static_cast<std::uint32_t>(sizeof(Elf64_Verneed) + versions.size() * sizeof(Elf64_Vernaux));
      const bool last = i + 1 == elf_.version_needs.size();
      add(table, Elf64_Verneed{1, static_cast<Elf64_Half>(versions.size()), string(file), sizeof(Elf64_Verneed),
                               last ? 0 : size});
      for (std::size_t k = 0; k < versions.size(); ++k) {
        const auto next = static_cast<Elf64_Word>(k + 1 == versions.size() ? 0 : sizeof(Elf64_Vernaux));
        add(table, Elf64_Vernaux{0, 0, static_cast<Elf64_Half>(k + 2), string(versions[k]), next});
      }
    }
    return table;
  }
  std::string version_definitions() {
    std::string table;
    for (std::size_t i = 0; i < elf_.version_definitions.size(); ++i) {
      const auto step = static_cast<Elf64_Word>(sizeof(Elf64_Verdef) + sizeof(Elf64_Verdaux));
      const bool last = i + 1 == elf_.version_definitions.size();
      const Elf64_Half flags = i == 0 ? VER_FLG_BASE : 0;
      add(table, Elf64_Verdef{1, flags, static_cast<Elf64_Half>(i + 1), 1, 0, sizeof(Elf64_Verdef), last ? 0 : step});
      add(table, Elf64_Verdaux{string(elf_.version_definitions[i]), 0});
    }
    return table;
  }
  // One bucket, so that every name has the others in its way.
  std::string hash_table() {
    std::string table;
    const auto count = static_cast<std::uint32_t>(elf_.symbols.size());
    if (!elf_.gnu_hash) {
      for (std::uint32_t value : {1u, count + 1, count == 0 ? 0u : 1u, 0u}) add(table, value);
      for (std::uint32_t i = 1; i <= count; ++i) add(table, i == count ? 0u : i + 1);
      return table;
    }
    for (std::uint32_t value : {1u, 1u, 1u, 0u}) add(table, value);
    add(table, ~std::uint64_t{0});
    add(table, count == 0 ? 0u : 1u);
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint32_t hash = 5381;
      for (char c : elf_.symbols[i].name) hash = hash * 33 + static_cast<unsigned char>(c);
      add(table, i + 1 == count ? hash | 1 : hash & ~1u);
    }
    return table;
  }

  void write_dynamic() {
    for (const std::string& name : elf_.needed) row(DT_NEEDED, string(name));
    if (!elf_.soname.empty()) row(DT_SONAME, string(elf_.soname));
    if (!elf_.rpath.empty()) row(DT_RPATH, string(elf_.rpath));
    if (!elf_.runpath.empty()) row(DT_RUNPATH, string(elf_.runpath));
    if (elf_.flags_1 != 0) row(DT_FLAGS_1, elf_.flags_1);
    std::string symbols(sizeof(Elf64_Sym), '\0');
    for (const TinySymbol& symbol : elf_.symbols) {
      Elf64_Sym entry{};
      entry.st_name = string(symbol.name);
      entry.st_info = ELF64_ST_INFO(STB_GLOBAL, symbol.is_function ? STT_FUNC : STT_OBJECT);
      entry.st_shndx = 1;
      entry.st_value = kTinyBase + append(symbol.bytes);
      entry.st_size = symbol.bytes.size();
      add(symbols, entry);
    }
    row(DT_SYMTAB, kTinyBase + append(symbols));
    row(elf_.gnu_hash ? DT_GNU_HASH : DT_HASH, kTinyBase + append(hash_table()));
    if (!elf_.version_needs.empty()) {
      row(DT_VERNEED, kTinyBase + append(version_needs()));
      row(DT_VERNEEDNUM, elf_.version_needs.size());
    }
    if (!elf_.version_definitions.empty()) {
      row(DT_VERDEF, kTinyBase + append(version_definitions()));
      row(DT_VERDEFNUM, elf_.version_definitions.size());
    }
    row(DT_STRTAB, kTinyBase + append(strings_));
    row(DT_STRSZ, strings_.size());
    row(DT_NULL, 0);
    dynamic_at_ = append(rows_);
    dynamic_size_ = rows_.size();
  }

  std::uint64_t write_section_headers() {
    std::string names(1, '\0');
    std::string table(sizeof(Elf64_Shdr), '\0');
    auto section = [&](const std::string& name, std::uint32_t type, std::uint64_t flags, std::uint64_t offset,
                       std::uint64_t size) {
      Elf64_Shdr header{};
      header.sh_name = static_cast<Elf64_Word>(names.size());
      header.sh_type = type;
      header.sh_flags = flags;
      header.sh_addr = kTinyBase + offset;
      header.sh_offset = offset;
      header.sh_size = size;
      names += name + '\0';
      add(table, header);
    };
    for (std::size_t i = 0; i < elf_.sections.size(); ++i) {
      const TinySection& row = elf_.sections[i];
      section(row.name, row.type, row.flags, places_[i], row.bytes.size());
    }
    names += std::string(".shstrtab") + '\0';
    const std::uint64_t at = append(names);
    section(".shstrtab", SHT_STRTAB, 0, at, names.size());
    return append(table);
  }

  const TinyElf& elf_;
  std::string bytes_, strings_ = std::string(1, '\0'), rows_;
  std::vector<std::uint64_t> places_;
  std::uint64_t dynamic_at_ = 0, dynamic_size_ = 0;
};

// The bytes as a file that is nowhere in the file system.
inline FileReader in_memory(const std::string& bytes) {
  FileHandle file(memfd_create("tiny", MFD_CLOEXEC));
  bool whole = write(file.fd(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  auto reader = FileReader::open(std::move(file), whole ? "tiny" : "a file that could not be written");
  return *reader;
}

inline FileReader open_file(const std::string& path) {
  return *FileReader::open(FileHandle(open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
}

inline std::string tiny_elf(const TinyElf& elf) { return TinyElfWriter(elf).write(); }

// A getter's body: mov dword ptr [rdi], number; xor eax, eax; ret.
inline std::string getter_of(std::uint32_t number) {
  std::string code = "\xc7\x07";
  code.append(reinterpret_cast<const char*>(&number), sizeof number);
  return code + "\x31\xc0\xc3";
}

}  // namespace varve::test
