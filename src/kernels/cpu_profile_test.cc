#include "kernels/cpu_profile.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "binary/elf/build_id.h"
#include "binary/test_files.h"
#include "kernels/test_child.h"

namespace varve {
namespace {

// The account of CPU samples with the names of its kernels.
struct Seen {
  ProfileRecord record;

  explicit Seen(ProfileRecord made) : record(std::move(made)) {}
  const Profile& profile() const { return record.profiles.by_kind.at(kCpuSamples); }
  const Kernel& kernel(const ProfileRow& row) const { return record.kernels[row.key.kernel]; }
  const ProfileRow* find(const std::string& name) const {
    for (const ProfileRow& row : profile().rows) {
      if (kernel(row).key.name == name) return &row;
    }
    return nullptr;
  }
};

void expect_parts_sum(const Profile& profile) {
  ASSERT_EQ(profile.periods_ns.size(), 1u);
  EXPECT_EQ(profile.rows_ns(), static_cast<std::int64_t>(profile.samples()) * *profile.periods_ns.begin());
  for (const ProfileRow& row : profile.rows) {
    EXPECT_EQ(row.time.total_ns, static_cast<std::int64_t>(row.samples) * *profile.periods_ns.begin());
  }
}

class CpuProfile : public ::testing::Test {
 protected:
  void SetUp() override {
    test::write_file(folder_ / "busy.c", test::kBusyProgram);
    if (!test::compile(folder_ / "busy.c", folder_ / "busy", "-O1 -pthread -Wl,--build-id"))
      GTEST_SKIP() << "no gcc here";
    sampler_ = CpuSampler::open(499);
    if (!sampler_->unavailable().empty()) GTEST_SKIP() << sampler_->unavailable();
  }
  test::TemporaryFolder folder_;
  std::unique_ptr<CpuSampler> sampler_;
  SymbolCache cache_;
};

TEST_F(CpuProfile, SplitsTimeBetweenFunctionsAsTheProgramSpentIt) {
  ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "busy", "2", "1", "0"}).ok);
  CpuEvidence evidence = sampler_->take();
  const Seen seen(cpu_profile(evidence, cache_));
  expect_parts_sum(seen.profile());
  const ProfileRow *three = seen.find("hot_three"), *one = seen.find("hot_one");
  ASSERT_TRUE(three && one);
  EXPECT_EQ(seen.kernel(*three).key.library, folder_ / "busy");
  EXPECT_EQ(seen.kernel(*three).named, Named::symbol);
  double both = static_cast<double>(three->samples + one->samples);
  double error = std::sqrt(0.75 * 0.25 / both);  // of a share of independent samples
  EXPECT_NEAR(static_cast<double>(three->samples) / both, 0.75, 4 * error);
  EXPECT_GT(both / static_cast<double>(seen.profile().samples()), 0.9);

  int fd = open((folder_ / "busy").c_str(), O_RDONLY | O_CLOEXEC);
  auto build_id = read_build_id(*FileReader::open(fd, "busy"), "busy");
  close(fd);
  EXPECT_EQ(seen.kernel(*three).key.build_id, *build_id);
  auto libraries = loaded_libraries(evidence, cache_);
  auto busy =
      std::find_if(libraries.begin(), libraries.end(), [&](const Library& l) { return l.path == folder_ / "busy"; });
  ASSERT_NE(busy, libraries.end());
  EXPECT_EQ(busy->build_id, *build_id);
  EXPECT_TRUE(std::any_of(libraries.begin(), libraries.end(),
                          [](const Library& l) { return l.path.find("libc.so") != l.path.npos; }));
  for (const Library& library : libraries) {
    EXPECT_NE(library.build_id.empty(), library.build_id_missing.empty()) << library.path;
    EXPECT_TRUE(library.path.starts_with("/")) << library.path;
  }
}

TEST_F(CpuProfile, GivesStableRangesWhereNamesAreStripped) {
  ASSERT_EQ(std::system(("strip '" + (folder_ / "busy") + "'").c_str()), 0);
  std::vector<std::string> names[2];
  for (auto& found : names) {
    ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "busy", "0.4", "1", "0"}).ok);
    const Seen seen(cpu_profile(sampler_->take(), cache_));
    expect_parts_sum(seen.profile());
    for (const Kernel& kernel : seen.record.kernels.kernels()) {
      if (kernel.key.library != folder_ / "busy") continue;
      EXPECT_EQ(kernel.named, Named::range);
      found.push_back(kernel.key.name);
    }
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(found[0].starts_with("busy [0x")) << found[0];
  }
  EXPECT_EQ(names[0], names[1]);
}

TEST_F(CpuProfile, SaysWhenTheFileIsNoLongerTheOneThatRan) {
  ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "busy", "0.2", "1", "0"}).ok);
  CpuEvidence evidence = sampler_->take();
  std::string other = std::string(test::kBusyProgram) + "int something_else(void) { return 1; }\n";
  test::write_file(folder_ / "busy.c", other);
  std::filesystem::remove(folder_ / "busy");
  ASSERT_TRUE(test::compile(folder_ / "busy.c", folder_ / "busy", "-O1 -pthread -Wl,--build-id"));
  const Seen seen(cpu_profile(evidence, cache_));
  expect_parts_sum(seen.profile());
  EXPECT_FALSE(seen.find("hot_three"));
  EXPECT_TRUE(std::any_of(seen.profile().unseen.begin(), seen.profile().unseen.end(),
                          [](const std::string& why) { return why.find("replaced after it was mapped") != why.npos; }));

  ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "busy", "0.2", "1", "0"}).ok);
  EXPECT_TRUE(Seen(cpu_profile(sampler_->take(), cache_)).find("hot_three"));  // the cache reads the new file
}

// A program that multiplies matrices with whatever OpenBLAS chooses.
constexpr const char* kBlasProgram = R"(
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
typedef void (*gemm)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
int main(void) {
  enum { n = 512 };
  void* library = dlopen("libopenblas.so.0", RTLD_NOW);
  gemm multiply = library ? (gemm)dlsym(library, "cblas_sgemm") : 0;
  if (!multiply) return 3;
  float *a = calloc(n * n, 4), *b = calloc(n * n, 4), *c = calloc(n * n, 4);
  while (clock() < CLOCKS_PER_SEC / 2) multiply(101, 111, 111, n, n, n, 1, a, n, b, n, 0, c, n);
  return 0;
}
)";

TEST_F(CpuProfile, ShowsWhichOpenBlasKernelRan) {
  if (!dlopen("libopenblas.so.0", RTLD_LAZY)) GTEST_SKIP() << "no libopenblas.so.0 here";
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "this processor cannot run the Haswell kernels";
  test::write_file(folder_ / "blas.c", kBlasProgram);
  ASSERT_TRUE(test::compile(folder_ / "blas.c", folder_ / "blas", "-O1"));
  for (const char* core : {"Haswell", "Nehalem"}) {
    std::string setting = std::string("OPENBLAS_CORETYPE=") + core;
    ASSERT_TRUE(test::run_child(*sampler_, {folder_ / "blas"}, {setting, "OPENBLAS_NUM_THREADS=1"}).ok);
    const Seen seen(cpu_profile(sampler_->take(), cache_));
    expect_parts_sum(seen.profile());
    std::string upper = core;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    const ProfileRow* row = seen.find("sgemm_kernel_" + upper);
    if (!row) GTEST_SKIP() << "this OpenBLAS is built for one processor only";
    EXPECT_EQ(seen.kernel(*row).meaning.base, "sgemm_kernel");
    EXPECT_EQ(seen.kernel(*row).meaning.architecture, upper);
    EXPECT_EQ(seen.kernel(*row).meaning.family, Family::gemm);
    EXPECT_GT(row->time.total_ns, seen.profile().rows_ns() / 2);
  }
}

TEST(CpuProfileOfNothing, SaysWhy) {
  SymbolCache cache;
  CpuEvidence evidence;
  evidence.unavailable = "not permitted";
  const Profiles profiles = cpu_profile(evidence, cache).profiles;
  EXPECT_TRUE(profiles.by_kind.empty());
  EXPECT_EQ(profiles.reasons_absent(kCpuSamples), std::vector<std::string>{"not permitted"});
  EXPECT_TRUE(loaded_libraries(evidence, cache).empty());
}

ExecutableMapping mapping_in_profile(std::uint32_t process, std::uint64_t start, const std::string& path,
                                     std::uint64_t time_ns) {
  ExecutableMapping mapping;
  mapping.process = process;
  mapping.start = start;
  mapping.length = 0x1000;
  mapping.path = path;
  mapping.time_ns = time_ns;
  return mapping;
}

TEST(CpuProfileOfEvidence, PlacesEverySampleSomewhere) {
  SymbolCache cache;
  CpuEvidence evidence;
  evidence.period_ns = 10'101'010;
  evidence.scope = "user and kernel";
  evidence.lost = 3;
  evidence.mappings = {mapping_in_profile(7, 0x1000, "/nowhere/libx.so", 10),
                       mapping_in_profile(7, 0x2000, "//anon", 10), mapping_in_profile(7, 0x3000, "[vdso]", 10),
                       mapping_in_profile(7, 0x4000, "/memfd:jit", 10)};
  auto sample = [&](std::uint64_t address, bool in_kernel = false, std::uint64_t time = 20) {
    evidence.samples.push_back({address, 7, 7, in_kernel, time});
  };
  sample(0x1500, false, 5);  // before anything was mapped
  sample(0x1500);
  sample(0x1600);
  sample(0x2500);
  sample(0x4500);
  sample(0x3500);
  sample(0xffffffff81000000, true);
  sample(0x9000);
  const Seen seen(cpu_profile(evidence, cache));
  expect_parts_sum(seen.profile());
  EXPECT_EQ(seen.profile().lost, 3u);
  EXPECT_EQ(seen.profile().scopes, std::set<std::string>{"user and kernel"});
  auto samples_of = [&](const std::string& name) {
    const ProfileRow* row = seen.find(name);
    return row ? row->samples : 0;
  };
  EXPECT_EQ(samples_of("libx.so [0x0-0x1000]"), 2u);
  EXPECT_EQ(samples_of("(generated code)"), 2u);
  EXPECT_EQ(samples_of("(vdso)"), 1u);
  EXPECT_EQ(samples_of("(kernel)"), 1u);
  EXPECT_EQ(samples_of("(unknown)"), 2u);
  EXPECT_GE(seen.profile().unseen.size(), 3u);
  auto libraries = loaded_libraries(evidence, cache);
  ASSERT_EQ(libraries.size(), 1u);
  EXPECT_EQ(libraries[0].path, "/nowhere/libx.so");
  EXPECT_FALSE(libraries[0].build_id_missing.empty());
}

// Of the process whose code has no name, or of the one it was forked from; another program's are not asked.
TEST(CpuProfiles, SayHowCodeThatAProgramGeneratesIsNamed) {
  CpuEvidence evidence;
  evidence.period_ns = 1'000'000;
  evidence.scope = "user and kernel";
  evidence.mappings = {mapping_in_profile(7, 0x1000, "/x/libjax_common.so", 10),
                       mapping_in_profile(7, 0x2000, "//anon", 10),
                       mapping_in_profile(9, 0x1000, "/x/libdnnl.so.3", 10)};
  evidence.samples.push_back({0x2500, 7, 7, false, 20});
  SymbolCache cache;
  EXPECT_TRUE(Seen(cpu_profile(evidence, cache)).profile().unseen.contains("names of generated code"));
  evidence.mappings.push_back(mapping_in_profile(9, 0x2000, "//anon", 11));
  evidence.forks.push_back({.process = 10, .parent = 9, .time_ns = 15});
  evidence.samples.push_back({0x2500, 10, 10, false, 20});
  const Seen seen(cpu_profile(evidence, cache));
  EXPECT_TRUE(
      seen.profile().unseen.contains("names of generated code (oneDNN names its own with ONEDNN_JIT_PROFILE=2)"));
}

}  // namespace
}  // namespace varve
