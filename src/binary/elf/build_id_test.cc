#include "binary/elf/build_id.h"

#include <gtest/gtest.h>

#include "binary/elf/elf_testing.h"

namespace varve {
namespace {

using test::in_memory;

std::string note(std::uint32_t type, const std::string& description) {
  std::string bytes;
  for (std::uint32_t value : {4u, static_cast<std::uint32_t>(description.size()), type}) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return bytes + std::string("GNU\0", 4) + description;
}

// A file with `segments` PT_NOTE segments over the same bytes.
std::string file_with(const std::string& notes, std::uint16_t segments) {
  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_phoff = sizeof file;
  file.e_phentsize = sizeof(Elf64_Phdr);
  file.e_phnum = segments;
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof file + std::uint64_t{segments} * sizeof segment;
  segment.p_filesz = notes.size();
  segment.p_align = 4;
  std::string bytes(reinterpret_cast<const char*>(&file), sizeof file);
  for (int i = 0; i < segments; ++i) bytes.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  return bytes + notes;
}

TEST(BuildId, StandsAmongOtherNotes) {
  const std::string notes = note(5, std::string(16, 'x')) + note(NT_GNU_BUILD_ID, "\x01\x02\xab\xff");
  auto id = read_build_id(in_memory(file_with(notes, 2)), "x");
  ASSERT_TRUE(id) << to_text(id.error());
  EXPECT_EQ(*id, "0102abff");
  EXPECT_EQ(*read_build_id(in_memory(file_with(note(5, "xxxx"), 1)), "x"), "") << "a file may have none";
}

TEST(BuildId, NotesThatOverlapAreReadOnlyAFewTimes) {
  const std::string notes = note(5, std::string(400 * 1024, 'x'));
  EXPECT_TRUE(read_build_id(in_memory(file_with(notes, 2)), "x"));
  const auto id = read_build_id(in_memory(file_with(notes, 60'000)), "x");
  ASSERT_FALSE(id);
  EXPECT_NE(id.error().found.find("over 1 MiB"), std::string::npos);
}

}  // namespace
}  // namespace varve
