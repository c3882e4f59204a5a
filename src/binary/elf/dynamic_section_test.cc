#include "binary/elf/dynamic_section.h"

#include <gtest/gtest.h>

#include <random>

#include "binary/elf/elf_testing.h"
#include "binary/test_files.h"

namespace varve {
namespace {

using test::in_memory;

test::TinyElf sample() {
  test::TinyElf elf;
  elf.soname = "libself.so.3";
  elf.needed = {"libcublasLt.so.13", "libc.so.6"};
  elf.runpath = "$ORIGIN:$ORIGIN/../../cublas/lib";
  elf.version_needs = {{"libcublasLt.so.13", {"libcublasLt.so.13"}}, {"libc.so.6", {"GLIBC_2.2.5", "GLIBC_2.17"}}};
  elf.version_definitions = {"libself.so.3", "SELF_1", "SELF_2"};
  elf.symbols = {{"first_of_them", "\xc3"}, {"a_number", std::string(4, '\7'), false}, {"last", "\xc3"}};
  return elf;
}

TEST(DynamicSection, TellsWhatAFileIsAndNeeds) {
  for (bool section_headers : {true, false}) {
    test::TinyElf elf = sample();
    elf.section_headers = section_headers;
    auto section = read_dynamic_section(in_memory(tiny_elf(elf)), "tiny");
    ASSERT_TRUE(section) << to_text(section.error());
    EXPECT_EQ(section->machine, EM_X86_64);
    EXPECT_EQ(section->soname, "libself.so.3");
    EXPECT_EQ(section->needed, elf.needed);
    EXPECT_EQ(section->runpath, elf.runpath);
    EXPECT_FALSE(section->rpath);
    EXPECT_EQ(section->interpreter, "");
    ASSERT_EQ(section->version_needs.size(), 2u);
    EXPECT_EQ(section->version_needs[1].file, "libc.so.6");
    EXPECT_EQ(section->version_needs[1].versions, (std::vector<std::string>{"GLIBC_2.2.5", "GLIBC_2.17"}));
    EXPECT_EQ(section->version_definitions, (std::vector<std::string>{"SELF_1", "SELF_2"}));
  }
}

TEST(DynamicSection, ReadsProgramsAndStaticFiles) {
  test::TinyElf elf;
  elf.interpreter = "/lib64/ld-linux-x86-64.so.2";
  elf.rpath = "/opt/lib";
  elf.flags_1 = DF_1_NODEFLIB | DF_1_NOW;
  auto program = read_dynamic_section(in_memory(tiny_elf(elf)), "tiny");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->interpreter, elf.interpreter);
  EXPECT_EQ(program->rpath, "/opt/lib");
  EXPECT_TRUE(program->no_default_directories);
  elf = {};
  elf.dynamic = false;
  elf.machine = EM_AARCH64;
  auto still = read_dynamic_section(in_memory(tiny_elf(elf)), "tiny");
  ASSERT_TRUE(still);
  EXPECT_EQ(still->machine, EM_AARCH64);
  EXPECT_TRUE(still->needed.empty());
}

TEST(DynamicSection, FindsExportedNamesByEitherHash) {
  for (bool gnu_hash : {true, false}) {
    test::TinyElf elf = sample();
    elf.gnu_hash = gnu_hash;
    auto image = read_dynamic_image(in_memory(tiny_elf(elf)), "tiny");
    ASSERT_TRUE(image);
    auto number = find_exported(*image, "a_number");
    ASSERT_TRUE(number);
    EXPECT_FALSE(number->is_function);
    EXPECT_EQ(number->size, 4u);
    std::array<std::byte, 4> bytes{};
    EXPECT_TRUE(image->read_address(number->address, bytes));
    EXPECT_EQ(bytes[3], std::byte{7});
    EXPECT_TRUE(find_exported(*image, "last")->is_function);
    EXPECT_FALSE(find_exported(*image, "not_there"));
    EXPECT_FALSE(find_exported(*image, ""));
    elf.symbols.clear();
    EXPECT_FALSE(find_exported(*read_dynamic_image(in_memory(tiny_elf(elf)), "tiny"), "last"));
  }
}

TEST(DynamicSection, ReadsWhatTheSystemsLinkerWrote) {
  test::TemporaryFolder folder;
  test::write_file(folder / "x.c", "int shown(void) { return 1; } int shown_too(void) { return 2; }");
  test::write_file(folder / "map", "V_1 { global: shown; }; V_2 { global: shown_too; } V_1;");
  if (!test::compile(folder / "x.c", folder / "x.so",
                     "-shared -fPIC -Wl,-soname,libx.so.1 -Wl,--version-script=" + folder / "map")) {
    GTEST_SKIP() << "no gcc here";
  }
  auto image = read_dynamic_image(test::open_file(folder / "x.so"), "x");
  ASSERT_TRUE(image);
  auto section = read_dynamic_section(*image, "x");
  ASSERT_TRUE(section);
  EXPECT_EQ(section->soname, "libx.so.1");
  EXPECT_EQ(section->version_definitions, (std::vector<std::string>{"V_1", "V_2"}));
  EXPECT_TRUE(find_exported(*image, "shown"));
  EXPECT_TRUE(find_exported(*image, "shown_too")->is_function);
  EXPECT_FALSE(find_exported(*image, "printf"));
}

TEST(DynamicSection, SaysWhatIsDamaged) {
  auto found = [](const std::string& bytes) {
    auto section = read_dynamic_section(in_memory(bytes), "tiny");
    return section ? std::string("read") : section.error().found;
  };
  EXPECT_EQ(found("#!/bin/sh"), "it is no ELF file");
  const std::string sound = tiny_elf(sample());
  std::string cut = sound.substr(0, sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr));
  EXPECT_EQ(found(cut), "its dynamic section points outside the file");
  std::string bad = sound;
  Elf64_Phdr segment;
  const std::size_t second = sizeof(Elf64_Ehdr) + sizeof segment;
  std::memcpy(&segment, sound.data() + second, sizeof segment);
  Elf64_Dyn first;
  std::memcpy(&first, sound.data() + segment.p_offset, sizeof first);
  first.d_un.d_val = 1u << 30;
  std::memcpy(bad.data() + segment.p_offset, &first, sizeof first);
  EXPECT_EQ(found(bad), "a name in its dynamic section points outside the file or is too long");
}

TEST(DynamicSection, ReadsTheLongSearchPathsOfPackageManagers) {
  test::TinyElf elf;
  for (int i = 0; i < 200; ++i) elf.rpath += "/opt/packages/some-library-1.2.3-abcdefghijklmnopqrstuvwxyz/lib:";
  auto section = read_dynamic_section(in_memory(tiny_elf(elf)), "tiny");
  ASSERT_TRUE(section) << to_text(section.error());
  EXPECT_EQ(section->rpath, elf.rpath);
}

TEST(DynamicSection, RefusesWhatWouldKeepItsReaderBusy) {
  auto found = [](const std::string& bytes) {
    auto section = read_dynamic_section(in_memory(bytes), "tiny");
    return section ? std::string("read") : section.error().found;
  };
  test::TinyElf elf;
  elf.soname = "itself.so";  // its row follows those of the libraries
  elf.needed.assign(4096, "x.so");
  EXPECT_EQ(found(tiny_elf(elf)), "read");
  elf.needed.emplace_back("y.so");
  EXPECT_EQ(found(tiny_elf(elf)), "it needs more than 4096 libraries");
  elf.needed.assign(3000, std::string(4000, 'x'));
  EXPECT_EQ(found(tiny_elf(elf)), "a name in its dynamic section points outside the file or is too long");
  std::string bytes = tiny_elf(sample());
  Elf64_Ehdr file;
  std::memcpy(&file, bytes.data(), sizeof file);
  const std::string segments = bytes.substr(file.e_phoff, 3 * sizeof(Elf64_Phdr));
  file.e_phoff = bytes.size();
  for (const int count : {4096, 4097}) {
    file.e_phnum = static_cast<Elf64_Half>(count);
    std::memcpy(bytes.data(), &file, sizeof file);
    std::string many = bytes + segments;
    many.resize(bytes.size() + static_cast<std::size_t>(count) * sizeof(Elf64_Phdr));
    EXPECT_EQ(found(many), count == 4096 ? "read" : "it has more than 4096 program headers");
  }
}

// Chains that run in circles, counts that lie and offsets beyond the end must end in an answer or an Error.
TEST(DynamicSection, DamagedFilesEndInAnAnswer) {
  const std::string sound = tiny_elf(sample());
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = sound;
    for (int change = 0; change < 1 + round % 6; ++change) {
      static constexpr unsigned char kNasty[] = {0x00, 0xff, 0x7f, 0x80, 0x01, 0x10};
      bytes[random() % bytes.size()] = static_cast<char>(kNasty[random() % sizeof kNasty]);
    }
    if (round % 7 == 0) bytes.resize(random() % bytes.size());
    auto image = read_dynamic_image(in_memory(bytes), "tiny");
    if (!image) continue;
    (void)read_dynamic_section(*image, "tiny");
    auto symbol = find_exported(*image, "last");
    if (symbol) {
      EXPECT_EQ(image->offset_of(symbol->address, bytes.size() + 1), std::nullopt);
    }
  }
}

}  // namespace
}  // namespace varve
