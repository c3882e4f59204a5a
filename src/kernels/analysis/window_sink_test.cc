#include "kernels/analysis/window_sink.h"

#include <gtest/gtest.h>

#include "kernels/analysis/made_trace_testing.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

constexpr ProfileKind kCalls{WitnessKind::kineto, Quantity::call_time};
constexpr ProfileKind kDevice{WitnessKind::kineto, Quantity::device_time};

std::int64_t length_of(const test::RecordedTrace& trace, const std::string& name) {
  std::int64_t sum = 0;
  for (const auto& [event, extra] : trace.events) {
    if (trace.names.at(event.name) == name) sum += event.duration_ns;
  }
  return sum;
}

TEST(WindowSink, CutsAtTheEdgesAndCountsTheRestOnce) {
  test::RecordedTrace inside;
  WindowSink window(inside, {{{100, 200}, {300, 400}}});
  test::MadeTrace trace(window);
  trace.operation("inner", 110, 20);
  trace.operation("outer", 50, 400);  // over all edges; told after what is in it, as by Kineto
  trace.operation("early", 60, 10);   // in the outer one
  trace.kernel("before", 0, 10, 20);
  trace.kernel("across", 0, 190, 120);
  trace.kernel("behind", 0, 400, 7);
  ProfileRecord record;
  window.write_outside(WitnessKind::kineto, record);
  EXPECT_EQ(length_of(inside, "inner"), 20);
  EXPECT_EQ(length_of(inside, "outer"), 200);
  EXPECT_EQ(length_of(inside, "early"), 0);
  EXPECT_EQ(length_of(inside, "across"), 20);
  const Profile* calls = record.profiles.find(kCalls);
  ASSERT_NE(calls, nullptr);
  EXPECT_EQ(calls->before_ns, 50);
  EXPECT_EQ(calls->between_ns, 100);
  EXPECT_EQ(calls->after_ns, 50);
  const Profile* device = record.profiles.find(kDevice);
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(device->before_ns, 20);
  EXPECT_EQ(device->between_ns, 100);
  EXPECT_EQ(device->after_ns, 7);
}

// Sums of which is known that they lie inside or outside as a whole, and those that lie across an edge.
TEST(WindowSink, TakesSumsAsWholes) {
  test::RecordedTrace inside;
  WindowSink window(inside, {{{100, 200}, {300, 400}}});
  window.track(TrackId{0}, {}, TrackKind::stream);
  const auto total = [&](std::int64_t start_ns, std::int64_t duration_ns, std::int64_t sum_ns) {
    Durations time;
    time.count = 1;
    time.total_ns = sum_ns;
    window.total({.start_ns = start_ns, .duration_ns = duration_ns}, nullptr, time, 0);
  };
  total(100, 100, 1);  // all of the first window
  total(350, 10, 2);
  total(0, 100, 10);    // before
  total(200, 100, 20);  // between
  total(400, 5, 40);    // behind
  EXPECT_EQ(inside.sums.size(), 2u);
  EXPECT_TRUE(inside.not_seen.empty());
  total(90, 20, 4);  // across an edge
  total(0, 0, 8);    // nobody knows when
  EXPECT_EQ(inside.sums.size(), 4u);
  EXPECT_EQ(inside.not_seen.size(), 1u);
  ProfileRecord record;
  window.write_outside(WitnessKind::kineto, record);
  const Profile& device = *record.profiles.find(kDevice);
  EXPECT_EQ(device.before_ns, 10);
  EXPECT_EQ(device.between_ns, 20);
  EXPECT_EQ(device.after_ns, 40);
}

TEST(WindowSink, TakesSamplesForMoments) {
  test::RecordedTrace inside;
  WindowSink window(inside, {{{100, 200}}});
  window.track(TrackId{0}, {}, TrackKind::thread);
  for (const std::int64_t at : {99, 100, 199, 200}) {
    window.event({.start_ns = at, .duration_ns = 1000, .is_sample = true}, nullptr);
  }
  EXPECT_EQ(inside.events.size(), 2u);
  ProfileRecord record;
  window.write_outside(WitnessKind::perf_script, record);
  const Profile* samples = record.profiles.find({WitnessKind::perf_script, Quantity::cpu_time});
  ASSERT_NE(samples, nullptr);
  EXPECT_EQ(samples->before_ns, 1000);
  EXPECT_EQ(samples->after_ns, 1000);
}

TEST(WindowSink, HandsOnWholeWhatHasNoClock) {
  test::RecordedTrace inside;
  WindowSink window(inside, {{{100, 200}}, true});
  test::MadeTrace trace(window);
  trace.operation("all", 0, 1000);
  EXPECT_EQ(length_of(inside, "all"), 1000);
  EXPECT_EQ(inside.not_seen.size(), 1u);
}

std::string made_trace(const std::string& head, const std::string& start_us) {
  return "{" + head + R"("traceEvents": [{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1, "ts": )" +
         start_us + R"(, "dur": 10}]})";
}

Result<ReadTrace> read_cut(const std::string& text, const Stretch& window) {
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "made.json");
  return read_trace(*input, {.windows = {{window}, true}});
}

// Whole and fractions, with a base and, as PyTorch 2.1 writes, without.
TEST(WindowSink, TakesKinetosClockForTheUnixClock) {
  for (const auto& [text, start_ns] :
       {std::pair{made_trace(R"("baseTimeNanoseconds": 1790857026000000000, )", "4362306672861.500"),
                  std::int64_t{1'790'857'026'000'000'000 + 4'362'306'672'861'500}},
        std::pair{made_trace("", "1795219322147609"), std::int64_t{1'795'219'322'147'609'000}}}) {
    const Result<ReadTrace> half = read_cut(text, {start_ns + 5000, start_ns + 100'000});
    ASSERT_TRUE(half);
    const Profile* calls = half->reading.record.profiles.find(kCalls);
    ASSERT_NE(calls, nullptr);
    EXPECT_EQ(calls->rows_ns(), 5000);
    EXPECT_EQ(calls->before_ns, 5000);
    const Result<ReadTrace> none = read_cut(text, {start_ns + 20'000, start_ns + 100'000});
    ASSERT_TRUE(none);
    const Profile* empty = none->reading.record.profiles.find(kCalls);
    ASSERT_NE(empty, nullptr);
    EXPECT_EQ(empty->rows_ns(), 0);
    EXPECT_EQ(empty->before_ns, 10'000);
  }
}

}  // namespace
}  // namespace varve
