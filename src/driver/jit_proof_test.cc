#include "driver/jit_proof.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/test_sources.h"
#include "base/text.h"
#include "binary/gpu_code/fatbin_testing.h"
#include "driver/probe_test_driver.h"

namespace varve {
namespace {

using test::MadeEntry;
using test::Setting;
using test::Steer;

std::string ptx_text(const std::string& version, const std::string& name) {
  return ".version " + version + "\n.target sm_80\n.address_size 64\n.visible .entry " + name + "()\n{\nret;\n}\n";
}

MadeEntry ptx(const std::string& version, const std::string& name) {
  return {.kind = 1,
          .architecture = 80,
          .payload = test::padded(ptx_text(version, name)),
          .isa_major = 8,
          .isa_minor = 0,
          .name = {},
          .index = {},
          .header_size = {},
          .payload_size = {}};
}

std::string library_of(const std::vector<MadeEntry>& entries) {
  std::string code;
  for (const MadeEntry& entry : entries) code += test::padded(test::region_bytes({entry}));
  return test::elf_bytes({{".nv_fatbin", code}});
}

class JitProving : public ::testing::Test {
 protected:
  void SetUp() override {
    compiler_ =
        test::build_fake(root_, test::source_path("tests/fake_driver/fake_ptxjit.c"), "libnvidia-ptxjitcompiler.so.1");
    if (compiler_.empty()) GTEST_SKIP() << "no gcc here";
    root_.write("a.so", library_of({ptx("8.0", "one"), ptx("8.0", "two"), ptx("8.0", "one")}));
    root_.write("b.so", library_of({ptx("8.9", "newer")}));
    root_.write("text.so", "no ELF file");
  }
  JitProofs prove(const std::vector<std::string>& paths, const JitProofLimits& limits = {}) {
    const auto files = open_root(root_.path());
    auto proofs = prove_jit(**files, paths, {8, 0}, compiler_, limits);
    EXPECT_TRUE(proofs);
    return proofs ? *proofs : JitProofs{};
  }
  TestRoot root_;
  std::string compiler_;
};

TEST_F(JitProving, CompilesWhatNoMachineCodeServesAndEachTextOnce) {
  const JitProofs proofs = prove({"/a.so", "/b.so"});
  ASSERT_EQ(proofs.proofs.size(), 4U) << join(proofs.remarks, "; ");
  EXPECT_EQ(proofs.files, 2);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(proofs.proofs[i].compiled) << proofs.proofs[i].log;
  EXPECT_EQ(proofs.proofs[0].entry, "compute_80 (PTX 8.0), region 1");
  EXPECT_EQ(proofs.proofs[0].gpu, "sm_80");
  EXPECT_EQ(proofs.proofs[2].seconds, 0) << "the same text as the first";
  EXPECT_FALSE(proofs.proofs[3].compiled);
  EXPECT_NE(proofs.proofs[3].log.find("Unsupported .version 8.9"), std::string::npos) << proofs.proofs[3].log;
  EXPECT_DOUBLE_EQ(proofs.seconds, proofs.proofs[0].seconds + proofs.proofs[1].seconds + proofs.proofs[3].seconds);
}

TEST_F(JitProving, SaysWhatItCouldNotLookInto) {
  const JitProofs proofs = prove({"/text.so", "/none.so"});
  EXPECT_TRUE(proofs.proofs.empty());
  EXPECT_EQ(proofs.remarks.size(), 2U);
}

TEST_F(JitProving, StaysWithinItsLimits) {
  const JitProofs proofs = prove({"/a.so"}, {.texts = 1});
  EXPECT_EQ(proofs.proofs.size(), 2U) << "the third is the same as the first";
  EXPECT_EQ(proofs.left, 1);
  EXPECT_EQ(prove({"/a.so"}, {.text_bytes = 16}).remarks.size(), 1U);
}

TEST_F(JitProving, KeepsACompilerThatCrashesOrHangsAway) {
  const auto files = open_root(root_.path());
  const Steer steer("nvPTXCompilerCompile=crash");
  EXPECT_FALSE(prove_jit(**files, {"/a.so"}, {8, 0}, compiler_));
  EXPECT_FALSE(prove_jit(**files, {"/a.so"}, {8, 0}, root_.path() + "/none.so"));
}

// Real drivers and wheels: CuPy for CUDA 12 brings PTX 8.8 for sm_100 alone, and no compiler of these drivers knows it.
TEST(JitProofReal, AgreesWithWhatTheDriverKnows) {
  const char* venvs = std::getenv("VARVE_REAL_VENVS");
  const std::string compiler = test::real_driver_library("550", "libnvidia-ptxjitcompiler.so.1");
  if (venvs == nullptr || compiler.empty()) GTEST_SKIP() << "VARVE_REAL_VENVS and VARVE_REAL_DRIVERS are not both set";
  std::error_code error;
  std::string library;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(venvs + std::string("/venv-jax12"), error)) {
    if (entry.path().filename() == "_prng.so") library = entry.path().string();
  }
  if (library.empty()) GTEST_SKIP() << "no venv-jax12 in VARVE_REAL_VENVS";
  const auto files = open_root("/");
  const auto native = prove_jit(**files, {library}, {8, 0}, compiler);
  ASSERT_TRUE(native) << to_text(native.error());
  EXPECT_TRUE(native->proofs.empty()) << "it has machine code for sm_80";
  const auto unknown = prove_jit(**files, {library}, {13, 0}, compiler);
  ASSERT_TRUE(unknown);
  ASSERT_FALSE(unknown->proofs.empty());
  EXPECT_FALSE(unknown->proofs[0].compiled);
}

}  // namespace
}  // namespace varve
