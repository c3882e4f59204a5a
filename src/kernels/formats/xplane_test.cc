#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/protobuf_testing.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

using test::field;
using test::RecordedTrace;
using test::slow_message;
using test::slow_text;
using test::SlowMessage;

RecordedTrace read_xplane_bytes(const std::string& bytes, const TraceOptions& options = {}) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "made.xplane.pb");
  const Status read = kXplane.read(*input, trace, options);
  EXPECT_TRUE(read) << (read ? "" : read.error().found);
  return trace;
}

std::string foreign_xplane(const std::string& name) {
  return test::bytes_of(test::source_path("tests/foreign/" + name));
}

// The sum in a second, slow way: durations of the lines "Stream #…" of planes of GPUs.
std::int64_t slow_xplane_ps(const std::string& bytes) {
  std::int64_t sum = 0;
  const SlowMessage space = slow_message(bytes);
  for (auto [plane, end] = space.equal_range(1); plane != end; ++plane) {
    const SlowMessage fields = slow_message(plane->second);
    if (slow_text(fields, 2).find("GPU") == std::string::npos) continue;
    for (auto [line, last] = fields.equal_range(3); line != last; ++line) {
      const SlowMessage parts = slow_message(line->second);
      if (!slow_text(parts, 2).starts_with("Stream #")) continue;
      for (auto [event, none] = parts.equal_range(4); event != none; ++event) {
        const std::string duration = slow_text(slow_message(event->second), 3);
        if (!duration.empty()) sum += std::stoll(duration);
      }
    }
  }
  return sum;
}

std::int64_t xplane_device_ns(const RecordedTrace& trace) {
  return trace.total_ns(Activity::kernel) + trace.total_ns(Activity::copy) + trace.total_ns(Activity::fill) +
         trace.total_ns(Activity::collective);
}

TEST(Xplane, ReadsARealGpuWithItsOperationsAndShapes) {
  const std::string bytes = foreign_xplane("jax-rocm/gpu_planes.xplane.pb");
  ASSERT_TRUE(kXplane.recognises(std::as_bytes(std::span(bytes)).first(4096)));
  const RecordedTrace trace = read_xplane_bytes(bytes);
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_EQ(trace.count(Activity::kernel), 54u);
  EXPECT_EQ(trace.total_ns(Activity::kernel) * 1000, slow_xplane_ps(bytes));
  EXPECT_EQ(trace.total_ns(Activity::kernel), 3'475'484);
  const auto gemm = std::find_if(trace.events.begin(), trace.events.end(), [&](const test::RecordedEvent& one) {
    return trace.name_of(one.event.name).starts_with("wrapped_broadcast");
  });
  ASSERT_NE(gemm, trace.events.end());
  EXPECT_EQ(trace.name_of(gemm->extra->operation), "jit(broadcast_in_dim)/broadcast_in_dim");
  EXPECT_EQ(gemm->extra->launch.grid, (std::array<std::uint32_t, 3>{256, 1, 1}));
  EXPECT_EQ(gemm->extra->launch.block, (std::array<std::uint32_t, 3>{256, 1, 1}));
  EXPECT_EQ(gemm->extra->correlation, 31u);
  EXPECT_EQ(trace.tracks.at(gemm->event.track).first.stream, 16);
  EXPECT_EQ(trace.tracks.at(gemm->event.track).first.device, 0);
  EXPECT_EQ(fact_text(trace.facts.at("gpu.memory")), "196592 MiB, 196592 MiB");
  EXPECT_EQ(fact_text(trace.facts.at("trace.device_vendor")), "AMD");
  EXPECT_FALSE(trace.facts.contains("gpu.compute_capabilities"));  // AMD has none
  EXPECT_TRUE(trace.kinds_traced.contains(Activity::kernel));
}

TEST(Xplane, OnACpuOperationsStepsAndFunctionsAreThere) {
  const RecordedTrace trace = read_xplane_bytes(foreign_xplane("jax-0.10.2/cpu.xplane.pb"));
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_EQ(trace.count(Activity::region), 3u);
  EXPECT_EQ(xplane_device_ns(trace), 0);
  EXPECT_FALSE(trace.kinds_traced.contains(Activity::kernel));
  const auto is = [&](const char* name) {
    return std::count_if(trace.events.begin(), trace.events.end(),
                         [&](const test::RecordedEvent& one) { return trace.name_of(one.event.name) == name; });
  };
  EXPECT_EQ(is("train"), 3);
  EXPECT_EQ(is("my region"), 3);
  EXPECT_GT(trace.total_ns(Activity::operation), 0);
  EXPECT_TRUE(read_xplane_bytes(foreign_xplane("jax-0.10.2/cpu.xplane.pb"), {.device_only = true}).events.empty());
}

// What was compiled stands beside what ran: a fusion is then an operation with the shapes of its product.
TEST(Xplane, AnInstructionHasTheOperationAndShapesOfItsProgram) {
  const std::string bytes = foreign_xplane("jax-0.10.2/block.xplane.pb");
  const RecordedTrace trace = read_xplane_bytes(bytes);
  EXPECT_TRUE(trace.damage.empty());
  std::map<std::string, int> products;
  for (const test::RecordedEvent& one : trace.events) {
    const std::string& name = trace.name_of(one.event.name);
    if (name.starts_with("dot_general")) ++products[name];
  }
  // One block of a transformer, five steps: 2 sequences of 256, 4 heads of 64, 1024 inside.
  EXPECT_EQ(products, (std::map<std::string, int>{{"dot_general (ynn_fusion) [[512,256],[256,768]]", 5},
                                                  {"dot_general (ynn_fusion) [[512,256],[256,256]]", 5},
                                                  {"dot_general (ynn_fusion) [[512,256],[256,1024]]", 5},
                                                  {"dot_general (ynn_fusion) [[512,1024],[1024,256]]", 5},
                                                  {"dot_general (ynn_fusion) [[8,256,64],[8,64,256]]", 5},
                                                  {"dot_general (ynn_fusion) [[8,256,256],[8,256,64]]", 5}}));
  const auto is_there = [&](const char* name) {
    return std::any_of(trace.events.begin(), trace.events.end(),
                       [&](const test::RecordedEvent& one) { return trace.name_of(one.event.name) == name; });
  };
  EXPECT_TRUE(is_there("reduce_sum (ynn_fusion) [[2,256,256],[]]"));
  EXPECT_FALSE(is_there("ynn_fusion.8"));
}

TEST(Xplane, AProgramThatIsCutOffNamesWhatItStillHolds) {
  const std::string bytes = foreign_xplane("jax-0.10.2/block.xplane.pb");
  const std::size_t events = read_xplane_bytes(bytes).events.size();
  std::string broken = bytes;
  // Inside of the program, so that lengths no longer fit.
  for (std::size_t at = 2000; at < 2400; ++at) broken[at] = static_cast<char>(0xff);
  const auto input = trace_of_bytes(std::as_bytes(std::span(broken)), "broken.xplane.pb");
  RecordedTrace trace;
  ASSERT_TRUE(kXplane.read(*input, trace, {}));
  EXPECT_EQ(trace.events.size(), events);
}

TEST(Xplane, TheWholeCollectionAddsUpAsTheSlowReader) {
  const auto path = test::real_trace("xplane/jax08-gemm-mi300.xplane.pb");
  if (!path) GTEST_SKIP() << "no collection of traces";
  const std::string bytes = test::bytes_of(*path);
  const RecordedTrace trace = read_xplane_bytes(bytes);
  EXPECT_EQ(xplane_device_ns(trace) * 1000, slow_xplane_ps(bytes));
  EXPECT_EQ(trace.count(Activity::launch), 30u);
  // A launch on the host and what it started have one number.
  std::set<std::uint64_t> launched;
  for (const auto& one : trace.events) {
    if (one.event.activity == Activity::launch) launched.insert(one.extra->correlation);
  }
  std::uint64_t joined = 0;
  for (const auto& one : trace.events) {
    if (one.event.activity == Activity::kernel && launched.contains(one.extra->correlation)) ++joined;
  }
  EXPECT_EQ(joined, 30u);
}

// Written by hand, for what no real file at hand shows.
std::string xplane_name(std::uint64_t id, const std::string& name) {
  return field(1, id) + field(2, field(1, id) + field(2, name));
}

// They are open all the time and no calls of a runtime; a trace of PyTorch's profiler leaves them out as well.
TEST(Xplane, FunctionsOfPythonAreNoCalls) {
  const auto path = test::real_trace("xplane/jax08-gemm-mi300.xplane.pb");
  if (!path) GTEST_SKIP() << "no collection of traces here";
  const RecordedTrace trace = read_xplane_bytes(test::bytes_of(*path));
  EXPECT_GT(trace.count(Activity::launch), 0u);
  for (const test::RecordedEvent& one : trace.events) {
    EXPECT_FALSE(trace.name_of(one.event.name).starts_with('$'));
  }
}

TEST(Xplane, RepeatedLinesAndAggregatesAreNotCounted) {
  const std::string event = field(1, 1u) + field(2, 7u) + field(3, 5u);
  const std::string aggregate = field(1, 1u) + field(5, 3u) + field(3, 5u);
  const std::string nameless = field(1, 2u) + field(2, 7u) + field(3, 5u);
  const std::string plane = field(2, "/device:GPU:3") +
                            field(3, field(2, "Stream #7(Kernel)") + field(3, 1u) + field(4, event) +
                                         field(4, aggregate) + field(4, nameless)) +
                            field(3, field(2, "XLA Modules") + field(4, event)) + field(4, xplane_name(1, "gemm"));
  const RecordedTrace trace = read_xplane_bytes(field(1, plane) + field(2, "ran out of buffers"));
  ASSERT_EQ(trace.events.size(), 1u);
  EXPECT_EQ(trace.events[0].event.start_ns, 1);
  EXPECT_EQ(trace.tracks.begin()->second.first.device, 3);
  EXPECT_EQ(trace.not_seen.size(), 2u);
  ASSERT_EQ(trace.damage.size(), 1u);
  EXPECT_EQ(trace.damage[0].second, "an event without a name");
}

TEST(Xplane, EveryTruncationIsReadAsFarAsItGoesOrRefused) {
  const std::string whole = foreign_xplane("jax-rocm/gpu_planes.xplane.pb").substr(0, 4000);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    RecordedTrace trace;
    const std::string bytes = whole.substr(0, size);
    const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "cut.xplane.pb");
    if (kXplane.read(*input, trace, {})) {
      EXPECT_FALSE(trace.damage.empty()) << size;
    }
    for (const auto& [at, what] : trace.damage) EXPECT_LE(at, size);
  }
}

TEST(Xplane, OtherBytesAreNone) {
  for (const std::string text :
       {"", "\n", "\n\5hello", "{\"traceEvents\": []}", "perf 1 1.0: 10 cpu-clock: 1 a (b)\n"}) {
    EXPECT_FALSE(kXplane.recognises(std::as_bytes(std::span(text)))) << text;
  }
}

}  // namespace
}  // namespace varve
