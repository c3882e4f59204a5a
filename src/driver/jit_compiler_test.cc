#include "driver/jit_compiler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/test_sources.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::Setting;
using test::Steer;
using Texts = std::vector<std::string>;

class JitCompiler : public ::testing::Test {
 protected:
  std::string build(const std::string& flags) const {
    return test::build_fake(root_, test::source_path("tests/fake_driver/fake_ptxjit.c"),
                            "libnvidia-ptxjitcompiler" + flags + ".so.1", flags);
  }
  void SetUp() override {
    library_ = build("");
    if (library_.empty()) GTEST_SKIP() << "no gcc here";
  }
  TestRoot root_;
  std::string library_;
};

TEST_F(JitCompiler, FindsItsNewestPtxAndItsGpus) {
  for (const char* newest : {"6.0", "7.4", "8.4", "8.8", "9.0"}) {
    const Setting setting("VARVE_FAKE_PTX", newest);
    const JitCompilerAnswer answer = ask_jit_compiler(library_);
    EXPECT_EQ(answer.problem, "");
    EXPECT_EQ(fact_text(answer.version), "12.4");
    EXPECT_EQ(fact_text(answer.newest_ptx), newest);
    EXPECT_EQ(answer.named, newest);
    EXPECT_EQ(std::get<Texts>(*answer.targets.value), (Texts{"sm_80", "sm_90a"}));
  }
}

TEST_F(JitCompiler, FindsTheGpusOfACompilerThatLooksAtOtherOptionsFirst) {
  const JitCompilerAnswer answer = ask_jit_compiler(build("-DREGISTERS_FIRST"));
  EXPECT_EQ(std::get<Texts>(*answer.targets.value), (Texts{"sm_80", "sm_90a"}));
}

TEST_F(JitCompiler, BelievesTheCompilationNotTheText) {
  for (const char* named : {"6.0", "8.2", "8.5", "9.9", "12.0"}) {
    const Setting setting("VARVE_FAKE_PTX_NAMED", named);
    const JitCompilerAnswer answer = ask_jit_compiler(library_);
    EXPECT_EQ(fact_text(answer.newest_ptx), "8.4") << named;
    EXPECT_EQ(answer.named, named);
  }
}

TEST_F(JitCompiler, SaysWhenTheKnownVersionsDoNotReach) {
  const Setting high("VARVE_FAKE_PTX", "50.0");
  EXPECT_NE(ask_jit_compiler(library_).newest_ptx.detail.find("or newer"), std::string::npos);
  const Setting low("VARVE_FAKE_PTX", "5.0");
  EXPECT_EQ(ask_jit_compiler(library_).newest_ptx.missing, Missing::unsupported);
}

TEST_F(JitCompiler, KeepsWhatWasSaidBeforeACrashOrAHang) {
  {
    const Steer steer("nvPTXCompilerCompile.sm_90a=crash");
    const JitCompilerAnswer answer = ask_jit_compiler(build("-DREGISTERS_FIRST"));
    EXPECT_NE(answer.problem.find("signal 11"), std::string::npos) << answer.problem;
    EXPECT_EQ(fact_text(answer.version), "12.4");
    EXPECT_EQ(answer.targets.missing, Missing::unreadable);
    EXPECT_FALSE(answer.targets.is_known()) << "half a list is not known";
  }
  const Steer steer("nvPTXCompilerCompile=hang");
  EXPECT_EQ(ask_jit_compiler(library_, {.seconds = 0.2}).newest_ptx.missing, Missing::timeout);
}

TEST_F(JitCompiler, CompilesOnePtxText) {
  const auto good = compile_ptx(library_, ".version 8.0\n", "sm_80");
  ASSERT_TRUE(good) << to_text(good.error());
  EXPECT_TRUE(good->ok);
  EXPECT_EQ(good->program_bytes, 1000);
  const auto newer = compile_ptx(library_, ".version 8.5\n", "sm_80");
  ASSERT_TRUE(newer);
  EXPECT_FALSE(newer->ok);
  EXPECT_EQ(newer->code, 7);
  EXPECT_NE(newer->log.find("current version is '8.4'"), std::string::npos) << newer->log;
  const Steer steer("nvPTXCompilerCompile=crash");
  EXPECT_FALSE(compile_ptx(library_, ".version 8.0\n", "sm_80"));
}

TEST_F(JitCompiler, SaysThatThereIsNone) {
  const JitCompilerAnswer answer = ask_jit_compiler(root_.path() + "/none.so");
  EXPECT_EQ(answer.newest_ptx.missing, Missing::absent);
  const std::string other =
      test::build_fake(root_, test::source_path("tests/fake_driver/fake_cuda.c"), "libother.so.1");
  EXPECT_EQ(ask_jit_compiler(other).newest_ptx.missing, Missing::unreadable);
  EXPECT_FALSE(compile_ptx(other, ".version 8.0\n", "sm_80"));
}

struct RealDriver {
  const char *major, *version, *newest;
};

TEST(JitCompilerReal, IsTheCeilingOfItsDriver) {
  for (const RealDriver& driver :
       {RealDriver{"470", "11.4", "7.4"}, {"525", "12.0", "8.0"}, {"535", "12.2", "8.2"}, {"550", "12.4", "8.4"}}) {
    const std::string library = test::real_driver_library(driver.major, "libnvidia-ptxjitcompiler.so.1");
    if (library.empty()) GTEST_SKIP() << "VARVE_REAL_DRIVERS names no folder with driver " << driver.major;
    const JitCompilerAnswer answer = ask_jit_compiler(library);
    EXPECT_EQ(answer.problem, "");
    EXPECT_EQ(fact_text(answer.version), driver.version);
    EXPECT_EQ(fact_text(answer.newest_ptx), driver.newest);
    EXPECT_EQ(answer.named, driver.newest);
    const Texts targets = std::get<Texts>(*answer.targets.value);
    const auto knows = [&](const char* gpu) { return std::count(targets.begin(), targets.end(), gpu) == 1; };
    EXPECT_TRUE(knows("sm_50") && knows("sm_80"));
    EXPECT_EQ(knows("sm_35"), std::string(driver.major) == "470");
    EXPECT_EQ(knows("sm_90a"), std::string(driver.major) != "470");
    EXPECT_FALSE(knows("sm_100") || knows("sm_120"));
    RecordProperty(std::string("milliseconds_") + driver.major, std::to_string(1000 * answer.seconds));
    RecordProperty(std::string("targets_") + driver.major, fact_text(answer.targets));
  }
}

}  // namespace
}  // namespace varve
