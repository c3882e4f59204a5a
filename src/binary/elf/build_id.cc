#include "binary/elf/build_id.h"

#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "binary/elf/elf_headers.h"

namespace varve {
namespace {

constexpr std::uint64_t kMostBuildIdNote = 1 << 20;  // of all segments together, which may overlap
constexpr std::uint32_t kMostIdBytes = 64;           // 20 for SHA-1, 16 for MD5, 8 for LLD's fast one

// One PT_NOTE segment: rows of (name size, description size, type), name and description padded to 4 bytes, or to 8
// where the segment says so (gABI; GNU property notes use 8).
std::string find_build_id(const std::vector<std::byte>& notes, std::uint64_t alignment) {
  std::uint64_t step = alignment == 8 ? 8 : 4;
  auto padded = [step](std::uint64_t size) { return (size + step - 1) / step * step; };
  std::uint64_t at = 0;
  while (notes.size() >= sizeof(Elf64_Nhdr) && at <= notes.size() - sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data() + at, sizeof note);
    std::uint64_t name = at + sizeof note;
    std::uint64_t description = name + padded(note.n_namesz);
    if (description > notes.size() || note.n_descsz > notes.size() - description) return "";
    bool from_gnu = note.n_namesz == 4 && std::memcmp(notes.data() + name, "GNU", 4) == 0;
    if (from_gnu && note.n_type == NT_GNU_BUILD_ID && note.n_descsz > 0 && note.n_descsz <= kMostIdBytes) {
      return to_hex({reinterpret_cast<const char*>(notes.data() + description), note.n_descsz});
    }
    at = description + padded(note.n_descsz);
  }
  return "";
}

}  // namespace

Result<std::string> read_build_id(const FileReader& reader, const std::string& where) {
  auto headers = read_elf_headers(reader, where, false);
  if (!headers) return headers.error();
  std::uint64_t left = kMostBuildIdNote;
  for (const Elf64_Phdr& segment : headers->segments) {
    if (segment.p_type != PT_NOTE) continue;
    if (!reader.holds(segment.p_offset, segment.p_filesz) || segment.p_filesz > left) {
      return Error{"reading a build id", where, "its notes point outside the file or are over 1 MiB", ""};
    }
    left -= segment.p_filesz;
    std::vector<std::byte> notes(segment.p_filesz);
    if (!reader.read(segment.p_offset, notes)) {
      return Error{"reading a build id", where, "the file changed while it was read", ""};
    }
    std::string id = find_build_id(notes, segment.p_align);
    if (!id.empty()) return id;
  }
  return std::string();
}

}  // namespace varve
