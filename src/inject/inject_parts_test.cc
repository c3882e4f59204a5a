#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "binary/elf/elf_testing.h"
#include "inject/cupti_library.h"
#include "inject/digest.h"
#include "inject/marks/marks.h"
#include "inject/modules.h"
#include "inject/open_ranges.h"
#include "inject/short_text.h"
#include "inject/slices.h"
#include "inject/spool_file.h"
#include "kernels/analysis/steps.h"
#include "world/test_root.h"

namespace varve::inject {
namespace {

TEST(CudaDigest, IsThatOfTheProgram) {
  std::mt19937_64 random(3);
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    char text[65];
    sha256_text(bytes.data(), bytes.size(), text);
    EXPECT_EQ(std::string(text), sha256_hex(bytes)) << size;
    bytes += static_cast<char>(random());
  }
}

std::string tiny_cubin() {
  test::TinyElf elf;
  elf.machine = 190;
  elf.dynamic = false;
  elf.sections = {{".text._Z4gemmv", "code"}, {".text.", "code"}, {".nv.info", "info"}, {".text.softmax", "code"}};
  return test::TinyElfWriter(elf).write();
}

TEST(CudaModules, AreTheSameWithAnyPadding) {
  const std::string cubin = tiny_cubin(), padded = cubin + std::string(24, '\0');
  const Module one = read_module(cubin.data(), cubin.size()), two = read_module(padded.data(), padded.size());
  EXPECT_STREQ(one.sha256, two.sha256);
  EXPECT_EQ(one.size, two.size);
  EXPECT_LE(one.size, cubin.size());
}

TEST(CudaModules, SayWhoseAKernelIs) {
  Modules modules;
  ASSERT_TRUE(modules.reserve());
  const std::string cubin = tiny_cubin();
  const Module made = read_module(cubin.data(), cubin.size());
  modules.add(made, cubin.data(), cubin.size());
  modules.add(made, cubin.data(), cubin.size());
  EXPECT_EQ(modules.count(), 1u);
  EXPECT_EQ(modules.loaded(), 2u);
  EXPECT_EQ(modules[0].functions, 2u);
  EXPECT_EQ(modules.holder_of("_Z4gemmv", 8), 0u);
  EXPECT_EQ(modules.holder_of("softmax", 7), 0u);
  EXPECT_EQ(modules.holder_of("other", 5), kNoModule);
  Module second = made;
  second.sha256[0] ^= 1;
  modules.add(second, cubin.data(), cubin.size());
  EXPECT_EQ(modules.holder_of("softmax", 7), kSeveralModules);
}

// Every beginning of a cubin, and bytes of it turned: never outside of it (the sanitizers look), never more than it
// has.
TEST(CudaModules, StayInsideDamagedCode) {
  const std::string cubin = tiny_cubin();
  const auto look = [](const std::string& bytes) {
    const std::vector<char> exact(bytes.begin(), bytes.end());
    EXPECT_LE(elf_extent(exact.data(), exact.size()), exact.size());
    each_function(exact.data(), exact.size(), nullptr, [](void*, const char* name, std::size_t length) {
      EXPECT_EQ(std::string(name, length).size(), length);
    });
  };
  for (std::size_t size = 0; size < cubin.size(); ++size) look(cubin.substr(0, size));
  std::mt19937_64 random(5);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = cubin;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    look(damaged);
  }
}

TEST(CudaRanges, AreWithoutWhatIsInside) {
  Totals totals;
  OpenRanges ranges;
  ASSERT_TRUE(totals.reserve({}) && ranges.reserve());
  const NameNumber outer = totals.name("outer", 5), inner = totals.name("inner", 5);
  ranges.begin(1, 7, 100, outer);
  ranges.begin(2, 8, 110, outer);  // of another thread: nothing is nested in it
  ranges.begin(3, 7, 120, inner);
  ranges.end(3, 150, totals);
  ranges.end(1, 200, totals);
  ranges.end(2, 210, totals);
  ranges.end(9, 220, totals);
  ASSERT_EQ(totals.rows(), 2u);
  EXPECT_EQ(totals.row(0).total_ns, 30u);
  EXPECT_EQ(totals.row(1).total_ns, 170u);
  EXPECT_EQ(totals.row(1).nested_ns, 30u);
  EXPECT_EQ(ranges.unmatched(), 1u);
  for (std::uint32_t i = 0; i < 5000; ++i) ranges.begin(100 + i, 1, 300, outer);
  EXPECT_EQ(ranges.unmatched(), 1u + 5000 - 4096);
}

TEST(CudaSpoolLines, KeepWordsApart) {
  LineWriter lines;
  ASSERT_TRUE(lines.reserve());
  lines.word("name").number(18446744073709551615u).word("a b%\n\x7f", 6).word("").pair(3, 14).end_line();
  EXPECT_EQ(std::string(lines.bytes(), lines.size()), "name 18446744073709551615 a%20b%25%0A%7F %- 3:14 .\n");
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A long spool is written anew, and the old one is there until the new one is whole.
TEST(CudaSpoolFile, IsWrittenAnewWhenItHasGrown) {
  const TestRoot root;
  SpoolFile file;
  LineWriter lines;
  ASSERT_TRUE(file.create(root.path().c_str(), 7) && lines.reserve());
  const std::string path = root.path() + "/cuda-7.spool", filling(60'000, 'x');
  EXPECT_EQ(file.path(), path);
  for (int i = 0; i < 80; ++i) {
    EXPECT_FALSE(file.is_long()) << i;
    ASSERT_TRUE(file.open(false));
    lines.word("name").number(1).word(filling.c_str()).end_line();
    EXPECT_TRUE(file.write(lines) && file.close());
    if (file.is_long()) break;
  }
  ASSERT_TRUE(file.is_long());
  ASSERT_TRUE(file.open(true));
  lines.word("whole").end_line();
  EXPECT_TRUE(file.write(lines));
  EXPECT_GT(text_of(path).size(), std::size_t{4} << 20);
  EXPECT_TRUE(file.close());
  EXPECT_EQ(text_of(path), "whole .\n");
  EXPECT_FALSE(file.is_long());
  ASSERT_TRUE(file.open(false));
  lines.word("more").end_line();
  EXPECT_TRUE(file.write(lines) && file.close());
  EXPECT_EQ(text_of(path), "whole .\nmore .\n");
}

TEST(CudaSpoolFile, TakesNoFileThatIsThere) {
  const TestRoot root;
  root.write("cuda-7.spool", "another process");
  SpoolFile file;
  ASSERT_TRUE(file.create(root.path().c_str(), 7));
  EXPECT_EQ(file.path(), root.path() + "/cuda-7-2.spool");
  EXPECT_EQ(text_of(root.path() + "/cuda-7.spool"), "another process");
  EXPECT_FALSE(file.create((root.path() + "/gone").c_str(), 7));
}

TEST(CudaVersions, FollowCupti) {
  EXPECT_EQ(cuda_of_api(12, 0), 0u);
  EXPECT_EQ(cuda_of_api(13, 11), 11000u);
  EXPECT_EQ(cuda_of_api(18, 11), 11080u);
  EXPECT_EQ(cuda_of_api(18, 12), 12010u);
  EXPECT_EQ(cuda_of_api(26, 12), 12080u);
  EXPECT_EQ(cuda_of_api(130401, 13), 13040u);
  EXPECT_EQ(major_of("libcupti.so.12"), 12u);
  EXPECT_EQ(major_of("libcupti.so.11.8"), 11u);
  EXPECT_EQ(major_of("libcupti.so.2025.3.1"), 0u);
  EXPECT_EQ(major_of("libcupti.so"), 0u);
}

TEST(CudaShortText, IsCutWhereThereIsNoRoom) {
  char into[8];
  ShortText text(into, sizeof into);
  text.add("abc").add(1234567890);
  EXPECT_STREQ(into, "abc1234");
  EXPECT_FALSE(text.fits());
}

// What a program calls a step is what Varve's readers of traces call one, and up to the same place.
TEST(Marks, TellStepsAsReadersOfTracesDo) {
  std::mt19937 random(11);
  const char* parts[] = {
      "step", "Step", "STEP", "iter", "Iteration", "iteration", "train_step", "training_step", "#", "_",
      " ",    "-",    "7",    "12",   "attn",      "fit",       "st",         "ProfilerStep",  "/", ""};
  int marked = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string name;
    for (unsigned long k = random() % 5; k > 0; --k) name += parts[random() % std::size(parts)];
    bool has_number = false;
    const std::size_t size = step_name_size(name.data(), name.size(), has_number);
    const std::string told = size == 0 ? "" : name.substr(0, size) + (has_number ? "N" : "");
    ASSERT_EQ(told, step_annotation(name)) << name;
    marked += size > 0 ? 1 : 0;
  }
  EXPECT_GT(marked, 1000);
}

// Whatever the width has become: what ran is what is in the slices, each record where it ran.
TEST(CudaSlices, HoldWhatRanWhereItRan) {
  Slices slices;
  ASSERT_TRUE(slices.reserve());
  slices.add(0, 5, 10);
  EXPECT_EQ(slices.row(0), nullptr) << "nobody knows yet where they begin";
  slices.begin(1000);
  std::mt19937_64 random(5);
  std::uint64_t all = 0, at = 1000;
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t ns = random() % 40'000'000;
    slices.add(static_cast<std::uint32_t>(i % 2), at, at + ns);
    all += ns;
    at += random() % 3'000'000;
  }
  slices.add(1, 999, 2000);                   // before they begin
  slices.add(Slices::kMostRows, 2000, 3000);  // a row too many
  EXPECT_EQ(slices.row(Slices::kMostRows), nullptr);
  std::uint64_t ns = 0, count = 0;
  for (std::uint32_t row = 0; row < 2; ++row) {
    for (std::uint32_t i = 0; i < Slices::kSlices; ++i) {
      ns += slices.row(row)->ns[i];
      count += slices.row(row)->counts[i];
    }
  }
  EXPECT_EQ(ns, all);
  EXPECT_EQ(count, 3000u);
  const std::uint64_t width = slices.width_ns();
  EXPECT_GE(256 * width, at - 1000);
  slices.add(2, 1000 + 3 * width - 10, 1000 + 4 * width + 20);  // across two edges
  EXPECT_EQ(slices.row(2)->ns[2], 10u);
  EXPECT_EQ(slices.row(2)->ns[3], width);
  EXPECT_EQ(slices.row(2)->ns[4], 20u);
  EXPECT_EQ(slices.row(2)->counts[2], 1u);
  EXPECT_EQ(slices.row(2)->changed_from, 2u);
  EXPECT_EQ(slices.row(2)->changed_behind, 5u);
}

}  // namespace
}  // namespace varve::inject
