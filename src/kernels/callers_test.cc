#include "kernels/callers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "binary/test_files.h"
#include "kernels/test_child.h"

namespace varve {
namespace {

// Calls whose chain is known: main, outer, one of two middle functions, and a leaf that burns CPU time.
constexpr const char* kChainProgram = R"(
#include <time.h>
#define NOT_INLINED __attribute__((noinline, noclone))
extern void leaf(double seconds);
static volatile int calls;
NOT_INLINED void middle_one(double seconds) { char room[512]; room[0] = 0; leaf(seconds); calls += room[0] + 1; }
NOT_INLINED void middle_two(double seconds, int n) {
  char room[n];  /* of a size that is not known: unwound by the frame pointer */
  room[0] = 0;
  leaf(seconds);
  calls += room[0] + 1;
}
NOT_INLINED void outer(int n) { middle_one(0.3); calls++; middle_two(0.15, n); calls++; }
int main(int argc, char** argv) { (void)argv; outer(100 * argc); return calls == 4 ? 0 : 1; }
)";

constexpr const char* kLeaf = R"(
#include <time.h>
double sum;
__attribute__((noinline, noclone)) double spin(double x) {
  for (int i = 0; i < 100000; i++) x = x * 1.0000001 + 1e-9;
  return x;
}
static double used(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
void leaf(double seconds) {
  char room[3000];
  for (unsigned i = 0; i < sizeof room; i += 512) room[i] = 1; /* what was never written is not copied */
  double end = used() + seconds;
  while (used() < end) { room[(int)sum & 7] = 1; sum = spin(sum + room[0]); }
}
)";

class Callers : public ::testing::Test {
 protected:
  void SetUp() override {
    sampler_ = CpuSampler::open(499, [this](CpuEvidence& evidence) { find_callers(evidence, cache_); });
    if (!sampler_->unavailable().empty()) GTEST_SKIP() << sampler_->unavailable();
    if (!sampler_->copies_stacks()) GTEST_SKIP() << sampler_->take().callers_unavailable;
    test::write_file(folder_ / "chain.c", kChainProgram);
    test::write_file(folder_ / "leaf.c", kLeaf);
  }

  bool build(const std::string& chain_flags, const std::string& leaf_flags) {
    return test::compile(folder_ / "leaf.c", folder_ / "leaf.o", "-c " + leaf_flags) &&
           test::compile(folder_ / "chain.c", folder_ / "chain", chain_flags + " '" + (folder_ / "leaf.o") + "'");
  }

  // The functions of the program on the stack of a sample, innermost first.
  std::vector<std::string> chain_of(const CpuEvidence& evidence, const CpuSample& sample) const {
    std::vector<std::string> names;
    for (auto node = sample.callers; node != CallerTree::kNone; node = evidence.callers.caller_of(node)) {
      const CallerFunction& function = evidence.callers[evidence.callers.function_of(node)];
      if (function.library == folder_ / "chain") names.push_back(function.name);
    }
    return names;
  }

  // How many of the samples in spin() have the chain that the program has: through either function in the middle.
  void expect_true_chains(double share) {
    ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "chain"}).ok);
    const CpuEvidence evidence = sampler_->take();
    EXPECT_TRUE(evidence.stacks.bytes.empty());
    std::size_t one = 0, two = 0, spinning = 0;
    for (const CpuSample& sample : evidence.samples) {
      const std::vector<std::string> chain = chain_of(evidence, sample);
      if (chain.empty() || chain[0] != "spin") continue;
      ++spinning;
      one += chain == std::vector<std::string>{"spin", "leaf", "middle_one", "outer", "main", "_start"};
      two += chain == std::vector<std::string>{"spin", "leaf", "middle_two", "outer", "main", "_start"};
    }
    ASSERT_GT(spinning, 50u);
    EXPECT_GE(static_cast<double>(one + two), share * static_cast<double>(spinning));
    EXPECT_NEAR(static_cast<double>(one) / static_cast<double>(one + two), 2.0 / 3, 0.15);
  }

  test::TemporaryFolder folder_;
  SymbolCache cache_;
  std::unique_ptr<CpuSampler> sampler_;
};

TEST_F(Callers, AreUnwoundByTheirTables) {
  if (!build("-O1", "-O1")) GTEST_SKIP() << "no gcc here";
  expect_true_chains(0.99);
}

TEST_F(Callers, OfCodeWithoutTablesAreFoundInTheStack) {
  if (!build("-O1", "-O1 -fno-asynchronous-unwind-tables")) GTEST_SKIP() << "no gcc here";
  expect_true_chains(0.95);
}

TEST_F(Callers, OfAProgramWithoutAnyTableAreFoundInTheStack) {
  if (!build("-O1 -fno-asynchronous-unwind-tables", "-O1 -fno-asynchronous-unwind-tables")) GTEST_SKIP() << "no gcc";
  expect_true_chains(0.9);
}

// What lies above a function of Go is another goroutine's, or nobody's: it was taken for callers.
TEST_F(Callers, AreNotGuessedWhereTheProgramKeepsTablesOfItsOwn) {
  const std::string own_tables = " -include '" + (folder_ / "tables.h") + "'";
  test::write_file(folder_ / "tables.h", R"(__asm__(".section .gopclntab\n.byte 1\n.text");)");
  if (!build("-O1 -fno-asynchronous-unwind-tables" + own_tables, "-O1 -fno-asynchronous-unwind-tables")) {
    GTEST_SKIP() << "no gcc";
  }
  ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "chain"}).ok);
  const CpuEvidence evidence = sampler_->take();
  std::size_t spinning = 0;
  for (const CpuSample& sample : evidence.samples) {
    const std::vector<std::string> chain = chain_of(evidence, sample);
    if (chain.empty() || chain[0] != "spin") continue;
    ++spinning;
    EXPECT_EQ(chain.size(), 1u) << chain[1];
  }
  EXPECT_GT(spinning, 50u);
}

TEST_F(Callers, AreThoseOfTheTimeOfTheSample) {
  if (!build("-O2 -fcf-protection -mstackrealign", "-O2 -mavx2 -fno-omit-frame-pointer")) GTEST_SKIP() << "no gcc";
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "this processor has no AVX2";
  expect_true_chains(0.95);
}

// As kernels of BLAS have it: a function that keeps more of its own on the stack than is usually copied.
TEST_F(Callers, BeyondWhatIsCopiedAreFoundInDeepCopies) {
  std::string leaf = kLeaf;
  leaf.replace(leaf.find("room[3000]"), 10, "room[30000]");
  test::write_file(folder_ / "leaf.c", leaf);
  if (!build("-O1", "-O1 -fno-asynchronous-unwind-tables")) GTEST_SKIP() << "no gcc here";
  ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "chain"}).ok);
  const CpuEvidence usual = sampler_->take();
  EXPECT_GT(usual.cut_stacks, usual.samples.size() / 2);
  sampler_.reset();
  const auto reduce = [this](CpuEvidence& evidence) { find_callers(evidence, cache_); };
  sampler_ = CpuSampler::open(499, reduce, StackCopies::deep);
  if (!sampler_->copies_stacks()) GTEST_SKIP() << sampler_->take().callers_unavailable;
  expect_true_chains(0.95);
}

TEST_F(Callers, AreNobodyWhereTheFileWasReplaced) {
  if (!build("-O1", "-O1")) GTEST_SKIP() << "no gcc here";
  CpuEvidence evidence;
  evidence.samples = {{0x401000, 7, 7, false, 20, 0, CallerTree::kNone}};
  evidence.mappings = {{.process = 7,
                        .start = 0x400000,
                        .length = 0x10000,
                        .path = folder_ / "chain",
                        .build_id = "00112233",
                        .time_ns = 10}};
  evidence.stacks.stacks.resize(1);
  evidence.stacks.stacks[0].registers.set(kRsp, 0x7000);
  evidence.stacks.stacks[0].registers.set(kReturnAddress, 0x401000);
  find_callers(evidence, cache_);
  EXPECT_EQ(evidence.samples[0].callers, CallerTree::kNone);
  EXPECT_TRUE(evidence.stacks.stacks.empty());
}

}  // namespace
}  // namespace varve
