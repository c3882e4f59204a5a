#pragma once
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "world/file_reader.h"

// Composes fat binaries, cubins, ELF files and static libraries byte by byte, so that tests and seeds need no compiler
// of NVIDIA. Every number is what the caller says, right or wrong.
namespace varve::test {

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string padded(std::string bytes, std::size_t to = 8) {
  bytes.resize((bytes.size() + to - 1) / to * to, '\0');
  return bytes;
}

struct MadeEntry {
  std::uint16_t kind = 2;
  std::uint32_t architecture = 90;
  std::string payload = std::string(64, '\x11');
  std::uint64_t flags = 0x11;
  std::uint16_t isa_major = 1, isa_minor = 8;
  std::uint32_t compressed_size = 0;
  std::uint64_t raw_size = 0;
  std::string name;   // of the source file
  std::string index;  // what follows the 64 bytes of the header in its place
  std::optional<std::uint32_t> header_size;
  std::optional<std::uint64_t> payload_size;
};

inline std::string header_bytes(const MadeEntry& entry, std::uint32_t header_size, std::uint64_t payload_size) {
  std::string bytes;
  append<std::uint16_t>(bytes, entry.kind);
  append<std::uint16_t>(bytes, 0x0101);
  append<std::uint32_t>(bytes, header_size);
  append<std::uint64_t>(bytes, payload_size);
  append<std::uint32_t>(bytes, entry.compressed_size);
  append<std::uint32_t>(bytes, 0);
  append<std::uint16_t>(bytes, entry.isa_minor);
  append<std::uint16_t>(bytes, entry.isa_major);
  append<std::uint32_t>(bytes, entry.architecture);
  append<std::uint32_t>(bytes, entry.name.empty() ? 0 : 64);
  append<std::uint32_t>(bytes, static_cast<std::uint32_t>(entry.name.size()));
  append<std::uint64_t>(bytes, entry.flags);
  append<std::uint64_t>(bytes, 0);
  append<std::uint64_t>(bytes, entry.raw_size);
  return bytes;
}

inline std::string entry_bytes(const MadeEntry& entry) {
  const std::string more = padded(entry.name) + entry.index, payload = padded(entry.payload);
  return header_bytes(entry, entry.header_size.value_or(static_cast<std::uint32_t>(64 + more.size())),
                      entry.payload_size.value_or(payload.size())) +
         more + payload;
}

// The index of an entry of kind 256: `parts` in the order of their code, each of `sizes` bytes. After each header stand
// as many bytes as options and copies of notes would take.
inline std::string index_bytes(const std::vector<MadeEntry>& parts, const std::vector<std::uint64_t>& sizes) {
  std::string rows;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    rows += header_bytes(parts[i], static_cast<std::uint32_t>(at), sizes[i]) + padded(parts[i].name) +
            std::string(8 * i, '\x02');
    at += sizes[i];
  }
  std::string bytes;
  append<std::uint32_t>(bytes, static_cast<std::uint32_t>(parts.size()));
  append<std::uint32_t>(bytes, static_cast<std::uint32_t>(8 + rows.size()));
  return bytes + rows;
}

inline std::string region_bytes(const std::vector<MadeEntry>& entries,
                                std::optional<std::uint64_t> size = std::nullopt) {
  std::string body;
  for (const MadeEntry& entry : entries) body += entry_bytes(entry);
  std::string bytes;
  append<std::uint32_t>(bytes, 0xba55ed50);
  append<std::uint16_t>(bytes, 1);
  append<std::uint16_t>(bytes, 16);
  append<std::uint64_t>(bytes, size.value_or(body.size()));
  return bytes + body;
}

struct MadeSection {
  std::string name;
  std::string bytes;
  std::uint64_t flags = SHF_ALLOC;
  std::uint32_t type = SHT_PROGBITS;
  std::optional<std::uint64_t> size;
};

// A shared library with these sections and one segment over all of them; without `table` no section headers.
inline std::string elf_bytes(const std::vector<MadeSection>& sections, std::uint16_t machine = EM_X86_64,
                             bool table = true) {
  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = EV_CURRENT;
  file.e_type = ET_DYN;
  file.e_machine = machine;
  file.e_version = EV_CURRENT;
  file.e_ehsize = sizeof file;
  file.e_phoff = sizeof file;
  file.e_phentsize = sizeof(Elf64_Phdr);
  file.e_phnum = 1;
  file.e_shentsize = sizeof(Elf64_Shdr);

  std::string names(1, '\0'), data;
  std::vector<Elf64_Shdr> rows(1);
  const std::uint64_t start = sizeof file + sizeof(Elf64_Phdr);
  for (const MadeSection& section : sections) {
    Elf64_Shdr row{};
    row.sh_name = static_cast<std::uint32_t>(names.size());
    row.sh_type = section.type;
    row.sh_flags = section.flags;
    row.sh_offset = start + data.size();
    row.sh_size = section.size.value_or(section.bytes.size());
    rows.push_back(row);
    names += section.name + '\0';
    data += padded(section.bytes);
  }
  Elf64_Shdr names_row{};
  names_row.sh_type = SHT_STRTAB;
  names_row.sh_offset = start + data.size();
  names_row.sh_size = names.size();
  rows.push_back(names_row);
  data += padded(names);
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R | PF_X;
  segment.p_offset = 0;
  segment.p_filesz = segment.p_memsz = start + data.size();
  if (table) {
    file.e_shoff = start + data.size();
    file.e_shnum = static_cast<std::uint16_t>(rows.size());
    file.e_shstrndx = static_cast<std::uint16_t>(rows.size() - 1);
  }
  std::string bytes;
  append(bytes, file);
  append(bytes, segment);
  bytes += data;
  for (std::size_t i = 0; table && i < rows.size(); ++i) append(bytes, rows[i]);
  return bytes;
}

// A cubin with a kernel, or one as a translation unit without kernels leaves it.
inline std::string cubin_bytes(bool with_code, std::size_t filling = 128) {
  std::vector<MadeSection> sections{{".nv.info", std::string(filling, '\x22')}};
  if (with_code) sections.push_back({".text._Z1kPf", std::string(128, '\x33'), SHF_ALLOC | SHF_EXECINSTR});
  return elf_bytes(sections, 190);
}

inline std::string ptx_bytes(bool with_code) {
  const std::string head = ".version 9.0\n.target sm_120\n.address_size 64\n";
  return with_code ? head + ".visible .entry k()\n{\nret;\n}\n" : head;
}

// A static library as GNU ar writes it: long names in a member of their own.
inline std::string archive_bytes(const std::vector<std::pair<std::string, std::string>>& members) {
  const auto field = [](std::string text, std::size_t width) {
    text.resize(width, ' ');
    return text;
  };
  const auto member = [&](const std::string& name, const std::string& bytes) {
    return field(name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("644", 8) +
           field(std::to_string(bytes.size()), 10) + "`\n" + bytes + (bytes.size() % 2 == 1 ? "\n" : "");
  };
  std::string long_names, rest;
  for (const auto& [name, bytes] : members) {
    if (name.size() < 16) {
      rest += member(name + "/", bytes);
    } else {
      rest += member("/" + std::to_string(long_names.size()), bytes);
      long_names += name + "/\n";
    }
  }
  std::string text = "!<arch>\n" + member("/", std::string(4, '\0'));
  if (!long_names.empty()) text += member("//", long_names);
  return text + rest;
}

// The bytes as a file that lives in memory.
inline std::optional<FileReader> file_of(const std::string& bytes) {
  FileHandle file(memfd_create("varve-test", MFD_CLOEXEC));
  if (!file || write(file.fd(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  auto reader = FileReader::open(std::move(file), "made bytes");
  if (!reader) return std::nullopt;
  return *reader;
}

}  // namespace varve::test
