#include "binary/gpu_code/cubin.h"

#include <gtest/gtest.h>

#include <chrono>

#include "binary/gpu_code/fatbin_testing.h"

namespace varve {
namespace {

std::optional<bool> code_in_memory(const std::string& bytes) {
  return cubin_holds_code(std::as_bytes(std::span(bytes)));
}
std::optional<bool> code_in_file(const std::string& bytes) { return cubin_holds_code(*test::file_of(bytes)); }

TEST(Cubin, HoldsCodeWhenASectionOfAFunctionHasBytes) {
  EXPECT_EQ(code_in_memory(test::cubin_bytes(true)), true);
  EXPECT_EQ(code_in_memory(test::cubin_bytes(false)), false);
  EXPECT_EQ(code_in_file(test::cubin_bytes(true)), true);
  EXPECT_EQ(code_in_file(test::cubin_bytes(false)), false);
  EXPECT_EQ(code_in_memory(test::elf_bytes({{".text.k", ""}}, 190)), false) << "no bytes in it";
  EXPECT_EQ(code_in_memory(test::elf_bytes({{".text", "1234"}}, 190)), false) << "not of a function";
}

// As ptxas of CUDA 12.4 (ABI 7) and of 13.0 (ABI 8) writes the header.
TEST(Cubin, TellsWhatItWasMadeFor) {
  const auto target = [](unsigned char abi, std::uint32_t flags, std::uint16_t machine = 190,
                         const std::string& note = "") {
    std::string bytes = test::elf_bytes({{".text.k", "1234"}, {".note.nv.tkinfo", note, 0, SHT_NOTE}}, machine);
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    header.e_ident[EI_ABIVERSION] = abi;
    header.e_flags = flags;
    std::memcpy(bytes.data(), &header, sizeof header);
    const std::optional<CodeTarget> found = cubin_target(*test::file_of(bytes));
    return found ? to_string(*found) : "";
  };
  EXPECT_EQ(target(7, 0x500550), "sm_80");
  EXPECT_EQ(target(7, 0x5a0d5a), "sm_90a");
  EXPECT_EQ(target(8, 0x6005a04), "sm_90");
  EXPECT_EQ(target(8, 0x6006402), "") << "sm_100, sm_100a and sm_100f look alike";
  const auto by_note = [&](std::uint32_t flags, const std::string& options) {
    const std::string note("NVIDIA Corp\0ptxas\0Cuda compilation tools, release 13.5, V13.5.37\0", 65);
    return target(8, flags, 190, note + options + '\0');
  };
  EXPECT_EQ(by_note(0x6006402, "-arch sm_100 "), "sm_100");
  EXPECT_EQ(by_note(0x6006402, "-arch sm_100a -m 64"), "sm_100a");
  EXPECT_EQ(by_note(0x6007802, "-arch=sm_120f"), "sm_120f");
  EXPECT_EQ(by_note(0x6005a04, "-arch sm_90a "), "sm_90a");
  EXPECT_EQ(by_note(0x6006702, "-arch sm_100a "), "") << "of another architecture";
  EXPECT_EQ(by_note(0x6006402, "-arch sm_100x"), "");
  EXPECT_EQ(by_note(0x6006402, "SM100"), "");
  EXPECT_EQ(target(9, 0x6005a04), "");
  EXPECT_EQ(target(7, 0x500550, EM_X86_64), "");
}

TEST(Cubin, ThatIsNoneIsNotDecided) {
  EXPECT_EQ(code_in_memory(""), std::nullopt);
  EXPECT_EQ(code_in_memory(std::string(1000, 'x')), std::nullopt);
  EXPECT_EQ(code_in_memory(test::elf_bytes({{".text.k", "1234"}})), std::nullopt) << "code of the host";
  EXPECT_EQ(code_in_memory(test::elf_bytes({{".text.k", "1234"}}, 190, false)), false) << "no section headers";
}

TEST(Cubin, EveryTruncationAndEveryChangedByteIsSurvivedAlikeInMemoryAndInAFile) {
  const std::string bytes = test::cubin_bytes(true, 8);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(code_in_memory(bytes.substr(0, size)), std::nullopt) << size;
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = '\xff';
    EXPECT_EQ(code_in_memory(changed), code_in_file(changed)) << at;
  }
}

TEST(Cubin, NamesThatReachAroundTheEndOfAllNumbersCostNothing) {
  std::string bytes = test::cubin_bytes(true);
  Elf64_Ehdr file;
  std::memcpy(&file, bytes.data(), sizeof file);
  const std::size_t row = file.e_shoff + file.e_shstrndx * sizeof(Elf64_Shdr);
  Elf64_Shdr names;
  std::memcpy(&names, bytes.data() + row, sizeof names);
  names.sh_size = 64 * 1024 * 1024;
  names.sh_offset = 100 - names.sh_size;  // its last byte stands at 99
  std::memcpy(bytes.data() + row, &names, sizeof names);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3000; ++i) EXPECT_EQ(code_in_memory(bytes), std::nullopt);
  EXPECT_EQ(code_in_file(bytes), std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(Ptx, HoldsCodeWhenItDefinesAFunction) {
  const auto holds = [](const std::string& text) { return ptx_holds_code(std::as_bytes(std::span(text))); };
  EXPECT_TRUE(holds(test::ptx_bytes(true)));
  EXPECT_TRUE(holds(".version 9.0\n.func (.reg .b32 r) f()\n{\n}\n"));
  EXPECT_FALSE(holds(test::ptx_bytes(false)));
  EXPECT_FALSE(holds(""));
}

}  // namespace
}  // namespace varve
