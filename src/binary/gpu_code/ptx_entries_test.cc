#include "binary/gpu_code/ptx_entries.h"

#include <gtest/gtest.h>

#include "binary/gpu_code/fatbin_testing.h"

namespace varve {
namespace {

using test::MadeEntry;

std::string ptx_text(const std::string& version, const std::string& target, bool code = true) {
  std::string text = "// made\n.version " + version + "\n.target " + target + ", debug\n.address_size 64\n";
  return code ? text + ".visible .entry k()\n{\nret;\n}\n" : text;
}

MadeEntry ptx_entry_of(std::uint32_t architecture, const std::string& text, std::uint16_t major = 8,
                       std::uint16_t minor = 4, std::uint64_t flags = 0x11) {
  return {.kind = 1,
          .architecture = architecture,
          .payload = test::padded(text),
          .flags = flags,
          .isa_major = major,
          .isa_minor = minor,
          .name = {},
          .index = {},
          .header_size = {},
          .payload_size = {}};
}

MadeEntry sass(std::uint32_t architecture) {
  return {.architecture = architecture,
          .payload = test::cubin_bytes(true),
          .name = {},
          .index = {},
          .header_size = {},
          .payload_size = {}};
}

struct Taken {
  std::vector<PtxEntry> entries;
  PtxWalk walk;
};

Taken take(const std::vector<std::vector<MadeEntry>>& regions, ComputeCapability gpu,
           PtxChoice choice = PtxChoice::needed, const PtxLimits& limits = {}) {
  std::string code;
  for (const auto& region : regions) code += test::padded(test::region_bytes(region));
  const auto file = test::file_of(test::elf_bytes({{".nv_fatbin", code}}));
  Taken taken;
  const auto walk = walk_ptx(*file, "made", gpu, choice, limits, [&](const PtxEntry& entry) {
    taken.entries.push_back(entry);
    return true;
  });
  EXPECT_TRUE(walk);
  if (walk) taken.walk = *walk;
  return taken;
}

TEST(PtxEntries, AreThoseOfRegionsWithoutMachineCodeForTheGpu) {
  const Taken taken = take(
      {{sass(80), ptx_entry_of(80, ptx_text("8.4", "sm_80"))}, {ptx_entry_of(80, ptx_text("8.4", "sm_80"))}}, {8, 6});
  ASSERT_EQ(taken.entries.size(), 1U);
  EXPECT_EQ(taken.entries[0].region, 2);
  EXPECT_EQ(taken.walk.regions, 2);
  EXPECT_EQ(taken.entries[0].text, ptx_text("8.4", "sm_80")) << "without padding";
  EXPECT_EQ(take({{sass(80), ptx_entry_of(80, ptx_text("8.4", "sm_80"))}}, {9, 0}).entries.size(), 1U);
  EXPECT_EQ(take({{ptx_entry_of(90, ptx_text("8.4", "sm_90"))}}, {8, 0}).entries.size(), 0U) << "PTX for a newer GPU";
}

TEST(PtxEntries, AreTheMostFittingOfARegion) {
  constexpr std::uint64_t kSpecific = 0x100011;
  const std::vector<MadeEntry> region = {
      ptx_entry_of(75, ptx_text("8.4", "sm_75")), ptx_entry_of(90, ptx_text("8.4", "sm_90")),
      ptx_entry_of(90, ptx_text("8.4", "sm_90a"), 8, 4, kSpecific), ptx_entry_of(100, ptx_text("8.6", "sm_100"), 8, 6)};
  const auto target_for = [&](ComputeCapability gpu) { return to_string(take({region}, gpu).entries.at(0).target); };
  EXPECT_EQ(target_for({8, 6}), "compute_75 (PTX 8.4)");
  EXPECT_EQ(target_for({9, 0}), "compute_90a (PTX 8.4)");
  EXPECT_EQ(target_for({12, 0}), "compute_100 (PTX 8.6)");
  EXPECT_EQ(take({region}, {9, 0}, PtxChoice::all).entries.size(), 3U);
}

TEST(PtxEntries, WithoutAFunctionAreLeftOut) {
  EXPECT_EQ(take({{ptx_entry_of(80, ptx_text("8.4", "sm_80", false))}}, {8, 0}).entries.size(), 0U);
}

TEST(PtxEntries, StayWithinTheirLimits) {
  const std::vector<MadeEntry> region = {ptx_entry_of(80, ptx_text("8.4", "sm_80"))};
  EXPECT_EQ(take({region}, {8, 0}, PtxChoice::needed, {.text_bytes = 16}).walk.not_read, 1);
  const Taken cut = take({region, region, region}, {8, 0}, PtxChoice::needed, {.texts = 2});
  EXPECT_EQ(cut.entries.size(), 2U);
  EXPECT_TRUE(cut.walk.cut);
  MadeEntry damaged = ptx_entry_of(80, std::string(64, 'x'), 8, 4, 0x8011);
  damaged.compressed_size = 64;
  damaged.raw_size = 1 << 20;
  EXPECT_EQ(take({{damaged}}, {8, 0}).walk.not_read, 1);
}

TEST(PtxEntries, NameTheGpuForTheCompiler) {
  EXPECT_EQ(gpu_name_for({CodeKind::ptx, {8, 0}, '\0', 8, 4}, {8, 6}), "sm_86");
  EXPECT_EQ(gpu_name_for({CodeKind::ptx, {9, 0}, 'a', 8, 4}, {9, 0}), "sm_90a");
  EXPECT_EQ(gpu_name_for({CodeKind::ptx, {10, 0}, 'f', 8, 8}, {10, 3}), "sm_103f");
}

TEST(PtxEntries, AreReadByTheirHead) {
  EXPECT_EQ(ptx_head(ptx_text("8.4", "sm_90a")).version, "8.4");
  EXPECT_EQ(ptx_head(ptx_text("8.4", "sm_90a")).target, "sm_90a");
  EXPECT_EQ(ptx_head("//.version 1\nnothing").target, "");
}

}  // namespace
}  // namespace varve
