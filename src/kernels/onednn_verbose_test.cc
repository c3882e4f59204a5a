#include "kernels/onednn_verbose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/test_sources.h"
#include "binary/test_files.h"

namespace varve {
namespace {

std::string transcript(const std::string& name) {
  return test::read_file(test::source_path("tests/foreign/onednn-2.6.3/" + name));
}

Profile profile_of(const std::string& text) {
  OnednnVerboseScanner scanner;
  scanner.feed(text);
  return scanner.take();
}

const ProfileRow* find_onednn_row(const Profile& profile, const std::string& name) {
  for (const ProfileRow& row : profile.rows) {
    if (row.kernel.name == name) return &row;
  }
  return nullptr;
}

TEST(OnednnLine, IsReadInEveryFormat) {
  const char* lines[] = {
      "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:ab:f0,,,256x256:256x256:256x256,1.5",
      "dnnl_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:ab:f0,,,256x256,1.5\r\n",
      "onednn_verbose,1795226655412.486084,exec,cpu,matmul,brg:avx512_core,undef,src,,,256x256,1.5",
      "onednn_verbose,primitive,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:acdb::f0,attr-scratchpad:user "
      ",,6x3,1.5",
      "onednn_verbose,v1,primitive,exec,cpu,matmul,brg:avx512_core,undef,src:f32::blocked:ab::f0,,,256x256:256x256,1.5",
      "onednn_verbose,v1,1795226655412.48,primitive,exec,cpu,matmul,brg:avx512_core,undef,src:f32::blocked:ab::f0,,,"
      "256x256,1.5",
  };
  for (const char* line : lines) {
    auto execution = parse_onednn_line(line);
    ASSERT_TRUE(execution) << line;
    EXPECT_EQ(execution->engine, "cpu");
    EXPECT_EQ(execution->primitive, "matmul");
    EXPECT_EQ(execution->implementation, "brg:avx512_core");
    EXPECT_DOUBLE_EQ(execution->seconds, 0.0015);
  }
}

TEST(OnednnLine, OthersAreNotTakenForOne) {
  for (const char* line :
       {"", "onednn_verbose", "onednn_verbose,", "onednn_verbose,exec", "onednn_verbose,info,cpu,runtime:OpenMP,nthr:2",
        "onednn_verbose,create:cache_miss,cpu,matmul,brg:avx512_core,undef,src,,,256x256,0.01",
        "onednn_verbose,v1,primitive,create:cache_miss,cpu,matmul,brg:avx512_core,undef,src,,,256x256,0.01",
        "onednn_verbose,v1,graph,exec,cpu,100002,matmul_post_ops,matmul,src,,,dnnl_backend,0.01",
        "onednn_verbose,info,prim_template:operation,engine,primitive,implementation,prop_kind,memory_descriptors,exec_"
        "time",
        "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:ab:f0,,,256x256:256x256:2",
        "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src,,,256x256,nan",
        "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src,,,256x256,-1", "tokens/s: 12",
        "exec,cpu,matmul,a,b,c,1"}) {
    EXPECT_FALSE(parse_onednn_line(line)) << line;
  }
}

TEST(OnednnTranscript, NamesTheImplementationsThatRan) {
  Profile profile = profile_of(transcript("default.txt"));
  EXPECT_EQ(profile.witness, "onednn-verbose");
  EXPECT_TRUE(profile.unseen.empty());
  const ProfileRow* matmul = find_onednn_row(profile, "matmul brg:avx512_core");
  ASSERT_TRUE(matmul);
  EXPECT_EQ(matmul->launches, 2u);
  EXPECT_EQ(matmul->samples, 0u);
  EXPECT_EQ(matmul->kernel.base, "matmul");
  EXPECT_EQ(matmul->kernel.architecture, "avx512_core");
  EXPECT_EQ(matmul->kernel.family, Family::gemm);
  EXPECT_EQ(matmul->kernel.library, "oneDNN");
  EXPECT_DOUBLE_EQ(matmul->seconds, 0.01999708);  // the two lines of the transcript
  const ProfileRow* bf16 = find_onednn_row(profile, "matmul brg:avx512_core_bf16");
  ASSERT_TRUE(bf16);
  EXPECT_EQ(bf16->kernel.architecture, "avx512_core_bf16");
  ASSERT_TRUE(find_onednn_row(profile, "convolution brgconv:avx512_core"));
  EXPECT_EQ(find_onednn_row(profile, "convolution brgconv:avx512_core")->kernel.family, Family::conv);
  EXPECT_EQ(find_onednn_row(profile, "softmax_v2 ref:any")->kernel.family, Family::norm);
  EXPECT_EQ(find_onednn_row(profile, "softmax_v2 ref:any")->kernel.architecture, "");
  EXPECT_EQ(find_onednn_row(profile, "reorder jit:uni")->launches, 3u);
}

TEST(OnednnTranscript, ShowsWhatAnIsaLimitChanged) {
  Profile profile = profile_of(transcript("max_cpu_isa_avx2.txt"));
  EXPECT_FALSE(find_onednn_row(profile, "matmul brg:avx512_core"));
  ASSERT_TRUE(find_onednn_row(profile, "matmul gemm:jit"));
  EXPECT_EQ(find_onednn_row(profile, "matmul gemm:jit")->kernel.architecture, "");
  EXPECT_EQ(find_onednn_row(profile, "convolution jit:avx2")->kernel.architecture, "avx2");
}

TEST(OnednnTranscript, CountsExecutionsOnlyAmongCreations) {
  Profile profile = profile_of(transcript("created_and_timestamped.txt"));
  const ProfileRow* matmul = find_onednn_row(profile, "matmul brg:avx512_core");
  ASSERT_TRUE(matmul);
  EXPECT_EQ(matmul->launches, 1u);
}

TEST(OnednnScanner, GivesTheSameHoweverTheOutputIsCut) {
  std::string text = "step 1\n" + transcript("default.txt") + "tokens/s: 12\n" + transcript("max_cpu_isa_avx2.txt");
  Profile whole = profile_of(text);
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    OnednnVerboseScanner scanner;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t length = 1 + random() % (round % 2 == 0 ? 7 : 3000);
      scanner.feed(std::string_view(text).substr(at, length));
      at += length;
    }
    Profile cut = scanner.take();
    ASSERT_EQ(cut.rows.size(), whole.rows.size());
    for (std::size_t i = 0; i < cut.rows.size(); ++i) {
      EXPECT_EQ(cut.rows[i].kernel, whole.rows[i].kernel);
      EXPECT_EQ(cut.rows[i].launches, whole.rows[i].launches);
      EXPECT_DOUBLE_EQ(cut.rows[i].seconds, whole.rows[i].seconds);
    }
  }
}

TEST(OnednnScanner, SkipsEndlessLinesAndSaysSo) {
  OnednnVerboseScanner scanner;
  scanner.feed("onednn_verbose,exec,");
  for (int i = 0; i < 1000; ++i) scanner.feed(std::string(1000, 'x'));
  scanner.feed("\nonednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src,,,256x256,1.5");
  Profile profile = scanner.take();
  ASSERT_EQ(profile.rows.size(), 1u);
  EXPECT_EQ(profile.unseen.size(), 1u);
  EXPECT_EQ(scanner.take().witness, "");
}

}  // namespace
}  // namespace varve
