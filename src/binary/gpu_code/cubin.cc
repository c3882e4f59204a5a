#include "binary/gpu_code/cubin.h"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "binary/elf/note_sections.h"

namespace varve {
namespace {

constexpr std::uint16_t kMachineCuda = 190;                  // EM_CUDA
constexpr std::uint64_t kMostSections = 1'000'000;           // a kernel has about four
constexpr std::uint64_t kMostCubinNames = 64 * 1024 * 1024;  // bytes; mangled names are long

// `size` is that of the cubin; `read(offset, span)` fills the span or says false when it is not all there.
template <class Read>
std::optional<bool> holds_code(std::uint64_t size, const Read& read) {
  const auto holds = [&](std::uint64_t offset, std::uint64_t length) {
    return offset <= size && length <= size - offset;
  };
  const auto read_rows = [&](std::uint64_t offset, auto& rows) {
    return read(offset, std::as_writable_bytes(std::span(rows)));
  };
  std::vector<Elf64_Ehdr> file(1);
  if (!read_rows(0, file)) return std::nullopt;
  const Elf64_Ehdr& header = file.front();
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_machine != kMachineCuda) {
    return std::nullopt;
  }
  if (header.e_shoff == 0) return false;
  std::vector<Elf64_Shdr> sections(1);
  if (header.e_shentsize != sizeof(Elf64_Shdr) || !read_rows(header.e_shoff, sections)) return std::nullopt;
  const std::uint64_t count = header.e_shnum != 0 ? header.e_shnum : sections[0].sh_size;
  const std::uint64_t names_row = header.e_shstrndx != SHN_XINDEX ? header.e_shstrndx : sections[0].sh_link;
  if (count > kMostSections || names_row >= count) return std::nullopt;
  if (!holds(header.e_shoff, count * sizeof(Elf64_Shdr))) return std::nullopt;  // before it is allocated
  sections.resize(static_cast<std::size_t>(count));
  if (!read_rows(header.e_shoff, sections)) return std::nullopt;
  const Elf64_Shdr& names_header = sections[static_cast<std::size_t>(names_row)];
  if (names_header.sh_size == 0) return false;
  if (names_header.sh_size > kMostCubinNames || !holds(names_header.sh_offset, names_header.sh_size))
    return std::nullopt;
  std::vector<char> bytes(static_cast<std::size_t>(names_header.sh_size));
  if (!read_rows(names_header.sh_offset, bytes)) return std::nullopt;
  const std::string_view names(bytes.data(), bytes.size());
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_PROGBITS || section.sh_size == 0 || section.sh_name >= names.size()) continue;
    if (names.substr(section.sh_name).starts_with(".text.")) return true;
  }
  return false;
}

}  // namespace

std::optional<bool> cubin_holds_code(const FileReader& cubin) {
  return holds_code(cubin.size(),
                    [&](std::uint64_t offset, std::span<std::byte> into) { return cubin.read(offset, into); });
}

std::optional<bool> cubin_holds_code(std::span<const std::byte> cubin) {
  return holds_code(cubin.size(), [&](std::uint64_t offset, std::span<std::byte> into) {
    if (offset > cubin.size() || into.size() > cubin.size() - offset) return false;
    std::memcpy(into.data(), cubin.data() + offset, into.size());
    return true;
  });
}

// The suffix of the architecture that ptxas or nvlink says it was called with, "-arch sm_100a -m 64" in the note of the
// tools: 'a', 'f', '\0' for none. Nothing where there is no such note, or it speaks of another architecture.
std::optional<char> suffix_in_note(const FileReader& file, int number) {
  constexpr std::uint64_t kMostNote = 64 * 1024;
  constexpr std::string_view kOption = "-arch";
  const auto sections = read_named_sections(file, "");
  if (!sections) return std::nullopt;
  for (const NamedSection& section : *sections) {
    if (section.name != ".note.nv.tkinfo" || section.header.sh_size > kMostNote) continue;
    const auto note = file.start(section.header.sh_offset, static_cast<std::size_t>(section.header.sh_size));
    const std::string_view text = note ? std::string_view(*note) : std::string_view();
    const std::size_t option = text.find(kOption);
    if (option == text.npos) return std::nullopt;
    std::string_view rest = text.substr(option + kOption.size());
    if (!rest.starts_with(' ') && !rest.starts_with('=')) return std::nullopt;
    rest.remove_prefix(1);
    const std::string name = "sm_" + std::to_string(number);
    if (!rest.starts_with(name) || rest.size() == name.size()) return std::nullopt;
    const char next = rest[name.size()];
    if (next == 'a' || next == 'f') return next;
    return next == ' ' || next == '\0' ? std::optional('\0') : std::nullopt;
  }
  return std::nullopt;
}

// Measured on what ptxas of CUDA 11.8, 12.4, 13.0 and 13.2 writes: ABI 7 has the number of the architecture in the low
// byte of the flags and 0x800 for the suffix "a", ABI 8 has it in the second byte, and the suffix in the note of the
// tools alone.
std::optional<CodeTarget> cubin_target(const FileReader& file) {
  constexpr std::uint8_t kOldAbi = 7, kNewAbi = 8;
  constexpr std::uint32_t kOldSuffix = 0x800;
  constexpr int kFirstWithFamilies = 100;
  Elf64_Ehdr header = {};
  if (!file.read_value(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachineCuda) return std::nullopt;
  const std::uint8_t abi = header.e_ident[EI_ABIVERSION];
  if (abi != kOldAbi && abi != kNewAbi) return std::nullopt;
  const int number = static_cast<int>(abi == kOldAbi ? header.e_flags & 0xff : header.e_flags >> 8 & 0xff);
  if (number < 20) return std::nullopt;
  CodeTarget target;
  if (abi == kNewAbi) {
    const std::optional<char> suffix = suffix_in_note(file, number);
    if (!suffix && number >= kFirstWithFamilies) return std::nullopt;
    target.variant = suffix.value_or('\0');
  }
  target.architecture = {number / 10, number % 10};
  if (abi == kOldAbi && (header.e_flags & kOldSuffix) != 0) target.variant = 'a';
  return target;
}

bool ptx_holds_code(std::span<const std::byte> text) {
  const std::string_view ptx(reinterpret_cast<const char*>(text.data()), text.size());
  return ptx.find(".entry") != ptx.npos || ptx.find(".func") != ptx.npos;
}

}  // namespace varve
