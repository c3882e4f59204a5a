#include "report/stack_tables.h"

#include <gtest/gtest.h>

#include "report/wording.h"

namespace varve {
namespace {

Fact version(const std::string& text) { return known_fact(text, "test"); }

std::vector<std::string> texts(const std::vector<Cell>& row) {
  std::vector<std::string> cells;
  for (const Cell& cell : row) cells.push_back(cell.text);
  return cells;
}

Binary library(const std::string& path, const std::string& soname, const std::string& build_id) {
  return {.path = path,
          .environment = "~/venv",
          .soname = soname,
          .build_id = build_id,
          .version = version("1.0"),
          .runtime = missing_fact(Missing::not_asked, "test"),
          .built_by = {},
          .dependencies = {},
          .coverage = {}};
}

Coverage some_code() {
  return {.exact = false,
          .regions = 5,
          .entries = 9,
          .groups = {{.targets = {{.kind = CodeKind::sass, .architecture = {8, 0}},
                                  {.kind = CodeKind::sass, .architecture = {9, 0}, .variant = 'a'},
                                  {.kind = CodeKind::ptx, .architecture = {12, 0}, .isa_major = 9, .isa_minor = 0}},
                      .regions = 3},
                     {.targets = {{.kind = CodeKind::sass, .architecture = {8, 0}}}, .regions = 2}},
          .codecs = {"zstd"},
          .remark = {}};
}

TEST(StackTables, CoverageCountsRegionsForEachGpu) {
  Stack stack;
  stack.binaries = {library("/a/libx.so", "libx.so", "01"), library("/a/liby.so", "liby.so", "02")};
  stack.binaries[0].coverage = some_code();
  const StackTable table = coverage_table(stack, {{8, 6}, {9, 0}, {12, 0}});
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(texts(table.rows[0]), (std::vector<std::string>{"libx.so", "5", "80 90a", "120 (ISA 9.0)", "zstd", "native",
                                                            "3 native, 2 none", "3 JIT, 2 none"}));
  ASSERT_EQ(table.notes.size(), 1u);
  EXPECT_EQ(table.notes[0].text, "No GPU code in liby.so.");
}

TEST(StackTables, PtxNewerThanTheDriversCompilerIsNotServed) {
  Stack stack;
  stack.binaries = {library("/a/libx.so", "libx.so", "01")};
  stack.binaries[0].coverage = some_code();
  stack.facts["driver.jit.ptx_isa"] = version("8.4");
  EXPECT_EQ(coverage_table(stack, {{12, 0}}).rows[0].back().text, "not at all");
  stack.facts["driver.jit.ptx_isa"] = version("9.0");
  EXPECT_EQ(coverage_table(stack, {{12, 0}}).rows[0].back().text, "3 JIT, 2 none");
}

TEST(StackTables, DifferentCopiesOfOneLibraryAreNamed) {
  Stack stack;
  stack.binaries = {library("/a/libx.so.1", "libx.so.1", "01"), library("/b/libx.so.1", "libx.so.1", "02"),
                    library("/c/liby.so.1", "liby.so.1", "03"), library("/d/liby.so.1", "liby.so.1", "03")};
  const std::vector<StackTable> tables = stack_tables(stack);
  ASSERT_EQ(tables.size(), 1u);
  ASSERT_EQ(tables[0].notes.size(), 1u);
  EXPECT_EQ(tables[0].notes[0].text, "libx.so.1 is there in 2 different copies: /a/libx.so.1 and /b/libx.so.1");
}

TEST(StackTables, PinsThatAreNotWhatIsThereAreNamed) {
  Environment environment{.kind = EnvironmentKind::venv,
                          .path = "~/venv",
                          .python = version("3.11.2"),
                          .packages = {},
                          .compilers = {},
                          .runtimes = missing_fact(Missing::absent, "test", "no CUDA runtime")};
  environment.packages.push_back({.name = "torch",
                                  .version = "2.1",
                                  .role = PackageRole::framework,
                                  .installer = "pip",
                                  .cuda = version("12.1"),
                                  .requirements = {{"nvidia-cublas-cu12", "==12.1.3.1", "12.1.3.1"},
                                                   {"nvidia-cudnn-cu12", "==8.9.2.26", "9.1.0"},
                                                   {"nvidia-nccl-cu12", "==2.18.1", ""}}});
  Stack stack;
  stack.environments = {environment};
  const std::vector<StackTable> tables = stack_tables(stack);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].title, "venv ~/venv, Python 3.11.2");
  EXPECT_EQ(tables[0].notes[0].text,
            "torch pins nvidia-cudnn-cu12 9.1.0 (wants ==8.9.2.26), nvidia-nccl-cu12==2.18.1 (not installed)");
}

TEST(StackTables, FactsThatDoNotApplyAreCountedOnce) {
  Stack stack;
  stack.facts["cpu.model"] = missing_fact(Missing::not_applicable, "", "only a running machine has it");
  stack.facts["gpu.count"] = missing_fact(Missing::not_applicable, "/sys", "no GPU");
  stack.facts["os.name"] = version("Debian");
  EXPECT_EQ(facts_in_order(stack), (std::vector<std::string>{"gpu.count", "os.name"}));
  const FactCounts counts = count_facts(stack);
  EXPECT_EQ(counts.known, 1u);
  EXPECT_EQ(counts.all, 2u);
  EXPECT_EQ(counts.beside, 1u);
}

}  // namespace
}  // namespace varve
