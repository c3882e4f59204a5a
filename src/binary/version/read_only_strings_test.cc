#include "binary/version/read_only_strings.h"

#include <gtest/gtest.h>

#include <random>

#include "binary/elf/elf_testing.h"
#include "binary/elf/note_sections.h"
#include "binary/gpu_code/fatbin_testing.h"
#include "binary/version/read_only_strings_scan.h"

namespace varve {
namespace {

using test::in_memory;
using test::TinyElf;

TinyElf with(const std::string& section, const std::string& bytes, std::uint32_t type = SHT_PROGBITS) {
  TinyElf elf;
  elf.sections = {{section, bytes, type}};
  return elf;
}

TEST(ReadOnlyStrings, TellTheNamesThatAreOpenedLate) {
  const std::string texts(
      "libcuda.so.1\0see libnvrtc.so.13\0libcudnn%s.so.%d\0libnvJitLink.so.13\0lib.so\0/usr/lib/libabs.so\0"
      "libcuda.so.1\0libplain.so\0libx.so.1.\0libx.so.1a\0unterminated libz.so",
      142);
  const std::vector<std::string> expected = {"libcuda.so.1", "libnvJitLink.so.13", "libplain.so"};
  for (const char* section : {".rodata", ".lrodata", ".rodata.str1.1"}) {
    EXPECT_EQ(opened_names(in_memory(tiny_elf(with(section, texts)))), expected);
  }
  EXPECT_TRUE(opened_names(in_memory(tiny_elf(with(".nv_fatbin", texts)))).empty());
  EXPECT_TRUE(opened_names(in_memory("no ELF file")).empty());
}

TEST(ReadOnlyStrings, OfAFileWithoutSectionHeadersAreThoseOfItsSegments) {
  const std::string texts("\0libcuda.so.1\0", 14);
  EXPECT_EQ(opened_names(in_memory(test::elf_bytes({{"", texts}}, EM_X86_64, false))),
            std::vector<std::string>{"libcuda.so.1"});
}

// As Rust's cudarc does it: names of functions, and a name of the library that is put together.
TEST(ReadOnlyStrings, TellTheDriverByTheFunctionsThatAreLookedUp) {
  const auto names = [](const std::string& texts) {
    return opened_names(in_memory(tiny_elf(with(".rodata", '\0' + texts + '\0'))));
  };
  const std::string launch("cuLaunchKernel\0", 15);
  EXPECT_EQ(names(launch + "cuModuleLoadDataEx"), std::vector<std::string>{"libcuda.so.1"});
  EXPECT_EQ(names(launch + std::string("libcuda.so\0", 11) + "cuModuleLoad"), std::vector<std::string>{"libcuda.so"});
  EXPECT_TRUE(names(launch + "say cuModuleLoad").empty());
  // Rust's texts stand one beside the other.
  EXPECT_EQ(names("ConcatcuModuleLoadData0123/registry/src/cudarc-0.19.8/src/driver/safe.rslib"),
            std::vector<std::string>{"libcuda.so.1"});
  EXPECT_TRUE(names("see /cudarc-notes").empty());
  EXPECT_TRUE(names("cuLaunchKernel and cuModuleLoad").empty());
  EXPECT_TRUE(names(std::string("hipLaunchKernel\0", 16) + "cuModuleLoadData").empty());
}

TEST(ReadOnlyStrings, NamesAcrossTheEdgeOfAWindowAreWhole) {
  for (std::size_t before = kScanWindow - 16; before <= kScanWindow + 1; ++before) {
    std::string texts(before, '\0');
    texts += std::string("libnvrtc.so.13\0", 15) + std::string(64, 'x');
    EXPECT_EQ(opened_names(in_memory(tiny_elf(with(".rodata", texts)))), std::vector<std::string>{"libnvrtc.so.13"});
  }
}

TEST(ReadOnlyStrings, TellTheDeviceCompilers) {
  auto strings = read_only_strings(
      in_memory(tiny_elf(with(".rodata",
                              "Cuda compilation tools, release 13.2, V13.2.28\nCuda compilation tools, release %d.%d, "
                              "Cuda compilation tools, release 13.1, V13.1.0 Cuda compilation tools, release 13.1, "
                              "V13.1.0, Build"))),
      "tiny");
  ASSERT_TRUE(strings);
  EXPECT_EQ(strings->cuda_tools, (std::vector<std::string>{"CUDA 13.1 V13.1.0", "CUDA 13.2 V13.2.28"}));
  EXPECT_FALSE(strings->runtime_texts);
  EXPECT_FALSE(strings->is_cut);
  EXPECT_FALSE(parse_cuda_tools("Cuda compilation tools, release 13.0, V.79"));
  EXPECT_FALSE(parse_cuda_tools("Cuda compilation tools, release 13, V13.0.1"));
}

TEST(ReadOnlyStrings, SayWhatIsDamaged) {
  std::string bytes = tiny_elf(with(".rodata", "text"));
  Elf64_Ehdr file;
  std::memcpy(&file, bytes.data(), sizeof file);
  Elf64_Shdr section;
  std::memcpy(&section, bytes.data() + file.e_shoff + sizeof section, sizeof section);
  section.sh_size = 1u << 30;
  std::memcpy(bytes.data() + file.e_shoff + sizeof section, &section, sizeof section);
  auto strings = read_only_strings(in_memory(bytes), "tiny");
  ASSERT_FALSE(strings);
  EXPECT_EQ(strings.error().found, "its read-only data reaches beyond its end");
  file.e_shstrndx = 77;
  std::memcpy(bytes.data(), &file, sizeof file);
  EXPECT_EQ(read_only_strings(in_memory(bytes), "tiny").error().found,
            "the names of its sections point outside the file or are over 1 MiB");
  TinyElf without = with(".rodata", "libx.so");
  without.section_headers = false;
  auto none = read_only_strings(in_memory(tiny_elf(without)), "tiny");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->library_names.empty());
}

std::string note_of(const std::string& json, std::size_t padding, std::uint32_t name_size = 19) {
  std::string name = "NVIDIA Corporation";
  std::string note;
  for (std::uint32_t value : {name_size, static_cast<std::uint32_t>(json.size()), 1u}) {
    note.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  name.resize((19 + padding - 1) / padding * padding);
  return note + name + json;
}

TEST(Notes, TellWhatACompatibilityLibraryIsMadeFor) {
  const std::string json = R"({"Format":1,"CUDA Version":"13.1","Driver":[535,550,-1,"x",580],"Device":[1,2]})";
  for (std::size_t padding : {4u, 8u}) {
    auto elf = with(".note.cuda.fwd_compatibility", note_of(json, padding), SHT_NOTE);
    auto note = read_forward_compatibility(in_memory(tiny_elf(elf)));
    ASSERT_TRUE(note);
    EXPECT_EQ(note->cuda_version, "13.1");
    EXPECT_EQ(note->driver_branches, (std::vector<int>{535, 550, 580}));
    EXPECT_EQ(note->devices, (std::vector<int>{1, 2}));
  }
  auto read = [](const std::string& note) {
    return read_forward_compatibility(in_memory(tiny_elf(with(".note.cuda.fwd_compatibility", note, SHT_NOTE))));
  };
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read(note_of(json, 4, 0xffffffff)));
  EXPECT_FALSE(read(note_of("[1]", 4)));
  EXPECT_FALSE(read(note_of("{\"Format\":", 4)));
  EXPECT_EQ(read(note_of("{}", 4))->cuda_version, "");
  EXPECT_FALSE(read_forward_compatibility(in_memory(tiny_elf(with(".note.other", note_of(json, 4), SHT_NOTE)))));
  EXPECT_FALSE(read_forward_compatibility(in_memory("no ELF file")));
}

TEST(Notes, TellTheHostCompilersOnce) {
  const std::string comment("GCC: (GNU) 8.5.0\0\0GCC: (Debian 12.2.0) 12.2.0\0GCC: (GNU) 8.5.0\0", 63);
  EXPECT_EQ(host_compilers(in_memory(tiny_elf(with(".comment", comment)))),
            (std::vector<std::string>{"GCC: (GNU) 8.5.0", "GCC: (Debian 12.2.0) 12.2.0"}));
  EXPECT_TRUE(host_compilers(in_memory(tiny_elf(with(".comment", std::string(70'000, 'x'))))).empty());
}

}  // namespace
}  // namespace varve
