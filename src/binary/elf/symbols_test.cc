#include "binary/elf/symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "binary/elf/build_id.h"
#include "binary/test_files.h"

namespace varve {
namespace {

struct OpenFile {
  int fd;
  explicit OpenFile(const std::string& path) : fd(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() { close(fd); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

Result<SymbolTable> read_symbols(const std::string& path) {
  OpenFile file(path);
  return SymbolTable::read(file.fd, path);
}

// Where `nm` sees a symbol.
std::uint64_t address_by_nm(const std::string& path, const std::string& name) {
  std::string command = "nm '" + path + "' | awk '$3 == \"" + name + "\" { print $1 }'";
  FILE* pipe = popen(command.c_str(), "r");
  char line[64] = {};
  if (!pipe || !fgets(line, sizeof line, pipe)) line[0] = 0;
  if (pipe) pclose(pipe);
  return std::strtoull(line, nullptr, 16);
}

constexpr const char* kSource = R"(
static __attribute__((noinline)) int hidden(int x) { __asm__ volatile("" : "+r"(x)); return x * 3 + 1; }
__attribute__((noinline)) int shown(int x) { __asm__ volatile("" : "+r"(x)); return hidden(x) * 5; }
extern int alias_of_shown(int x) __attribute__((alias("shown")));
extern int _shown(int x) __attribute__((alias("shown")));
static int local_alias(int x) __attribute__((alias("shown"), used));
int later(int x) { return shown(x) + 7; }
int main(int argc, char** argv) { (void)argv; return later(argc); }
)";

class Symbols : public ::testing::Test {
 protected:
  void SetUp() override {
    test::write_file(folder_ / "x.c", kSource);
    if (!test::compile(folder_ / "x.c", folder_ / "x", "-O1 -rdynamic -Wl,--build-id=sha1"))
      GTEST_SKIP() << "no gcc here";
  }
  test::TemporaryFolder folder_;
};

TEST_F(Symbols, NamesFunctionsWhereNmSeesThem) {
  auto table = read_symbols(folder_ / "x");
  ASSERT_TRUE(table) << to_text(table.error());
  for (const char* name : {"hidden", "later", "main"}) {
    std::uint64_t address = address_by_nm(folder_ / "x", name);
    ASSERT_NE(address, 0u);
    for (std::uint64_t inside : {address, address + 1}) {
      auto range = table->find(inside);
      ASSERT_TRUE(range);
      EXPECT_EQ(range->symbol, name);
      EXPECT_EQ(range->start, address);
    }
  }
}

TEST_F(Symbols, ChoosesTheGlobalPlainShortestOfSeveralNames) {
  auto table = read_symbols(folder_ / "x");
  ASSERT_TRUE(table);
  auto range = table->find(address_by_nm(folder_ / "x", "shown"));
  ASSERT_TRUE(range);
  EXPECT_EQ(range->symbol, "shown");
}

TEST_F(Symbols, TurnsFileOffsetsIntoAddresses) {
  auto table = read_symbols(folder_ / "x");
  ASSERT_TRUE(table);
  std::string bytes = test::read_file(folder_ / "x");
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::uint64_t main_address = address_by_nm(folder_ / "x", "main");
  bool found = false;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_LOAD || main_address < segment.p_vaddr ||
        main_address >= segment.p_vaddr + segment.p_filesz)
      continue;
    EXPECT_EQ(table->virtual_address(main_address - segment.p_vaddr + segment.p_offset), main_address);
    found = true;
  }
  EXPECT_TRUE(found);
  EXPECT_FALSE(table->virtual_address(bytes.size() + 10'000'000));
}

TEST_F(Symbols, GivesTheRangeBetweenNeighboursWhereNamesAreStripped) {
  ASSERT_EQ(std::system(("strip -o '" + (folder_ / "stripped") + "' '" + (folder_ / "x") + "'").c_str()), 0);
  auto table = read_symbols(folder_ / "stripped");
  ASSERT_TRUE(table) << to_text(table.error());
  std::uint64_t hidden = address_by_nm(folder_ / "x", "hidden"), later = address_by_nm(folder_ / "x", "later");
  auto gap = table->find(hidden);
  ASSERT_TRUE(gap);
  EXPECT_EQ(gap->symbol, "");
  EXPECT_LE(gap->start, hidden);
  EXPECT_GT(gap->end, hidden);
  EXPECT_LE(gap->end, later);
  EXPECT_EQ(table->find(hidden + 1)->start, gap->start);
  EXPECT_EQ(table->find(later)->symbol, "later");  // still in .dynsym
  EXPECT_FALSE(table->find(0));
}

TEST_F(Symbols, AgreesWithReadelfOnTheBuildId) {
  OpenFile file(folder_ / "x");
  auto id = read_build_id(*FileReader::open(file.fd, "x"), "x");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->size(), 40u);
  std::string command = "readelf -n '" + (folder_ / "x") + "' 2>/dev/null | grep -q " + *id;
  EXPECT_EQ(std::system(command.c_str()), 0);
  ASSERT_TRUE(test::compile(folder_ / "x.c", folder_ / "without", "-O1 -Wl,--build-id=none"));
  OpenFile without(folder_ / "without");
  EXPECT_EQ(*read_build_id(*FileReader::open(without.fd, "without"), "without"), "");
}

TEST(SymbolsOfAssembly, ReachToTheNextLabelOrTheEndOfTheSection) {
  test::TemporaryFolder folder;
  test::write_file(folder / "x.s",
                   ".text\n.globl first\nfirst:\n.fill 32, 1, 0x90\n.globl second\nsecond:\n.fill 16, 1, 0x90\n"
                   ".section .note.GNU-stack,\"\",@progbits\n");
  if (!test::compile(folder / "x.s", folder / "x.so", "-shared -nostdlib")) GTEST_SKIP() << "no assembler here";
  auto table = read_symbols(folder / "x.so");
  ASSERT_TRUE(table) << to_text(table.error());
  std::uint64_t first = address_by_nm(folder / "x.so", "first");
  auto range = table->find(first + 31);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->symbol, "first");
  EXPECT_EQ(range->end, first + 32);
  EXPECT_EQ(table->find(first + 32 + 15)->symbol, "second");
  EXPECT_FALSE(table->find(first + 48));
}

// Exported assembly in a stripped file, with a function behind it that is not (x264's in ffmpeg): its time is not the
// first's.
TEST(SymbolsOfAssembly, AreNoNamesForWhatFollowsThemInAStrippedFile) {
  test::TemporaryFolder folder;
  test::write_file(folder / "x.s",
                   ".text\n.globl first\nfirst:\n.fill 32, 1, 0x90\nhidden:\n.fill 32, 1, 0x90\n"
                   ".globl sized\n.type sized,@function\nsized:\n.fill 16, 1, 0x90\n.size sized, 16\n"
                   ".section .note.GNU-stack,\"\",@progbits\n");
  if (!test::compile(folder / "x.s", folder / "x.so", "-shared -nostdlib")) GTEST_SKIP() << "no assembler here";
  const std::uint64_t first = address_by_nm(folder / "x.so", "first");
  EXPECT_EQ(read_symbols(folder / "x.so")->find(first + 40)->symbol, "hidden");
  ASSERT_EQ(std::system(("strip '" + (folder / "x.so") + "'").c_str()), 0);
  auto table = read_symbols(folder / "x.so");
  ASSERT_TRUE(table) << to_text(table.error());
  const auto range = table->find(first + 40);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->symbol, "");
  EXPECT_EQ(range->start, first);
  EXPECT_EQ(range->end, first + 64);
  EXPECT_EQ(table->find(first + 70)->symbol, "sized");
}

TEST(SymbolsOfForeignFiles, SayWhatIsNotRead) {
  test::TemporaryFolder folder;
  auto error_of = [&](const std::string& bytes) {
    test::write_file(folder / "f", bytes);
    auto table = read_symbols(folder / "f");
    return table ? std::string("read") : table.error().found;
  };
  std::string elf32(
      "\x7f"
      "ELF\x01\x01\x01",
      7),
      big("\x7f"
          "ELF\x02\x02\x01",
          7);
  EXPECT_EQ(error_of("hello"), "it is no ELF file");
  EXPECT_EQ(error_of(""), "it is no ELF file");
  EXPECT_EQ(error_of(elf32 + std::string(100, '\0')), "it is a 32-bit ELF file");
  EXPECT_EQ(error_of(big + std::string(100, '\0')), "it is a big-endian ELF file");
  EXPECT_EQ(error_of(std::string("\x7f"
                                 "ELF\x02\x01\x01",
                                 7) +
                     std::string(20, '\0')),
            "it ends inside its header");
  OpenFile directory("/");
  EXPECT_EQ(SymbolTable::read(directory.fd, "/").error().found, "it is not a regular file");
  EXPECT_FALSE(SymbolTable::read(-1, "nothing"));
}

// Reads everything that a profile would ask for, from a file in memory.
void use(const std::string& bytes) {
  int fd = memfd_create("damaged", MFD_CLOEXEC);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  (void)read_build_id(*FileReader::open(fd, "damaged"), "damaged");
  auto table = SymbolTable::read(fd, "damaged");
  close(fd);
  if (!table) return;
  for (std::uint64_t at = 0; at < 0x6000; at += 97) {
    auto address = table->virtual_address(at);
    auto range = table->find(address.value_or(at));
    if (range) {
      EXPECT_LE(range->start, address.value_or(at));
      EXPECT_GT(range->end, address.value_or(at));
    }
  }
}

TEST_F(Symbols, DamagedFilesNeverCrash) {
  std::string sound = test::read_file(folder_ / "x");
  ASSERT_GT(sound.size(), 4096u);
  std::mt19937_64 random(20240607);
  Elf64_Ehdr header;
  std::memcpy(&header, sound.data(), sizeof header);
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = sound;
    // Half of the changes go where they hurt: the file, program and section headers.
    for (int change = 0; change < 1 + round % 8; ++change) {
      std::size_t at = random() % bytes.size();
      if (random() % 2 == 0) {
        std::size_t table = random() % 3 == 0 ? 0 : (random() % 2 == 0 ? header.e_phoff : header.e_shoff);
        at = std::min<std::size_t>(table + random() % 1024, bytes.size() - 1);
      }
      static constexpr unsigned char kNasty[] = {0x00, 0xff, 0x7f, 0x80, 0x01, 0x10};
      bytes[at] = static_cast<char>(random() % 2 == 0 ? kNasty[random() % sizeof kNasty] : random() % 256);
    }
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    use(bytes);
  }
}

}  // namespace
}  // namespace varve
