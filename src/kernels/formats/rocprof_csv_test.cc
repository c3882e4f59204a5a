#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

using test::RecordedTrace;

RecordedTrace read_table(const std::string& text, const TraceOptions& options = {}) {
  RecordedTrace trace;
  EXPECT_TRUE(kRocprofCsv.recognises(std::as_bytes(std::span(text)).first(std::min<std::size_t>(text.size(), 4096))));
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "results.csv");
  const Status read = kRocprofCsv.read(*input, trace, options);
  EXPECT_TRUE(read) << (read ? "" : read.error().found);
  return trace;
}

// Rows of older tools are quoted from their documentation and from tutorials; no machine with them is at hand.
std::string seed_table(const std::string& name) {
  return test::bytes_of(test::source_path("fuzz/corpus/rocprof_csv/" + name));
}

// The sum of two neighbouring columns' differences, by a regular expression that knows where they stand.
std::int64_t slow_table_ns(const std::string& text, const std::string& pattern) {
  const std::regex times(pattern);
  std::int64_t sum = 0;
  for (std::sregex_iterator row(text.begin(), text.end(), times), end; row != end; ++row) {
    sum += std::stoll((*row)[2]) - std::stoll((*row)[1]);
  }
  return sum;
}

TEST(RocprofCsv, TheFirstGenerationsTable) {
  const std::string text = seed_table("v1");
  const RecordedTrace trace = read_table(text);
  ASSERT_EQ(trace.events.size(), 3u);
  // DispatchNs,BeginNs,EndNs,CompleteNs,DurationNs stand last; the row that ends before it began does not count.
  EXPECT_EQ(trace.total_ns(Activity::kernel), slow_table_ns(text, ",([0-9]+),([0-9]+),[0-9]+,[0-9]+\n"));
  EXPECT_EQ(trace.name_of(trace.events[0].event.name), "bodyForce(Body*, float, int) [clone .kd]");
  EXPECT_EQ(trace.name_of(trace.events[2].event.name), "a \"quoted\" name,\nof two lines");
  const Launch launch = trace.events[2].extra->launch;
  EXPECT_EQ(launch.grid, (std::array<std::uint32_t, 3>{4, 1, 1}));
  EXPECT_EQ(launch.block, (std::array<std::uint32_t, 3>{256, 1, 1}));
  EXPECT_EQ(launch.registers, 24u);
  EXPECT_EQ(launch.shared_bytes, 1024u);
  EXPECT_EQ(trace.tracks.at(trace.events[2].event.track).first, (Place{.device = 1, .stream = 3}));
  ASSERT_EQ(trace.damage.size(), 1u);
  EXPECT_EQ(text.substr(trace.damage[0].first, 11), "3,\"backward");
}

TEST(RocprofCsv, TheThirdGenerationsKernels) {
  const std::string text = seed_table("v3_kernels");
  const RecordedTrace trace = read_table(text, {.device_only = true});
  ASSERT_EQ(trace.events.size(), 2u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), slow_table_ns(text, ",[56],([0-9]+),([0-9]+),"));
  EXPECT_EQ(trace.events[0].extra->launch.grid, (std::array<std::uint32_t, 3>{16, 1024, 1}));
  EXPECT_EQ(trace.events[0].extra->correlation, 5u);
  EXPECT_EQ(trace.tracks.at(trace.events[0].event.track).first, (Place{.device = 7, .stream = 4}));
}

TEST(RocprofCsv, CallsMarksAndCopies) {
  const RecordedTrace calls = read_table(seed_table("v3_hip"));
  EXPECT_EQ(calls.count(Activity::launch), 1u);
  EXPECT_EQ(calls.count(Activity::allocate), 1u);
  EXPECT_EQ(calls.total_ns(Activity::region), 30'000);
  EXPECT_TRUE(read_table(seed_table("v3_hip"), {.device_only = true}).events.empty());
  const RecordedTrace copies = read_table(seed_table("v3_copies"));
  EXPECT_EQ(copies.total_ns(Activity::copy), 150);
  EXPECT_EQ(copies.tracks.begin()->second.first.device, 1);
}

TEST(RocprofCsv, TotalsAddUpAndSayThatTheyAreTotals) {
  const RecordedTrace trace = read_table(seed_table("stats"));
  EXPECT_EQ(trace.count(Activity::kernel), 10u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 261'124'944);
  EXPECT_EQ(trace.count(Activity::call), 20u);
  EXPECT_EQ(trace.total_ns(Activity::call), 486'845'521);
  EXPECT_EQ(trace.total_ns(Activity::copy), 10);
  EXPECT_EQ(trace.not_seen.size(), 1u);
  const RecordedTrace many =
      read_table("Name,Calls,TotalDurationNs\ng,9223372036854775807,9223372036854775807\nz,0,0\n");
  EXPECT_EQ(many.total_ns(Activity::kernel), INT64_MAX);
  EXPECT_EQ(many.count(Activity::kernel), std::uint64_t{INT64_MAX});
}

TEST(RocprofCsv, TotalsOfRocprofComputeAreOnesOfKernels) {
  const RecordedTrace trace = read_table(
      "Kernel_Name,Count,Sum(ns),Mean(ns),Median(ns),Pct\n\"fill(int, int)\",150,4358035.0703125,29053.5,28900.4,84\n"
      "copy,2,100.0,50.0,50.0,16\n");
  EXPECT_EQ(trace.count(Activity::kernel), 152u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 4'358'135);
}

TEST(RocprofCsv, ALastRowThatIsTheSumOfAllIsNoKernel) {
  const RecordedTrace trace = read_table("Name,Calls,TotalDurationNs\ng,2,30\nf,1,12\nTotal,3,42,100.0\n");
  EXPECT_EQ(trace.count(Activity::kernel), 3u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 42);
  const RecordedTrace named = read_table("Name,Calls,TotalDurationNs\ng,2,30\nTotal,3,42\n");
  EXPECT_EQ(named.total_ns(Activity::kernel), 72) << "a kernel may be called so";
}

TEST(RocprofCsv, TablesWithoutTimesAreRefusedWithAdvice) {
  for (const auto& [text, advice] : std::map<std::string, std::string>{
           {"Index,KernelName,gpu-id,queue-id\n0,a,0,0\n", "--timestamp on"},
           {"Dispatch_Id,Agent_Id,Queue_Id,Kernel_Name,Counter_Name,Start_Timestamp,End_Timestamp\n1,1,1,a,X,1,2\n",
            "--kernel-trace"}}) {
    RecordedTrace trace;
    const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "results.csv");
    const Status read = kRocprofCsv.read(*input, trace, {});
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().hint.find(advice), std::string::npos);
  }
}

TEST(RocprofCsv, QuotesThatDoNotEndAreDamage) {
  const RecordedTrace trace = read_table(seed_table("v3_kernels") + "\"KERNEL_DISPATCH\",\"Agent");
  EXPECT_EQ(trace.events.size(), 2u);
  EXPECT_EQ(trace.damage.size(), 1u);
}

TEST(RocprofCsv, OtherTextIsNone) {
  for (const std::string text :
       {"", "a,b,c\n1,2,3\n", "Name,Value\nx,1\n", "onednn_verbose,exec,cpu,matmul\n", "{\"traceEvents\": []}"}) {
    EXPECT_FALSE(kRocprofCsv.recognises(std::as_bytes(std::span(text)))) << text;
  }
}

}  // namespace
}  // namespace varve
