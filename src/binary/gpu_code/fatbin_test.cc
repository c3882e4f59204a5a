#include "binary/gpu_code/fatbin.h"

#include <gtest/gtest.h>

#include "binary/gpu_code/fatbin_testing.h"

namespace varve {
namespace {

using test::MadeEntry;

std::vector<FatbinRegion> walk(const std::string& bytes) {
  std::vector<FatbinRegion> regions;
  const auto file = test::file_of(bytes);
  if (!file) return regions;
  FatbinWalk walk(*file, 0, bytes.size());
  for (FatbinRegion region; walk.next(region);) regions.push_back(region);
  return regions;
}

TEST(FatbinWalk, GivesEveryEntryWithItsTarget) {
  MadeEntry ptx{.kind = 1, .architecture = 120, .isa_major = 9, .isa_minor = 1};
  MadeEntry specific{.architecture = 90, .flags = 0x11 | fatbin_flags::kArchitectureSpecific};
  MadeEntry family{.architecture = 100, .flags = 0x11 | fatbin_flags::kFamilySpecific};
  MadeEntry lto{.kind = 8, .architecture = 75};
  const auto regions = walk(test::region_bytes({ptx, specific}) + test::region_bytes({family, lto, MadeEntry{}}));
  ASSERT_EQ(regions.size(), 2u);
  ASSERT_EQ(regions[0].entries.size(), 2u);
  ASSERT_EQ(regions[1].entries.size(), 3u);
  EXPECT_EQ(to_string(regions[0].entries[0].target), "compute_120 (PTX 9.1)");
  EXPECT_EQ(to_string(regions[0].entries[1].target), "sm_90a");
  EXPECT_EQ(to_string(regions[1].entries[0].target), "sm_100f");
  EXPECT_EQ(to_string(regions[1].entries[1].target), "lto_75");
  EXPECT_EQ(to_string(regions[1].entries[2].target), "sm_90");
  EXPECT_FALSE(regions[0].damaged || regions[1].damaged);
}

TEST(FatbinWalk, TellsHowAnEntryIsStored) {
  const auto codec = [](std::uint64_t flags, std::uint32_t compressed) {
    MadeEntry entry{.flags = flags, .compressed_size = compressed, .raw_size = 100};
    return walk(test::region_bytes({entry})).at(0).entries.at(0).codec;
  };
  EXPECT_EQ(codec(0x11, 0), CodeCodec::none);
  EXPECT_EQ(codec(0x11 | fatbin_flags::kLz4, 40), CodeCodec::lz4);
  EXPECT_EQ(codec(0x11 | fatbin_flags::kZstd, 40), CodeCodec::zstd);
  EXPECT_EQ(codec(0x11 | fatbin_flags::kOldCompression, 40), CodeCodec::old);
  EXPECT_EQ(codec(0x11, 40), CodeCodec::old);
  EXPECT_EQ(codec(0x11 | fatbin_flags::kLtoCompression, 40), CodeCodec::lto);
}

TEST(FatbinWalk, HeadersOfAnySizeAreSteppedOver) {
  for (std::size_t name : {0u, 1u, 8u, 100u, 2000u}) {
    MadeEntry entry;
    entry.name = std::string(name, 'n');
    const std::string bytes = test::region_bytes({entry, MadeEntry{.architecture = 80}});
    const auto regions = walk(bytes);
    ASSERT_EQ(regions.size(), 1u);
    ASSERT_EQ(regions[0].entries.size(), 2u) << name;
    EXPECT_EQ(to_string(regions[0].entries[1].target), "sm_80");
    EXPECT_EQ(source_name(*test::file_of(bytes), regions[0].entries[0]), entry.name);
  }
}

TEST(FatbinWalk, EntriesCompressedTogetherAreEntriesOfTheirOwn) {
  const std::vector<MadeEntry> parts{{.architecture = 75, .name = "k.cu"},
                                     {.architecture = 100, .flags = 0x11 | fatbin_flags::kFamilySpecific},
                                     {.architecture = 120}};
  MadeEntry several{.kind = 256, .architecture = 0, .flags = 0x11 | fatbin_flags::kZstd};
  several.index = test::index_bytes(parts, {1000, 2000, 3000});
  several.compressed_size = 64;
  several.raw_size = 6000;
  const std::string bytes = test::region_bytes({several, MadeEntry{}});
  const auto regions = walk(bytes);
  ASSERT_EQ(regions.size(), 1u);
  const auto& entries = regions[0].entries;
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_FALSE(regions[0].damaged);
  EXPECT_EQ(to_string(entries[0].target), "sm_75");
  EXPECT_EQ(to_string(entries[1].target), "sm_100f");
  EXPECT_EQ(to_string(entries[2].target), "sm_120");
  EXPECT_EQ(to_string(entries[3].target), "sm_90");
  EXPECT_EQ(entries[1].part_offset, 1000u);
  EXPECT_EQ(entries[2].code_size(), 3000u);
  EXPECT_EQ(source_name(*test::file_of(bytes), entries[0]), "k.cu");
}

TEST(FatbinWalk, AnIndexThatHoldsLessThanItSaysIsDamage) {
  MadeEntry several{.kind = 256, .architecture = 0, .flags = 0x11 | fatbin_flags::kZstd, .raw_size = 1500};
  several.index = test::index_bytes({MadeEntry{}, MadeEntry{}}, {1000, 1000});
  auto regions = walk(test::region_bytes({several}));
  ASSERT_EQ(regions.size(), 1u);
  EXPECT_TRUE(regions[0].damaged);
  EXPECT_EQ(regions[0].entries.size(), 1u);
  several.index = "";
  regions = walk(test::region_bytes({several, MadeEntry{}}));
  ASSERT_EQ(regions.size(), 1u);
  EXPECT_TRUE(regions[0].damaged);
  EXPECT_EQ(regions[0].entries.size(), 1u) << "what follows it is still read";
}

TEST(FatbinWalk, SizesThatCannotBeRightEndTheRegionAndNotTheWalk) {
  std::vector<MadeEntry> liars(6);
  liars[0].header_size = 56;
  liars[1].header_size = 0xffff'fff8;
  liars[2].header_size = 68;
  liars[3].payload_size = ~0ull;
  liars[4].payload_size = 1ull << 62;
  liars[5].compressed_size = 4000;
  for (const MadeEntry& liar : liars) {
    const auto regions = walk(test::region_bytes({MadeEntry{}, liar, MadeEntry{}}) + test::region_bytes({MadeEntry{}}));
    ASSERT_EQ(regions.size(), 2u);
    EXPECT_TRUE(regions[0].damaged);
    EXPECT_EQ(regions[0].entries.size(), 1u);
    EXPECT_EQ(regions[1].entries.size(), 1u);
  }
  MadeEntry unknown;
  unknown.architecture = 0xffff'ffff;
  EXPECT_TRUE(walk(test::region_bytes({unknown})).at(0).damaged);
}

TEST(FatbinWalk, ARegionThatReachesBeyondTheEndIsReadAsFarAsItIsThere) {
  for (std::uint64_t size : {std::uint64_t{1000}, ~std::uint64_t{0}, ~std::uint64_t{0} - 15}) {
    const auto regions = walk(test::region_bytes({MadeEntry{}}, size));
    ASSERT_EQ(regions.size(), 1u);
    EXPECT_TRUE(regions[0].damaged);
    EXPECT_EQ(regions[0].entries.size(), 1u);
  }
}

TEST(FatbinWalk, EveryTruncationEndsWithoutMoreThanWasThere) {
  const std::string bytes = test::region_bytes({MadeEntry{}, MadeEntry{}}) + test::region_bytes({MadeEntry{}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::size_t entries = 0;
    for (const FatbinRegion& region : walk(bytes.substr(0, size))) {
      entries += region.entries.size();
      EXPECT_LE(region.offset + region.size, size);
    }
    EXPECT_LT(entries, 3u) << size;
  }
}

TEST(FatbinWalk, PaddingBetweenRegionsIsPassedOverAndOtherBytesEndTheWalk) {
  const std::string region = test::region_bytes({MadeEntry{}});
  EXPECT_EQ(walk(std::string(24, '\0') + region + std::string(4096, '\0') + region + std::string(8, '\0')).size(), 2u);
  const std::string strange = region + std::string(64, 'x') + region;
  const auto file = test::file_of(strange);
  FatbinWalk walk(*file, 0, strange.size());
  FatbinRegion found;
  EXPECT_TRUE(walk.next(found));
  EXPECT_FALSE(walk.next(found));
  EXPECT_EQ(walk.bytes_left(), 64 + region.size());
}

TEST(FatbinWalk, StaysInsideItsRange) {
  const std::string region = test::region_bytes({MadeEntry{}});
  const auto file = test::file_of(region + region);
  FatbinWalk first(*file, 0, region.size());
  FatbinRegion found;
  EXPECT_TRUE(first.next(found));
  EXPECT_FALSE(first.next(found));
  FatbinWalk beyond(*file, ~0ull - 5, ~0ull);
  EXPECT_FALSE(beyond.next(found));
}

}  // namespace
}  // namespace varve
