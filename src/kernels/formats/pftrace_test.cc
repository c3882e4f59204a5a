#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/protobuf_testing.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

using test::field;
using test::RecordedTrace;
using test::slow_message;
using test::slow_text;

RecordedTrace read_packets(const std::string& bytes, const TraceOptions& options = {}) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "made.pftrace");
  const Status read = kPftrace.read(*input, trace, options);
  EXPECT_TRUE(read) << (read ? "" : read.error().found);
  return trace;
}

// Written by PyTorch's own encoder, see tests/foreign/torch-2.15.0/SOURCE.md.
std::string torch_pftrace() { return test::bytes_of(test::source_path("tests/foreign/torch-2.15.0/made.pftrace")); }

// The sum in a second, slow way: field 2 of every render stage of a kind.
std::int64_t slow_stages_ns(const std::string& bytes, const std::string& stage) {
  std::int64_t sum = 0;
  const test::SlowMessage trace = slow_message(bytes);
  for (auto [packet, end] = trace.equal_range(1); packet != end; ++packet) {
    const test::SlowMessage event = slow_message(slow_text(slow_message(packet->second), 53));
    if (slow_text(event, 14) == stage) sum += std::stoll(slow_text(event, 2));
  }
  return sum;
}

const test::RecordedEvent& event_named(const RecordedTrace& trace, const std::string& beginning) {
  const auto found = std::find_if(trace.events.begin(), trace.events.end(), [&](const test::RecordedEvent& one) {
    return trace.name_of(one.event.name).starts_with(beginning);
  });
  EXPECT_NE(found, trace.events.end()) << beginning;
  return *found;
}

TEST(Pftrace, WhatRanOnTheGpuAddsUpWithAllThatIsToldOfIt) {
  const std::string bytes = torch_pftrace();
  ASSERT_TRUE(kPftrace.recognises(std::as_bytes(std::span(bytes)).first(4096)));
  const RecordedTrace trace = read_packets(bytes);
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_EQ(trace.count(Activity::kernel), 3u);
  EXPECT_EQ(trace.count(Activity::collective), 1u);
  EXPECT_EQ(trace.total_ns(Activity::kernel) + trace.total_ns(Activity::collective), slow_stages_ns(bytes, "1"));
  EXPECT_EQ(trace.total_ns(Activity::kernel) + trace.total_ns(Activity::collective), 68'131);
  EXPECT_EQ(trace.total_ns(Activity::copy), slow_stages_ns(bytes, "2"));
  EXPECT_EQ(trace.total_ns(Activity::fill), slow_stages_ns(bytes, "3"));
  const test::RecordedEvent& gemm = event_named(trace, "sm90_xmma");
  EXPECT_EQ(gemm.extra->launch, (Launch{{8, 1, 1}, {128, 1, 1}, 168, 49'152}));
  EXPECT_EQ(trace.tracks.at(gemm.event.track).first, (Place{.device = 0, .stream = 7}));
  const test::RecordedEvent& collective = event_named(trace, "ncclDevKernel");
  EXPECT_EQ(collective.extra->bytes, 16'384u);
  EXPECT_EQ(collective.extra->sequence, 12);
  EXPECT_EQ(trace.name_of(collective.extra->group), "0 default_pg");
  EXPECT_EQ(event_named(trace, "Memcpy").extra->bytes, 16'384u);
  std::uint64_t in_graphs = 0;
  for (const auto& one : trace.events) {
    if (one.extra && one.extra->graph_node == (std::uint64_t{5} << 32 | 3)) ++in_graphs;
  }
  EXPECT_EQ(in_graphs, 1u);
}

TEST(Pftrace, OperatorsHaveTheirTimesAndKernelsTheirOperators) {
  const RecordedTrace trace = read_packets(torch_pftrace());
  // So long were they in the JSON that the encoder was given.
  EXPECT_EQ(trace.count(Activity::operation), 12u);
  EXPECT_EQ(trace.total_ns(Activity::operation), 162'216'868);
  EXPECT_EQ(trace.count(Activity::region), 2u);
  EXPECT_EQ(trace.total_ns(Activity::region), 163'213'368);
  EXPECT_EQ(trace.count(Activity::launch), 4u);
  EXPECT_EQ(trace.count(Activity::synchronise), 1u);
  EXPECT_EQ(trace.name_of(event_named(trace, "sm90_xmma").extra->operation), "aten::mm [[64,64],[64,64]]");
  EXPECT_TRUE(trace.name_of(event_named(trace, "void at::native").extra->operation).starts_with("aten::relu"));
}

TEST(Pftrace, OnlyDevicesOnDemand) {
  const RecordedTrace trace = read_packets(torch_pftrace(), {.device_only = true});
  EXPECT_EQ(trace.events.size(), 6u);
  EXPECT_EQ(trace.total_ns(Activity::kernel) + trace.total_ns(Activity::collective), 68'131);
}

std::string slice_packet(std::uint64_t time, std::uint64_t type, std::uint64_t name) {
  const std::string event =
      field(9, type) + field(11, std::uint64_t{4}) + (name == 0 ? "" : field(10, name) + field(3, std::uint64_t{1}));
  return field(1, field(8, time) + field(10, std::uint64_t{1}) + field(11, event));
}

std::string interned(std::uint64_t flags) {
  const auto entry = [](std::uint64_t id, const std::string& name) { return field(1, id) + field(2, name); };
  const std::string names = field(1, entry(1, "cpu_op")) + field(2, entry(1, "outer")) + field(2, entry(2, "inner"));
  return field(1, field(10, std::uint64_t{1}) + field(13, flags) + field(12, names));
}

TEST(Pftrace, SlicesInTheOrderOfTimeEndTheInnermostFirst) {
  const RecordedTrace trace = read_packets(interned(1) + slice_packet(10, 1, 1) + slice_packet(20, 1, 2) +
                                           slice_packet(30, 2, 0) + slice_packet(100, 2, 0));
  ASSERT_EQ(trace.events.size(), 2u);
  EXPECT_EQ(event_named(trace, "inner").event.duration_ns, 10);
  EXPECT_EQ(event_named(trace, "outer").event.duration_ns, 90);
}

TEST(Pftrace, WhatHasNoEndOrWasForgottenIsSaid) {
  const std::string forgets = field(1, field(10, std::uint64_t{1}) + field(13, std::uint64_t{1}));
  const RecordedTrace trace = read_packets(interned(1) + slice_packet(10, 1, 1) + slice_packet(20, 2, 0) + forgets +
                                           slice_packet(30, 1, 1) + slice_packet(40, 2, 0) + slice_packet(50, 2, 0));
  EXPECT_EQ(trace.events.size(), 1u);
  EXPECT_EQ(trace.not_seen.size(), 2u);  // a slice whose names were forgotten, an end without a beginning
}

TEST(Pftrace, EveryTruncationIsReadAsFarAsItGoesOrRefused) {
  const std::string whole = torch_pftrace();
  const std::int64_t all = read_packets(whole).total_ns(Activity::kernel);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    RecordedTrace trace;
    const std::string bytes = whole.substr(0, size);
    const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "cut.pftrace");
    (void)kPftrace.read(*input, trace, {});
    EXPECT_LE(trace.total_ns(Activity::kernel), all);
    for (const auto& [at, what] : trace.damage) EXPECT_LE(at, size);
  }
}

TEST(Pftrace, OtherBytesAreNone) {
  for (const std::string text : {"", "\n", "\n\n\n\n", "\n\5hello", "{\"traceEvents\": []}"}) {
    EXPECT_FALSE(kPftrace.recognises(std::as_bytes(std::span(text)))) << text;
  }
  const std::string xplane = test::bytes_of(test::source_path("tests/foreign/jax-rocm/gpu_planes.xplane.pb"));
  EXPECT_FALSE(kPftrace.recognises(std::as_bytes(std::span(xplane)).first(4096)));
  const std::string packets = torch_pftrace();
  EXPECT_FALSE(kXplane.recognises(std::as_bytes(std::span(packets)).first(4096)));
}

}  // namespace
}  // namespace varve
