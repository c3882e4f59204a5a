#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <sstream>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

using test::RecordedTrace;

RecordedTrace read_verbose(const TraceFormat& format, const std::string& text) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "stdout.txt");
  const Status read = format.read(*input, trace, {});
  EXPECT_TRUE(read) << (read ? "" : read.error().found);
  return trace;
}

std::string foreign_verbose(const std::string& name) {
  return test::bytes_of(test::source_path("tests/foreign/" + name));
}

// The sums in a second, slow way: the time of a line by a regular expression, in doubles rounded to nanoseconds.
std::int64_t slow_verbose_ns(const std::string& text, const std::string& pattern) {
  static const std::map<std::string, double> kUnits = {{"", 1e6}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  const std::regex line_pattern(pattern);
  std::int64_t sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_search(line, match, line_pattern)) sum += std::llround(std::stod(match[1]) * kUnits.at(match[2]));
  }
  return sum;
}

const char* const kOnednnTime = "^[a-z]*nn_verbose(?:,v1)?(?:,[0-9.]+)?(?:,primitive)?,exec,.*,([0-9.e+-]+)()$";
const char* const kMklTime = "^MKL_VERBOSE [A-Z_0-9]+\\(.*\\) ([0-9.]+)([mun]?s) ";

TEST(OnednnTrace, EveryRealTranscriptAddsUpAsTheSlowReader) {
  for (const std::string name :
       {"onednn-3.13.3/default.txt", "onednn-3.13.3/all_timestamped.txt", "onednn-2.6.3/default.txt",
        "onednn-2.6.3/max_cpu_isa_avx2.txt", "onednn-2.6.3/created_and_timestamped.txt"}) {
    const std::string text = foreign_verbose(name);
    EXPECT_TRUE(
        kOnednnTrace.recognises(std::as_bytes(std::span(text)).first(std::min<std::size_t>(text.size(), 4096))));
    const RecordedTrace trace = read_verbose(kOnednnTrace, text);
    EXPECT_EQ(trace.total_ns(Activity::kernel), slow_verbose_ns(text, kOnednnTime)) << name;
    EXPECT_GE(trace.count(Activity::kernel), 8u) << name;
    EXPECT_TRUE(trace.damage.empty()) << name;
    EXPECT_TRUE(trace.facts.contains("trace.onednn_version")) << name;
    EXPECT_EQ(trace.not_seen.size(), name.find("timestamped") == std::string::npos ? 1u : 0u) << name;
  }
}

TEST(OnednnTrace, TellsSizesVersionAndWhen) {
  const RecordedTrace trace = read_verbose(kOnednnTrace, foreign_verbose("onednn-3.13.3/all_timestamped.txt"));
  EXPECT_EQ(fact_text(trace.facts.at("trace.onednn_version")), "3.13.3");
  EXPECT_EQ(fact_text(trace.facts.at("trace.onednn_isa")), "Intel AVX2");
  ASSERT_EQ(trace.events.size(), 8u);
  const test::RecordedEvent& convolution = trace.events[2];
  EXPECT_EQ(trace.name_of(convolution.event.name), "convolution jit:avx2");
  EXPECT_EQ(trace.name_of(convolution.extra->operation),
            "convolution mb2_ic8oc16_ih32oh32kh3sh1dh0ph1_iw32ow32kw3sw1dw0pw1");
  EXPECT_EQ(convolution.event.start_ns, 1'795'914'769'614'538'086);
}

TEST(OnednnTrace, FieldsAreFoundByThePrintedTemplate) {
  const RecordedTrace trace = read_verbose(
      kOnednnTrace,
      "onednn_verbose,v1,primitive,info,template:operation,engine,future,primitive,implementation,problem_desc,other,"
      "exec_time\n"
      "hello\n"
      "onednn_verbose,v1,primitive,exec,cpu,x,matmul,brg:avx2,8x8:8x8,y,1.5\n"
      "onednn_verbose,v1,primitive,exec,cpu,x,mat\n"
      "onednn_verbose,v1,graph,exec,cpu,100,sdp,,,,,,dnnl_backend,3.5\n"
      "MKL_VERBOSE SGEMM(N,N,1) 1us\n");
  ASSERT_EQ(trace.sums.size(), 1u);
  EXPECT_EQ(trace.name_of(trace.sums[0].event.name), "matmul brg:avx2");
  EXPECT_EQ(trace.name_of(trace.sums[0].extra.operation), "matmul 8x8:8x8");
  EXPECT_EQ(trace.damage.size(), 1u);
  EXPECT_EQ(trace.not_seen.size(), 3u);  // no timestamps, a graph, a line of MKL
}

TEST(MklVerbose, EveryRealTranscriptAddsUpAsTheSlowReader) {
  for (const std::string name : {"mkl-verbose/torch.txt", "mkl-verbose/onemkl2026.txt"}) {
    const std::string text = foreign_verbose(name);
    EXPECT_TRUE(kMklVerbose.recognises(std::as_bytes(std::span(text)).first(std::min<std::size_t>(text.size(), 4096))));
    const RecordedTrace trace = read_verbose(kMklVerbose, text);
    EXPECT_EQ(trace.total_ns(Activity::kernel), slow_verbose_ns(text, kMklTime)) << name;
    EXPECT_EQ(trace.count(Activity::kernel) + 1, std::count(text.begin(), text.end(), '\n')) << name;
    EXPECT_TRUE(trace.damage.empty()) << name;
  }
}

TEST(MklVerbose, TellsSizesThreadsAndTheHeader) {
  const RecordedTrace trace = read_verbose(kMklVerbose, foreign_verbose("mkl-verbose/torch.txt"));
  EXPECT_EQ(fact_text(trace.facts.at("trace.mkl_version")), "2024.0 Update 2");
  EXPECT_EQ(fact_text(trace.facts.at("trace.mkl_build")), "20240605");
  EXPECT_EQ(fact_text(trace.facts.at("trace.mkl_threading")), "gnu_thread");
  EXPECT_EQ(trace.name_of(trace.sums[0].event.name), "SGEMM");
  EXPECT_EQ(trace.name_of(trace.sums[0].extra.operation), "SGEMM(N,N,32,64,96,32,96,32)");
  EXPECT_EQ(trace.tracks.size(), 2u);  // two threads called it
  const RecordedTrace intel = read_verbose(
      kMklVerbose,
      "MKL_VERBOSE Intel(R) MKL 2018.0 Update 3 Product build 20180406 for Intel(R) 64 architecture Intel(R) Advanced "
      "Vector Extensions 512 (Intel(R) AVX-512) enabled processors, Lnx 2.20GHz lp64 intel_thread\n"
      "MKL_VERBOSE FFT(dcfi64,tLim:1,desc:0x5) 1.25us CNR:OFF Dyn:1 FastMM:1\n"
      "MKL_VERBOSE SGEMM(N,N\n");
  EXPECT_EQ(fact_text(intel.facts.at("trace.mkl_version")), "2018.0 Update 3");
  EXPECT_EQ(fact_text(intel.facts.at("trace.mkl_isa")),
            "Intel(R) Advanced Vector Extensions 512 (Intel(R) AVX-512) enabled");
  EXPECT_EQ(intel.total_ns(Activity::kernel), 1250);
  EXPECT_EQ(intel.damage.size(), 1u);
}

TEST(Verbose, OtherTextIsNeither) {
  for (const std::string text : {"", "hello\n", "x onednn_verbose,exec\n", "MKL_VERBOSE", "{\"traceEvents\": []}"}) {
    EXPECT_FALSE(kOnednnTrace.recognises(std::as_bytes(std::span(text)))) << text;
    EXPECT_FALSE(kMklVerbose.recognises(std::as_bytes(std::span(text)))) << text;
  }
}

}  // namespace
}  // namespace varve
