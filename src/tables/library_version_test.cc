#include "binary/version/library_version.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "binary/elf/elf_testing.h"
#include "binary/version/read_only_strings.h"
#include "binary/version/static_runtime.h"
#include "tables/libraries.h"

namespace varve {
namespace {

using test::getter_of;
using test::in_memory;
using test::TinyElf;

TinyElf library(const std::string& soname) {
  TinyElf elf;
  elf.soname = soname;
  return elf;
}

struct Told {
  std::string value, how, runtime;
  bool operator==(const Told&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Told& told) {
  return out << told.value << " by " << told.how << ", runtime " << told.runtime;
}

Told told(const TinyElf& elf, const std::string& file_name) {
  auto version = library_version(in_memory(tiny_elf(elf)), file_name, version_rows(file_name));
  return version ? Told{version->value, version->how, version->runtime} : Told{};
}

TEST(LibraryVersion, ReadsTheConstantOfAGetter) {
  TinyElf elf = library("libcublasLt.so.13");
  elf.symbols = {{"cublasLtGetVersion", getter_of(130401)}, {"cublasLtGetCudartVersion", getter_of(13000)}};
  EXPECT_EQ(told(elf, "libcublasLt.so.13"), (Told{"13.4.1", "constant of cublasLtGetVersion", "13.0"}));
  elf = library("libcublasLt.so.10");
  elf.symbols = {{"cublasLtGetVersion", getter_of(10202)}};
  EXPECT_EQ(told(elf, "libcublasLt.so.10").value, "10.2.2");  // older releases counted by thousands
  elf = library("libcusparse.so.12");
  elf.symbols = {{"cusparseGetVersion", "\xb8\x03" + std::string(3, '\0') + getter_of(12710)}};
  EXPECT_EQ(told(elf, "libcusparse.so.12").value, "12.7.10");
}

TEST(LibraryVersion, TakesNoConstantThatTheSonameContradicts) {
  TinyElf elf = library("libcufft.so.11");
  elf.symbols = {{"cufftGetVersion", getter_of(12200)}};
  EXPECT_EQ(told(elf, "libcufft.so.11"), Told{});
  elf.symbols = {{"cufftGetVersion", getter_of(11002) + getter_of(11401)}};
  EXPECT_EQ(told(elf, "libcufft.so.11"), Told{});  // two of them: nobody knows which
  elf.symbols = {{"cufftGetVersion", getter_of(11002)}};
  elf.machine = EM_AARCH64;
  EXPECT_EQ(told(elf, "libcufft.so.11"), Told{});  // the bytes of another processor mean something else
}

TEST(LibraryVersion, PrefersAnExportedVariable) {
  TinyElf elf = library("libcudnn_graph.so.9");
  elf.symbols = {{"cudnn_graph_version", std::string("\x00\x1a\x09\x00", 4), false},
                 {"cudnnGetCudartVersion", std::string("\xb8\xf0\x32\0\0\xc3", 6)}};  // 0x32f0 is 13040
  auto version = library_version(in_memory(tiny_elf(elf)), "libcudnn_graph.so.9", version_rows("libcudnn_graph.so.9"));
  ASSERT_TRUE(version);
  EXPECT_EQ(version->value, "9.26.0");
  EXPECT_EQ(version->standing, Standing::recorded);
  EXPECT_EQ(version->runtime, "13.4");
  EXPECT_EQ(version->runtime_how, "constant of cudnnGetCudartVersion");
}

TEST(LibraryVersion, ReadsTextsOfReadOnlyDataOnly) {
  TinyElf elf = library("libnccl.so.2");
  elf.sections = {{".data", std::string("\0NCCL version 1.2.3+cuda9.0", 27)},
                  {".rodata", std::string("NCCL version %s\n\0NCCL version 2.30.7+cuda13.3\0", 47)}};
  auto version = library_version(in_memory(tiny_elf(elf)), "libnccl.so.2", version_rows("libnccl.so.2"));
  ASSERT_TRUE(version);
  EXPECT_EQ(version->value, "2.30.7");
  EXPECT_EQ(version->runtime, "13.3");
  EXPECT_EQ(version->standing, Standing::recorded);
  elf.sections.clear();
  elf.symbols = {{"ncclGetVersion", getter_of(23007)}};
  EXPECT_EQ(told(elf, "libnccl.so.2").value, "2.30.7");
  elf = library("libnvrtc.so.13");
  elf.sections = {
      {".rodata", "Cuda compilation tools, release %d.%d, V%d Cuda compilation tools, release 13.2, V13.2.86"}};
  EXPECT_EQ(told(elf, "libnvrtc.so.13").value, "13.2.86");
  elf.sections = {{".rodata", "Cuda ilation tools, release 13.0, V.79"}};
  elf.symbols = {{"nvrtcVersion", std::string("\xc7\x06\x02\0\0\0\xc7\x07\x0d\0\0\0\xc3", 13)}};  // minor first
  EXPECT_EQ(told(elf, "libnvrtc.so.13"), (Told{"13.2", "constants of nvrtcVersion", ""}));
  elf = library("libcufile.so.0");
  elf.sections = {{".rodata", std::string("\0v1.2.3.4\0"
                                          "1.17.1.22\0"
                                          "1.0.0\0",
                                          26)}};
  EXPECT_EQ(told(elf, "libcufile.so.0").value, "1.17.1.22");
  elf.sections[0].bytes += std::string("9.9.9.9\0", 8);
  EXPECT_EQ(told(elf, "libcufile.so.0"), Told{});
}

TEST(LibraryVersion, FollowsAGetterToItsStructure) {
  TinyElf elf = library("libnppc.so.13");
  std::string numbers("\x0d\0\0\0\x01\0\0\0\x07\0\0\0", 12);
  std::string getter("\x48\x8d\x05\x01\0\0\0\xc3", 8);
  elf.symbols = {{"nppGetLibVersion", getter + numbers}};
  EXPECT_EQ(told(elf, "libnppc.so.13"), (Told{"13.1.7", "data of nppGetLibVersion", ""}));
  elf.symbols[0].bytes[6] = '\x40';  // beyond the file
  EXPECT_EQ(told(elf, "libnppc.so.13"), Told{});
}

// As in libnvcomp.so.6: test rdi, rdi; je; mov rax, [rip + 6]; mov [rdi], rax; xor eax, eax; ret.
TEST(LibraryVersion, ReadsWhatAGetterCopies) {
  TinyElf elf = library("libnvcomp.so.6");
  std::string getter("\x48\x85\xff\x74\x13\x48\x8b\x05\x06\0\0\0\x48\x89\x07\x31\xc0\xc3", 18);
  std::string numbers("\x70\x17\0\0\x3a\x2f\0\0", 8);  // 6000 and 12090
  elf.symbols = {{"nvcompGetProperties", getter + numbers}};
  EXPECT_EQ(told(elf, "libnvcomp.so.6"), (Told{"6.0.0", "data of nvcompGetProperties", "12.9"}));
  elf.soname = "libnvcomp.so.5";
  EXPECT_EQ(told(elf, "libnvcomp.so.5"), Told{}) << "the SONAME says otherwise";
}

TEST(LibraryVersion, TellsNoRuntimeThatIsNone) {
  TinyElf elf = library("libcutensor.so.2");
  elf.symbols = {{"cutensorGetVersion", getter_of(20800)}, {"cutensorGetCudartVersion", getter_of(12090)}};
  EXPECT_EQ(told(elf, "libcutensor.so.2"), (Told{"2.8.0", "constant of cutensorGetVersion", "12.9"}));
  elf.symbols[1].bytes = getter_of(7);
  EXPECT_EQ(told(elf, "libcutensor.so.2").runtime, "");
}

TEST(LibraryVersion, FallsBackOnTheFileNameWhereThatMeansIt) {
  EXPECT_EQ(told(library("libcublas.so.12"), "libcublas.so.12.1.3.1"), (Told{"12.1.3.1", "file name", ""}));
  EXPECT_EQ(told(library("libcublas.so.12"), "libcublas.so.12"), Told{});
  EXPECT_EQ(told(library("libcublas.so.12"), "libcublas.so.11.9"), Told{});  // renamed: the SONAME says otherwise
  EXPECT_EQ(told(library("libcuda.so.1"), "libcuda.so.550.163.01").value, "550.163.01");
  EXPECT_EQ(told(library("libcuda.so.1"), "libcuda.so.1.1"), Told{});
  EXPECT_EQ(told(library("libnvToolsExt.so.1"), "libnvToolsExt.so.1.0.0"), Told{});
  EXPECT_EQ(told(library("libcublas.so.12"), "libcublas.so.12..3"), Told{});
}

const std::string kRuntimeTexts(
    "cudaErrorInsufficientDriver\0CUDA driver version is insufficient for CUDA runtime version\0", 89);

TinyElf with_runtime(std::uint32_t number) {
  TinyElf elf = library("libanything.so.1");
  std::string code = "\xc7\x43\x08" + getter_of(13000).substr(2);  // 13000 stored elsewhere counts for nothing
  code += getter_of(number) + std::string(5000, '\x90') + getter_of(number) + getter_of(14000);
  elf.sections = {{".rodata", kRuntimeTexts}, {".text", code, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR}};
  return elf;
}

TEST(StaticRuntime, IsTheConstantThatTwoGettersStore) {
  auto version = static_runtime_version(in_memory(tiny_elf(with_runtime(12090))));
  ASSERT_TRUE(version);
  EXPECT_EQ(version->version, "12.9");
  EXPECT_EQ(version->number, 12090);
  EXPECT_EQ(version->occurrences, 2);
  TinyElf shared = with_runtime(13020);
  shared.soname = "libcudart.so.13";
  EXPECT_EQ(told(shared, "libcudart.so.13"), (Told{"13.2", "constant of cudaRuntimeGetVersion", "13.2"}));
}

TEST(StaticRuntime, NeedsTheTextsAndTheProcessor) {
  TinyElf elf = with_runtime(12090);
  elf.sections[0].bytes = "cudaErrorInsufficientDriver";
  EXPECT_FALSE(carries_runtime(in_memory(tiny_elf(elf))));
  EXPECT_FALSE(static_runtime_version(in_memory(tiny_elf(elf))));
  EXPECT_EQ(api_level(in_memory(tiny_elf(elf)))->version, "12.9");  // a driver does not carry them
  elf = with_runtime(12090);
  elf.machine = EM_AARCH64;
  EXPECT_TRUE(carries_runtime(in_memory(tiny_elf(elf))));
  EXPECT_FALSE(static_runtime_version(in_memory(tiny_elf(elf))));
  EXPECT_FALSE(static_runtime_version(in_memory(tiny_elf(with_runtime(12091)))));  // no release has that form
  EXPECT_FALSE(static_runtime_version(in_memory("no ELF file")));
}

// A constant that stands across the edge of a window of the scan is found once, not twice and not never.
TEST(StaticRuntime, SectionsThatOverlapAreNotReadOverAndOver) {
  test::TinyElf elf;
  elf.sections = {{".rodata", std::string(std::size_t{1} << 20, 'x'), SHT_PROGBITS, SHF_ALLOC}};
  std::string bytes = tiny_elf(elf);
  Elf64_Ehdr file;
  std::memcpy(&file, bytes.data(), sizeof file);
  const std::string row = bytes.substr(file.e_shoff + sizeof(Elf64_Shdr), sizeof(Elf64_Shdr));
  const std::string names = bytes.substr(file.e_shoff + 2 * sizeof(Elf64_Shdr), sizeof(Elf64_Shdr));
  file.e_shoff = bytes.size();
  file.e_shnum = 60'000;
  file.e_shstrndx = 0;
  std::memcpy(bytes.data(), &file, sizeof file);
  bytes += names;
  for (int i = 1; i < file.e_shnum; ++i) bytes += row;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read_only_ranges(in_memory(bytes), "x")->size(), 59'999u);
  EXPECT_FALSE(carries_runtime(in_memory(bytes)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(8));
}

TEST(StaticRuntime, SeesAcrossTheEdgesOfItsWindows) {
  constexpr std::size_t kWindow = 1 << 20;
  for (std::size_t shift = 0; shift < 12; ++shift) {
    TinyElf elf = with_runtime(11000);
    std::string& code = elf.sections[1].bytes;
    code =
        std::string(kWindow - shift, '\x90') + getter_of(12030) + std::string(kWindow - 9, '\x90') + getter_of(12030);
    EXPECT_EQ(stored_cuda_versions(in_memory(tiny_elf(elf))), (std::map<int, int>{{12030, 2}})) << shift;
  }
}

TEST(LibraryVersion, DamagedFilesEndInAnAnswer) {
  TinyElf elf = with_runtime(13020);
  elf.soname = "libnccl.so.2";
  elf.symbols = {{"ncclGetVersion", getter_of(23007)}};
  const std::string sound = tiny_elf(elf);
  std::mt19937_64 random(5);
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = sound;
    for (int change = 0; change < 1 + round % 6; ++change) {
      std::size_t at = random() % 2 == 0 ? random() % 512 : bytes.size() - 1 - random() % 512;
      bytes[at] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
    }
    FileReader reader = in_memory(bytes);
    auto version = library_version(reader, "libnccl.so.2", version_rows("libnccl.so.2"));
    if (version) {
      EXPECT_FALSE(version->value.empty());
    }
    (void)static_runtime_version(reader);
  }
}

}  // namespace
}  // namespace varve
