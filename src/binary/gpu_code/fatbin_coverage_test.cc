#include "binary/gpu_code/fatbin_coverage.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <zstd.h>

#include <random>

#include "binary/gpu_code/code_scan.h"
#include "binary/gpu_code/fatbin_inflate.h"
#include "binary/gpu_code/fatbin_testing.h"

namespace varve {
namespace {

using test::MadeEntry;
using test::MadeSection;

std::string zstd(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3));
  return packed;
}

std::string lz4(const std::string& bytes) {
  std::string packed(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))), '\0');
  packed.resize(static_cast<std::size_t>(LZ4_compress_default(
      bytes.data(), packed.data(), static_cast<int>(bytes.size()), static_cast<int>(packed.size()))));
  return packed;
}

MadeEntry raw(std::uint32_t architecture, const std::string& code) {
  return {.architecture = architecture, .payload = code};
}

MadeEntry packed(std::uint32_t architecture, const std::string& code, std::uint64_t codec) {
  MadeEntry entry{.architecture = architecture, .payload = codec == fatbin_flags::kZstd ? zstd(code) : lz4(code)};
  entry.flags |= codec;
  entry.compressed_size = static_cast<std::uint32_t>(entry.payload.size());
  entry.raw_size = code.size();
  return entry;
}

MadeEntry ptx(std::uint32_t architecture, const std::string& text) {
  return {.kind = 1, .architecture = architecture, .payload = text, .isa_major = 9, .isa_minor = 0};
}

Coverage read(const std::string& bytes, bool exact) {
  const auto file = test::file_of(bytes);
  const auto coverage = exact ? read_exact_coverage(*file, "made") : read_coverage(*file, "made");
  EXPECT_TRUE(coverage) << to_text(coverage.error());
  return coverage && *coverage ? **coverage : Coverage{};
}

std::string words(const Coverage& coverage) {
  std::string text;
  for (const CodeGroup& group : coverage.groups) {
    text += std::to_string(group.regions) + ":";
    for (const CodeTarget& target : group.targets) text += " " + to_string(target);
    text += "; ";
  }
  return text;
}

const std::string kCode = test::cubin_bytes(true), kNoCode = test::cubin_bytes(false);

TEST(Coverage, CountsRegionsByTheirTargets) {
  const std::string both = test::region_bytes({raw(90, kCode), raw(80, kCode), ptx(90, test::ptx_bytes(true))});
  const std::string one = test::region_bytes({raw(80, kCode)});
  const std::string bytes = test::elf_bytes({{".nv_fatbin", both + one + both}, {"__nv_relfatbin", one}});
  for (bool exact : {false, true}) {
    const Coverage coverage = read(bytes, exact);
    EXPECT_EQ(coverage.exact, exact);
    EXPECT_EQ(coverage.regions, exact ? 3 : 4);
    EXPECT_EQ(coverage.entries, exact ? 7 : 8);
    EXPECT_EQ(words(coverage), (exact ? "1" : "2") + std::string(": sm_80; 2: sm_80 sm_90 compute_90 (PTX 9.0); "));
    EXPECT_EQ(coverage.codecs, std::vector<std::string>{"none"});
    EXPECT_EQ(coverage.remark, "");
  }
}

// XGBoost 1.7: NCCL's parts, without PTX, were linked into one region, and count no more beside it. PTX of a part does:
// the driver links it anew. An object file is not linked yet.
TEST(Coverage, LeavesOutMachineCodeThatWasLinked) {
  const std::string part = test::region_bytes({raw(80, kCode)});
  const std::string with_ptx = test::region_bytes({raw(80, kCode), ptx(80, test::ptx_bytes(true))});
  const std::string bytes = test::elf_bytes({{".nv_fatbin", part}, {"__nv_relfatbin", part + part + with_ptx}});
  const Coverage coverage = read(bytes, true);
  EXPECT_EQ(words(coverage), "1: sm_80; 1: sm_80 compute_80 (PTX 9.0); ");
  EXPECT_EQ(coverage.regions_empty, 2);
  EXPECT_EQ(words(read(test::elf_bytes({{"__nv_relfatbin", part + part}}), true)), "2: sm_80; ");
}

TEST(Coverage, AFileWithoutGpuCodeHasNone) {
  for (const std::string& bytes : {test::elf_bytes({{".rodata", std::string(5000, 'x')}}),
                                   test::elf_bytes({{".nv_fatbin", ""}}), test::archive_bytes({{"a.txt", "hello"}})}) {
    const auto file = test::file_of(bytes);
    const auto headers = read_coverage(*file, "made"), exact = read_exact_coverage(*file, "made");
    ASSERT_TRUE(headers && exact);
    EXPECT_FALSE(headers->has_value());
    EXPECT_FALSE(exact->has_value());
  }
}

TEST(Coverage, OtherFilesAreErrorsThatNameThem) {
  for (const std::string& bytes : {std::string("text"), std::string(), test::elf_bytes({}).substr(0, 40)}) {
    const auto coverage = read_coverage(*test::file_of(bytes), "some/file.so");
    ASSERT_FALSE(coverage);
    EXPECT_EQ(coverage.error().where, "some/file.so");
  }
}

TEST(ExactCoverage, LeavesOutRegionsWithoutAFunctionHoweverTheyAreStored) {
  for (std::uint64_t codec : {std::uint64_t{0}, fatbin_flags::kZstd, fatbin_flags::kLz4}) {
    const auto make = [&](const std::string& code) { return codec == 0 ? raw(90, code) : packed(90, code, codec); };
    const std::string bytes =
        test::elf_bytes({{".nv_fatbin", test::region_bytes({make(kNoCode)}) + test::region_bytes({make(kCode)}) +
                                            test::region_bytes({make(kNoCode)})}});
    EXPECT_EQ(read(bytes, false).regions, 3);
    const Coverage coverage = read(bytes, true);
    EXPECT_EQ(coverage.regions, 1) << codec;
    EXPECT_EQ(coverage.regions_empty, 2) << codec;
    EXPECT_EQ(coverage.remark, "");
  }
}

TEST(ExactCoverage, PtxAloneIsDecidedByItsTextAndIntermediateCodeIsCode) {
  const std::string bytes = test::elf_bytes(
      {{".nv_fatbin", test::region_bytes({ptx(120, test::ptx_bytes(true))}) +
                          test::region_bytes({ptx(120, test::ptx_bytes(false))}) +
                          test::region_bytes({MadeEntry{.kind = 8, .architecture = 75}}) + test::region_bytes({})}});
  const Coverage coverage = read(bytes, true);
  EXPECT_EQ(words(coverage), "1: compute_120 (PTX 9.0); 1: lto_75; ");
  EXPECT_EQ(coverage.regions_empty, 2);
}

TEST(ExactCoverage, EntriesCompressedTogetherAreLookedInto) {
  for (std::uint64_t codec : {fatbin_flags::kZstd, fatbin_flags::kLz4}) {
    std::string sections;
    for (const std::string& code : {kCode, kNoCode}) {
      MadeEntry several = packed(0, code + code + code, codec);
      several.kind = 256;
      several.index =
          test::index_bytes({raw(100, ""), raw(110, ""), raw(120, "")}, {code.size(), code.size(), code.size()});
      sections += test::region_bytes({several});
    }
    const Coverage coverage = read(test::elf_bytes({{".nv_fatbin", sections}}), true);
    EXPECT_EQ(words(coverage), "1: sm_100 sm_110 sm_120; ");
    EXPECT_EQ(coverage.regions_empty, 1);
    EXPECT_EQ(coverage.remark, "");
  }
}

TEST(ExactCoverage, FindsCodeOutsideItsSectionsAtAnyByte) {
  const std::string region = test::region_bytes({packed(103, kCode, fatbin_flags::kLz4)});
  for (const char* name : {".cask_resource", ".ldata", ".rodata", ".data"}) {
    for (std::size_t before : {0u, 1u, 7u, 4090u, 70000u}) {
      const std::string data = std::string(before, '\xed') + region + "more" + region + std::string(9, '\x50');
      const Coverage coverage = read(test::elf_bytes({{name, data}}), true);
      EXPECT_EQ(words(coverage), "2: sm_103; ") << name << " after " << before;
    }
  }
}

TEST(ExactCoverage, ChanceAndMachineCodeOfTheHostAreNoRegions) {
  const std::string region = test::region_bytes({raw(90, kCode)});
  const std::string magic("\x50\xed\x55\xba\x01\x00\x10\x00", 8);
  const std::string bytes = test::elf_bytes({{".text", region, SHF_ALLOC | SHF_EXECINSTR},
                                             {".debug_info", region, 0},
                                             {".rodata", magic + magic + std::string(200, 'x') + magic},
                                             {".data", magic.substr(0, 4) + std::string(100, '\0')}});
  const auto coverage = read_exact_coverage(*test::file_of(bytes), "made");
  ASSERT_TRUE(coverage);
  EXPECT_FALSE(coverage->has_value());
}

TEST(ExactCoverage, AFileFullOfMagicsIsRefused) {
  const std::string magic("\x50\xed\x55\xba\x01\x00\x10\x00", 8);
  std::string many;
  for (int i = 0; i < 100'100; ++i) many += magic;
  const auto coverage = read_exact_coverage(*test::file_of(test::elf_bytes({{".data", many}})), "made");
  ASSERT_FALSE(coverage);
  EXPECT_NE(to_text(coverage.error()).find("look like fat binaries"), std::string::npos);
}

TEST(ExactCoverage, GoesOnAfterADamagedRegion) {
  const std::string good = test::region_bytes({raw(90, kCode)});
  const std::string bytes = test::elf_bytes({{".nv_fatbin", good + std::string(40, 'x') + good},
                                             {".rodata", test::region_bytes({raw(80, kCode)}, ~0ull) + good}});
  EXPECT_EQ(words(read(bytes, false)), "1: sm_90; ");
  EXPECT_NE(read(bytes, false).remark.find("no fat binaries"), std::string::npos);
  const Coverage coverage = read(bytes, true);
  EXPECT_EQ(words(coverage), "1: sm_80; 3: sm_90; ");
  EXPECT_EQ(coverage.remark, "1 regions are damaged");
}

TEST(ExactCoverage, WhatCannotBeDecompressedCountsAsCodeAndIsSaid) {
  std::vector<MadeEntry> liars(4, packed(90, kNoCode, fatbin_flags::kZstd));
  liars[0].raw_size += 8;                    // more than there is
  liars[1].raw_size -= 8;                    // less
  liars[2].payload = std::string(200, 'x');  // no frame
  liars[3].flags ^= fatbin_flags::kZstd | fatbin_flags::kOldCompression;
  for (MadeEntry& liar : liars) {
    const Coverage coverage = read(test::elf_bytes({{".nv_fatbin", test::region_bytes({liar})}}), true);
    EXPECT_EQ(coverage.regions, 1);
    EXPECT_EQ(coverage.remark, "1 regions could not be looked into and count as code");
  }
}

TEST(EntryInflater, AllocatesNoMoreThanItsCap) {
  const std::string zeroes(8 * 1024 * 1024, '\0');
  for (std::uint64_t codec : {fatbin_flags::kZstd, fatbin_flags::kLz4}) {
    MadeEntry bomb = packed(90, zeroes, codec);
    const auto inflate = [&](std::size_t cap) -> std::optional<std::size_t> {
      const auto file = test::file_of(test::region_bytes({bomb}));
      FatbinWalk walk(*file, 0, file->size());
      FatbinRegion region;
      if (!walk.next(region)) return std::nullopt;
      EntryInflater inflater;
      const auto code = inflater.inflate(*file, region.entries.at(0), cap);
      return code ? std::optional(code->size()) : std::nullopt;
    };
    EXPECT_EQ(inflate(16 * 1024), std::nullopt) << "says what it is";
    EXPECT_EQ(inflate(zeroes.size()), zeroes.size());
    bomb.raw_size = 4096;
    EXPECT_EQ(inflate(16 * 1024), std::nullopt) << "says less than it is";
    bomb.raw_size = ~0ull;
    EXPECT_EQ(inflate(~0ull), std::nullopt) << "says more than anybody has";
  }
}

TEST(EntryInflater, ReadsOfSeveralTogetherNoMoreThanTheOneThatIsAskedFor) {
  std::string code(std::size_t{4} << 20, '\0');  // as hard to compress as code can be
  std::mt19937 random(3);
  for (char& byte : code) byte = static_cast<char>(random());
  for (std::uint64_t codec : {fatbin_flags::kZstd, fatbin_flags::kLz4}) {
    MadeEntry several = packed(90, code, codec);
    several.kind = 256;
    several.index = test::index_bytes({raw(90, ""), raw(100, "")}, {4096, code.size() - 4096});
    const auto file = test::file_of(test::region_bytes({several}));
    FatbinWalk walk(*file, 0, file->size());
    FatbinRegion region;
    ASSERT_TRUE(walk.next(region));
    ASSERT_EQ(region.entries.size(), 2u);
    EntryInflater inflater;
    for (const std::size_t part : {0u, 1u}) {
      const auto got = inflater.inflate(*file, region.entries[part], code.size());
      ASSERT_TRUE(got) << part;
      const std::string wanted = part == 0 ? code.substr(0, 4096) : code.substr(4096);
      EXPECT_TRUE(std::string(reinterpret_cast<const char*>(got->data()), got->size()) == wanted) << part;
    }
  }
}

TEST(Coverage, SaysWhereMoreCodeLies) {
  const std::string region = test::region_bytes({raw(90, kCode)});
  std::string large;
  while (large.size() < 5 * 1024 * 1024) large += region + std::string(50'000, 'x');
  const auto remark = [&](const std::vector<MadeSection>& sections) {
    return read(test::elf_bytes(sections), false).remark;
  };
  EXPECT_EQ(remark({{".nv_fatbin", region}, {".data", std::string(5 * 1024 * 1024, 'x')}}), "");
  EXPECT_NE(remark({{".nv_fatbin", region}, {".ldata", large}}).find("lies in .ldata (5.0"), std::string::npos);
  EXPECT_NE(remark({{".data", large}}).find("lies in .data"), std::string::npos);
  EXPECT_NE(remark({{".nv_fatbin", region}, {".cask_resource", region}}).find("--exact"), std::string::npos);
  EXPECT_EQ(remark({{".nv_fatbin", region}, {".nvFatBinSegment", std::string(24, '\0')}}), "");
  EXPECT_NE(
      remark({{".nv_fatbin", region}, {".nvFatBinSegment", std::string(48, '\0')}}).find("2 fat binaries are reg"),
      std::string::npos);
}

TEST(Coverage, WithoutSectionHeadersOnlyTheExactPassFindsCode) {
  const std::string bytes = test::elf_bytes({{".nv_fatbin", test::region_bytes({raw(90, kCode)})}}, EM_X86_64, false);
  EXPECT_NE(read(bytes, false).remark.find("no section headers"), std::string::npos);
  EXPECT_EQ(words(read(bytes, true)), "1: sm_90; ");
}

TEST(Coverage, OfAStaticLibraryIsThatOfItsMembers) {
  const std::string one = test::elf_bytes({{".nv_fatbin", test::region_bytes({raw(90, kCode)})}});
  const std::string two = test::elf_bytes({{"__nv_relfatbin", test::region_bytes({raw(80, kCode)})}});
  const std::string bytes =
      test::archive_bytes({{"one.o", one}, {"notes.txt", "odd"}, {"a_member_with_a_long_name.o", two}});
  for (bool exact : {false, true}) EXPECT_EQ(words(read(bytes, exact)), "1: sm_80; 1: sm_90; ");
  std::vector<std::string> members;
  const auto walk = walk_code(*test::file_of(bytes), "x.a", CodePass::headers,
                              [&](const CodePlace& place, const FatbinRegion&) { members.push_back(place.member); });
  ASSERT_TRUE(walk);
  EXPECT_EQ(members, (std::vector<std::string>{"one.o", "a_member_with_a_long_name.o"}));
}

TEST(Coverage, OverlappingSectionsAreReadOnce) {
  const std::string region = test::region_bytes({raw(90, kCode)});
  std::vector<MadeSection> sections;
  for (int i = 0; i < 50; ++i) sections.push_back({".nv_fatbin", region, SHF_ALLOC, SHT_PROGBITS, 1u << 20});
  const Coverage coverage = read(test::elf_bytes(sections), true);
  EXPECT_EQ(coverage.regions, 50);
}

TEST(Coverage, EveryTruncationOfAFileIsSurvived) {
  const std::string bytes =
      test::elf_bytes({{".nv_fatbin", test::region_bytes({packed(90, kCode, fatbin_flags::kZstd)})},
                       {".rodata", test::region_bytes({raw(80, kNoCode)})}});
  for (std::size_t size = 0; size < bytes.size(); size += 3) {
    const auto coverage = read_exact_coverage(*test::file_of(bytes.substr(0, size)), "made");
    EXPECT_FALSE(coverage) << "the section headers stand at the end";
  }
}

}  // namespace
}  // namespace varve
