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

ProfileRecord record_of(const std::string& text) {
  OnednnVerboseScanner scanner;
  scanner.feed(text);
  return scanner.take();
}

const ProfileRow* find_onednn_row(const ProfileRecord& record, const std::string& name) {
  const Profile* calls = record.profiles.find(kOnednnCalls);
  if (calls == nullptr) return nullptr;
  for (const ProfileRow& row : calls->rows) {
    if (record.kernels[row.key.kernel].key.name == name) return &row;
  }
  return nullptr;
}

const Kernel& kernel_of_row(const ProfileRecord& record, const std::string& name) {
  return record.kernels[find_onednn_row(record, name)->key.kernel];
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
    EXPECT_EQ(execution->duration_ns, 1'500'000);
  }
}

TEST(OnednnLine, ACallThatIsNoPrimitiveHasNoImplementation) {
  const char* line =  // of TensorFlow 2.21
      "onednn_verbose,v1,primitive,exec,cpu,gemm_api,,undef,src_f32::blocked:ab:f0 wei_f32::blocked:ab:f0 "
      "dst_f32::blocked:ab:f0,,,700x700:700x700,8.51416";
  const auto execution = parse_onednn_line(line);
  ASSERT_TRUE(execution);
  EXPECT_EQ(onednn_kernel_name(*execution), "gemm_api");
  EXPECT_EQ(execution->problem, "700x700:700x700");
  const ProfileRecord record = record_of(line);
  ASSERT_TRUE(find_onednn_row(record, "gemm_api"));
  EXPECT_EQ(kernel_of_row(record, "gemm_api").meaning.family, Family::gemm);
  EXPECT_EQ(find_onednn_row(record, "gemm_api")->time.total_ns, 8'514'160);
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
  const ProfileRecord record = record_of(transcript("default.txt"));
  ASSERT_TRUE(record.profiles.find(kOnednnCalls));
  EXPECT_TRUE(record.profiles.find(kOnednnCalls)->unseen.empty());
  const ProfileRow* matmul = find_onednn_row(record, "matmul brg:avx512_core");
  ASSERT_TRUE(matmul);
  EXPECT_EQ(matmul->time.count, 2u);
  EXPECT_EQ(matmul->samples, 0u);
  EXPECT_EQ(matmul->key.activity, Activity::call);
  const Kernel& kernel = record.kernels[matmul->key.kernel];
  EXPECT_EQ(kernel.named, Named::trace);
  EXPECT_EQ(kernel.key.library, "oneDNN");
  EXPECT_EQ(kernel.meaning.base, "matmul");
  EXPECT_EQ(kernel.meaning.architecture, "avx512_core");
  EXPECT_EQ(kernel.meaning.family, Family::gemm);
  EXPECT_EQ(matmul->time.total_ns, 19'997'080);  // the two lines of the transcript
  ASSERT_TRUE(find_onednn_row(record, "matmul brg:avx512_core_bf16"));
  EXPECT_EQ(kernel_of_row(record, "matmul brg:avx512_core_bf16").meaning.architecture, "avx512_core_bf16");
  ASSERT_TRUE(find_onednn_row(record, "convolution brgconv:avx512_core"));
  EXPECT_EQ(kernel_of_row(record, "convolution brgconv:avx512_core").meaning.family, Family::conv);
  EXPECT_EQ(kernel_of_row(record, "softmax_v2 ref:any").meaning.family, Family::softmax);
  EXPECT_EQ(kernel_of_row(record, "softmax_v2 ref:any").meaning.architecture, "");
  EXPECT_EQ(find_onednn_row(record, "reorder jit:uni")->time.count, 3u);
}

TEST(OnednnTranscript, ShowsWhatAnIsaLimitChanged) {
  const ProfileRecord record = record_of(transcript("max_cpu_isa_avx2.txt"));
  EXPECT_FALSE(find_onednn_row(record, "matmul brg:avx512_core"));
  ASSERT_TRUE(find_onednn_row(record, "matmul gemm:jit"));
  EXPECT_EQ(kernel_of_row(record, "matmul gemm:jit").meaning.architecture, "");
  EXPECT_EQ(kernel_of_row(record, "convolution jit:avx2").meaning.architecture, "avx2");
}

TEST(OnednnTranscript, CountsExecutionsOnlyAmongCreations) {
  const ProfileRecord record = record_of(transcript("created_and_timestamped.txt"));
  const ProfileRow* matmul = find_onednn_row(record, "matmul brg:avx512_core");
  ASSERT_TRUE(matmul);
  EXPECT_EQ(matmul->time.count, 1u);
}

TEST(OnednnScanner, GivesTheSameHoweverTheOutputIsCut) {
  std::string text = "step 1\n" + transcript("default.txt") + "tokens/s: 12\n" + transcript("max_cpu_isa_avx2.txt");
  const ProfileRecord whole = record_of(text);
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    OnednnVerboseScanner scanner;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t length = 1 + random() % (round % 2 == 0 ? 7 : 3000);
      scanner.feed(std::string_view(text).substr(at, length));
      at += length;
    }
    const ProfileRecord cut = scanner.take();
    EXPECT_EQ(cut.kernels, whole.kernels);
    EXPECT_EQ(cut.profiles, whole.profiles);
  }
}

// What a program wrote, with oneDNN's lines in it wherever they fell, is again what it would have written.
TEST(OnednnScanner, LeavesTheProgramsOwnOutput) {
  const std::string line =
      "onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::blocked:ab:f0,,,256x256:256x256:256x256,1.5\n";
  const std::string text = "loss: 1" + line + line + " and 2\n" + line + "onednn and mkldnn_verbose; dnn\nonednn_verb";
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    OnednnVerboseScanner scanner;
    std::string own;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = 1 + random() % (round % 2 == 0 ? 7 : 300);
      own += scanner.feed(std::string_view(text).substr(at, length));
      at += length;
    }
    own += scanner.feed({});
    EXPECT_EQ(own, "loss: 1 and 2\nonednn and mkldnn_verbose; dnn\nonednn_verb");
    const ProfileRecord record = scanner.take();
    ASSERT_TRUE(find_onednn_row(record, "matmul brg:avx512_core"));
    EXPECT_EQ(find_onednn_row(record, "matmul brg:avx512_core")->time.count, 3u);
  }
}

TEST(OnednnScanner, SkipsEndlessLinesAndSaysSo) {
  OnednnVerboseScanner scanner;
  scanner.feed("onednn_verbose,exec,");
  for (int i = 0; i < 1000; ++i) scanner.feed(std::string(1000, 'x'));
  scanner.feed("\nonednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src,,,256x256,1.5");
  const ProfileRecord record = scanner.take();
  const Profile* calls = record.profiles.find(kOnednnCalls);
  ASSERT_TRUE(calls);
  ASSERT_EQ(calls->rows.size(), 1u);
  EXPECT_EQ(calls->unseen.size(), 1u);
  EXPECT_EQ(scanner.take().profiles, Profiles{});
}

}  // namespace
}  // namespace varve
