#include "kernels/cuda/cuda_spool.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hash.h"
#include "binary/gpu_code/fatbin_testing.h"
#include "kernels/analysis/trace_analysis.h"
#include "kernels/cuda/cuda_spool_trace.h"
#include "kernels/trace/trace_testing.h"
#include "world/test_root.h"

namespace varve {
namespace {

using test::RecordedTrace;

std::string spool_seed() { return test::bytes_of(test::source_path("fuzz/corpus/cuda_spool/whole")); }

RecordedTrace read_spool(const std::string& text, const Files* files = nullptr) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "made.spool");
  EXPECT_TRUE(kCudaSpool.read(*input, trace, {.files = files}));
  return trace;
}

std::uint64_t count_of(const RecordedTrace& trace, Activity activity) {
  std::uint64_t sum = 0;
  for (const test::RecordedTotal& one : trace.sums) sum += one.event.activity == activity ? one.time.count : 0;
  return sum;
}

constexpr const char* kHead = "varve-cuda-spool 1 .\nname 1 - gemm .\nrow 0 k 1 0 7 1 1 1 128 1 1 32 0 0 .\n";

TEST(CudaSpool, TellsTotalsWithTheirTrueExtremes) {
  const std::string text = spool_seed();
  ASSERT_TRUE(kCudaSpool.recognises(std::as_bytes(std::span(text))));
  TraceAnalysis analysis(WitnessKind::cupti, {});
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "made.spool");
  ASSERT_TRUE(kCudaSpool.read(*input, analysis, {}));
  const TraceReading reading = analysis.take();
  const Profile* device = reading.record.profiles.find({WitnessKind::cupti, Quantity::device_time});
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(device->remainder_ns(), 0);
  EXPECT_GT(device->window_ns, 0);
  for (const ProfileRow& row : device->rows) {
    EXPECT_EQ(row.time.quantiles.count(), row.time.count);
    EXPECT_LE(row.time.min_ns, row.time.max_ns);
  }
  EXPECT_EQ(reading.absence, KernelAbsence::none_absent);
  EXPECT_EQ(reading.damaged, 0u);
}

TEST(CudaSpool, KeepsTheLastOfLinesThatComeAgain) {
  const RecordedTrace trace = read_spool(std::string(kHead) + "time 0 1 5 5 5 0 0 10 15 5:1 .\n" +
                                         "time 0 2 12 5 7 0 0 10 30 5:1 7:1 .\nflush 1 100 .\nend exit .\n");
  ASSERT_EQ(trace.sums.size(), 1u);
  EXPECT_EQ(trace.sums[0].time.count, 2u);
  EXPECT_EQ(trace.sums[0].time.total_ns, 12);
  EXPECT_EQ(trace.sums[0].event.duration_ns, 20);
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_TRUE(trace.kinds_traced.contains(Activity::kernel));
}

// Numbers that contradict each other are passed over, and what was told before stays.
TEST(CudaSpool, TakesNoTimeThatCannotBe) {
  for (const char* line : {
           "time 0 2 12 5 7 0 0 10 30 5:1 .",         // fewer in buckets than there are
           "time 0 2 12 7 5 0 0 10 30 5:1 7:1 .",     // the least is more than the most
           "time 0 2 99 5 7 0 0 10 30 5:1 7:1 .",     // the sum is more than all could be
           "time 0 2 12 5 7 0 0 30 10 5:1 7:1 .",     // ended before it began
           "time 0 2 12 5 7 0 0 10 30 5:1 7000:1 .",  // no such bucket
           "time 0 2 12 5 7 0 0 10 30 5:1 7:1",       // torn
           "time 9 2 12 5 7 0 0 10 30 5:1 7:1 .",     // of no row
           "time 0 2 -12 5 7 0 0 10 30 5:1 7:1 .",    // no number
           "time 0 2 12 5 7 0 0 10 30 5: :1 .",       // half a bucket
           "time 0 0 0 0 0 0 0 0 0 .",                // nothing
           "time 0 99999999999999999999999 1 1 1 0 0 1 1 .",
       }) {
    const RecordedTrace trace = read_spool(std::string(kHead) + "time 0 1 5 5 5 0 0 10 15 5:1 .\n" + line + "\n");
    ASSERT_EQ(trace.sums.size(), 1u) << line;
    EXPECT_EQ(trace.sums[0].time.count, 1u) << line;
    EXPECT_EQ(trace.damage.size(), 1u) << line;
  }
}

RecordedTrace read_part(const std::string& text, Stretch part) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "made.spool");
  EXPECT_TRUE(kCudaSpool.read(*input, trace, {.windows = {{part}, true}}));
  return trace;
}

// A row in slices of 100 ns from 1000 on, by a clock that is 50 000 behind that of UNIX.
TEST(CudaSpool, TellsRowsInSlicesWhereAPartIsAskedFor) {
  const std::string head = std::string(kHead) + "time 0 3 60 20 20 0 0 1010 1295 20:3 .\nclock 1000 2000 52000 .\n";
  const std::string spool =
      head + "slices 0 100 0:9 9:9 .\nslices 0 100 0:1 15 1:1 25 .\nslices 0 100 2:1 20 .\nend exit .\n";
  EXPECT_EQ(read_spool(spool).sums.size(), 1u) << "as a whole, where all of it counts";
  const RecordedTrace trace = read_part(spool, {51'150, 51'250});  // the edges divide the second slice and the third
  ASSERT_EQ(trace.sums.size(), 5u);
  std::int64_t all_ns = 0;
  std::uint64_t count = 0;
  for (const test::RecordedTotal& one : trace.sums) {
    all_ns += one.time.total_ns;
    count += one.time.count;
  }
  EXPECT_EQ(all_ns, 60);
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(trace.sums[0].event.start_ns, 1010);
  EXPECT_EQ(trace.sums[0].event.duration_ns, 90);
  EXPECT_EQ(trace.sums[1].event.start_ns, 1100);
  EXPECT_EQ(trace.sums[1].event.duration_ns, 50);
  EXPECT_EQ(trace.sums[1].time.total_ns, 13);
  EXPECT_EQ(trace.sums[4].event.start_ns, 1250);
  EXPECT_EQ(trace.sums[4].event.duration_ns, 45) << "to the last end";
  EXPECT_FALSE(trace.not_seen.empty());

  // What does not hold all of the row, or stands on no clock, is no slice of it.
  EXPECT_EQ(read_part(head + "slices 0 100 0:1 15 1:1 25 .\nend exit .\n", {51'150, 51'250}).sums.size(), 1u);
  const std::string no_clock = std::string(kHead) + "time 0 1 5 5 5 0 0 10 15 5:1 .\nslices 0 100 0:1 5 .\n";
  EXPECT_EQ(read_part(no_clock, {0, 12}).sums.size(), 1u);
  // Another width replaces all that was told before.
  EXPECT_EQ(read_part(spool + "slices 0 200 0:2 40 1:1 20 .\n", {0, 1}).sums.size(), 2u);
  for (const char* line : {"slices 0 0 0:1 5 .", "slices 9 100 0:1 5 .", "slices 0 100 256:1 5 .", "slices 0 100 0:1 .",
                           "slices 0 2000000000000000 0:1 5 .", "slices 0 100 0:x 5 .", "clock 1 2 .",
                           "clock 1 2 9223372036854775807 ."}) {
    EXPECT_EQ(read_spool(std::string(kHead) + line + "\n").damage.size(), 1u) << line;
  }
}

TEST(CudaSpool, NeverTakesNoEvidenceForNoKernels) {
  const std::string head = "varve-cuda-spool 1 .\nflush 1 1000 .\n";
  const RecordedTrace refused = read_spool(head + "reason CUPTI%20is%20in%20use%20by%20X .\n");
  EXPECT_EQ(refused.no_evidence_for, std::vector<std::string>{"CUPTI is in use by X"});
  EXPECT_FALSE(refused.kinds_traced.contains(Activity::kernel));
  const RecordedTrace killed = read_spool(head);
  EXPECT_EQ(killed.no_evidence_for.size(), 1u);
  const RecordedTrace blind = read_spool(head + "cost modules_loaded 3 .\nend exit .\n");
  EXPECT_EQ(blind.no_evidence_for.size(), 1u);
  EXPECT_FALSE(blind.kinds_traced.contains(Activity::kernel));
  const RecordedTrace idle = read_spool(head + "end exit .\n");
  EXPECT_TRUE(idle.no_evidence_for.empty());
  EXPECT_TRUE(idle.kinds_traced.contains(Activity::kernel));
}

TEST(CudaSpool, CountsWhatWasLostAndSaysIt) {
  const RecordedTrace trace =
      read_spool(std::string(kHead) + "time 0 1 5 5 5 0 0 10 15 5:1 .\ncost dropped 3 .\ncost untimed 2 .\n" +
                 "cost backwards 18446744073709551615 .\ncost no_room 4 .\ncost no_room_ns 5 .\nend exit .\n");
  EXPECT_EQ(trace.lost_records, 9u);  // a number that is too large is no number
  EXPECT_EQ(trace.not_seen.size(), 3u);
  EXPECT_EQ(trace.damage.size(), 1u);
}

// A library with code for two architectures: kernels are joined to the file that holds the cubin that ran.
TEST(CudaSpool, JoinsKernelsToTheFilesThatHoldThem) {
  const TestRoot root;
  const std::string ours(96, '\x5a'), other(96, '\x22');
  const std::string region =
      test::region_bytes({{.architecture = 80, .payload = other}, {.architecture = 90, .payload = ours}});
  root.write("libgemm.so", test::elf_bytes({{".nv_fatbin", region}}));
  root.write("not-elf.so", "text");
  const std::string digest = sha256_hex(ours.substr(0, 90));
  const std::string text = "varve-cuda-spool 1 .\nlibrary /not-elf.so .\nlibrary /gone.so .\nlibrary /libgemm.so .\n" +
                           ("module 0 90 " + digest + " 0 1 .\nmodule 1 90 " + std::string(64, '0') + " 0 1 .\n") +
                           "name 1 0 gemm .\nname 2 1 made .\nrow 0 k 1 0 7 1 1 1 128 1 1 32 0 0 .\n" +
                           "row 1 k 2 0 7 1 1 1 128 1 1 32 0 0 .\ntime 0 1 5 5 5 0 0 10 15 5:1 .\n" +
                           "time 1 1 5 5 5 0 0 10 15 5:1 .\nend exit .\n";
  const auto files = open_root(root.path());
  ASSERT_TRUE(files);
  const RecordedTrace trace = read_spool(text, (*files).get());
  ASSERT_EQ(trace.sums.size(), 2u);
  const test::CodeOfName& found = trace.code.at(trace.sums[0].event.name);
  EXPECT_EQ(found.library, "/libgemm.so");
  EXPECT_EQ(found.architecture, "sm_90");
  EXPECT_EQ(trace.code.at(trace.sums[1].event.name).library, "");
  EXPECT_EQ(count_of(trace, Activity::kernel), 2u);
}

}  // namespace
}  // namespace varve
