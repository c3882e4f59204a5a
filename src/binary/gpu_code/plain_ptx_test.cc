#include "binary/gpu_code/plain_ptx.h"

#include <gtest/gtest.h>

#include "binary/gpu_code/fatbin_coverage.h"
#include "binary/gpu_code/fatbin_testing.h"
#include "binary/gpu_code/ptx_entries.h"

namespace varve {
namespace {

std::string ptx(const std::string& isa, const std::string& target, const std::string& line_end = "\n") {
  return ".version " + isa + line_end + ".target " + target + line_end + ".address_size 64" + line_end +
         ".visible .entry add() { ret; }" + line_end;
}

std::string words(std::string_view text) {
  const auto target = plain_ptx_target(text);
  return target ? to_string(*target) : "none";
}

TEST(PlainPtx, StatesItsTargetAtItsHead) {
  EXPECT_EQ(words(ptx("8.4", "sm_90a")), "compute_90a (PTX 8.4)");
  EXPECT_EQ(words(ptx("9.0", "sm_80", "\r\n")), "compute_80 (PTX 9.0)");
  EXPECT_EQ(words(ptx("6.5", "sm_75, debug")), "compute_75 (PTX 6.5)");
  EXPECT_EQ(words(".version 8.8 // of a compiler\n\t.target sm_120f\n// next\n.address_size 64\n"),
            "compute_120f (PTX 8.8)");
}

// Compilers carry what they write heads with, and messages speak of them.
TEST(PlainPtx, IsNotWhatOnlySpeaksOfIt) {
  EXPECT_EQ(words(".version %d.%d\n.target sm_80\n.address_size 64\n"), "none");
  EXPECT_EQ(words(".version 8.4\n.target sm_%s\n.address_size 64\n"), "none");
  EXPECT_EQ(words(".version 8.4\n.target sm_80 is not one of them\nand that is that"), "none");
  EXPECT_EQ(words(".version 8.4 and .target sm_80\n.address_size 64\n"), "none");
  EXPECT_EQ(words(".version 8.4\n.target sm_80"), "none");
  EXPECT_EQ(words(".versions 8.4\n.target sm_80\n.address_size 64\n"), "none");
}

std::string exact_words(const std::string& bytes) {
  const auto file = test::file_of(bytes);
  const auto coverage = read_exact_coverage(*file, "made");
  EXPECT_TRUE(coverage) << to_text(coverage.error());
  if (!coverage || !*coverage) return "none";
  std::string text;
  for (const CodeGroup& group : (*coverage)->groups) {
    text += std::to_string(group.regions) + ":";
    for (const CodeTarget& target : group.targets) text += " " + to_string(target);
    text += ";";
  }
  return text;
}

TEST(PlainPtx, CountsAsCodeWhereThereIsNoOther) {
  const std::string one = "text before" + ptx("9.0", "sm_80");
  EXPECT_EQ(exact_words(test::elf_bytes({{".rodata", one + '\0' + one + "of another"}})), "2: compute_80 (PTX 9.0);");
  EXPECT_EQ(exact_words(test::elf_bytes({{".oxart", one}})), "1: compute_80 (PTX 9.0);");
  // For several targets: a program that chooses.
  EXPECT_EQ(exact_words(test::elf_bytes({{".rodata", one + '\0' + ptx("7.0", "sm_70")}})),
            "1: compute_70 (PTX 7.0) compute_80 (PTX 9.0);");
  // A head without functions, a section of another kind, a file that has fat binaries.
  EXPECT_EQ(exact_words(test::elf_bytes({{".rodata", ".version 9.0\n.target sm_80\n.address_size 64\n"}})), "none");
  const std::string head = ".version 6.0\n.target sm_60\n.address_size 64\n";
  for (const char* rest :
       {".entry __miss__dr() { ret; }", ".entry __raygen__x() {\ncall (%r1), _optix_get_launch_index_x, ();\n}",
        ".entry \x8b\x07pressed(.\x9e\x08# .^ {"}) {
    EXPECT_EQ(exact_words(test::elf_bytes({{".rodata", head + rest}})), "none") << rest;
  }
  const std::string region = test::region_bytes({{.architecture = 90, .payload = test::cubin_bytes(true)}});
  EXPECT_EQ(exact_words(test::elf_bytes({{".nv_fatbin", region}, {".rodata", one}})), "1: sm_90;");
}

// Windows meet in the middle of a head.
TEST(PlainPtx, IsFoundAtEveryPlace) {
  constexpr std::size_t kWindow = std::size_t{1} << 20;
  for (const std::size_t before : {kWindow - 40, kWindow - 7, kWindow - 1, kWindow, kWindow + 1}) {
    const std::string bytes = test::elf_bytes({{".rodata", std::string(before, '\1') + ptx("8.0", "sm_86")}});
    EXPECT_EQ(exact_words(bytes), "1: compute_86 (PTX 8.0);") << before;
  }
}

// A comment without an end behind each ".entry" would cost a walk to the end of the text each.
TEST(PlainPtx, ReadsNoNameFarBehindItsDirective) {
  std::string bytes = ".version 8.0\n.target sm_86\n.address_size 64\n";
  for (int i = 0; i < 100'000; ++i) bytes += ".entry//";
  bytes += "\n add() { ret; }";
  EXPECT_EQ(exact_words(test::elf_bytes({{".rodata", bytes}})), "1: compute_86 (PTX 8.0);");
}

// Where a text ends is not stated, and half of one is none to compile.
TEST(PlainPtx, IsNotHandedToACompiler) {
  const auto file = test::file_of(test::elf_bytes({{".rodata", ptx("8.0", "sm_86")}}));
  const auto walk = walk_ptx(*file, "made", {9, 0}, PtxChoice::needed, {}, [](const PtxEntry&) { return true; });
  ASSERT_TRUE(walk);
  EXPECT_EQ(walk->given, 0);
  EXPECT_EQ(walk->not_read, 1);
}

}  // namespace
}  // namespace varve
