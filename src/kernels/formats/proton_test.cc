#include <gtest/gtest.h>

#include <regex>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

using test::RecordedTrace;

// Proton needs a GPU to write anything: the tree at hand is written after its source.
std::string proton_tree() { return test::bytes_of(test::source_path("fuzz/corpus/proton/tree")); }

RecordedTrace read_tree(const std::string& text, bool must_read = true) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "made.hatchet");
  const Status read = kProton.read(*input, trace, {});
  EXPECT_TRUE(read || !must_read) << (read ? "" : read.error().found);
  return trace;
}

TEST(Proton, KernelsAddUpAndBelongToTheirScope) {
  const std::string text = proton_tree();
  ASSERT_TRUE(kProton.recognises(std::as_bytes(std::span(text))));
  const RecordedTrace trace = read_tree(text);
  EXPECT_TRUE(trace.damage.empty());
  const std::regex time("\"time \\(ns\\)\":([0-9]+)");  // the slow way
  std::int64_t sum = 0;
  for (std::sregex_iterator one(text.begin(), text.end(), time), end; one != end; ++one) sum += std::stoll((*one)[1]);
  EXPECT_EQ(trace.total_ns(Activity::kernel), sum);
  EXPECT_EQ(trace.count(Activity::kernel), 6u);
  for (const auto& one : trace.sums) {
    EXPECT_FALSE(one.time.has_spread());  // the tree does not tell
    const bool is_outside = trace.name_of(one.event.name) == "outside";
    EXPECT_EQ(trace.name_of(one.extra.operation), is_outside ? "(no name)" : "forward");
  }
  EXPECT_EQ(trace.tracks.size(), 2u);
  EXPECT_EQ(fact_text(trace.facts.at("gpu.compute_capabilities")), "9.0, 9.0");
  EXPECT_EQ(fact_text(trace.facts.at("trace.device_cores")), "132, 132");
  EXPECT_EQ(trace.not_seen.size(), 1u);
}

// As Proton writes it of a program of which it saw nothing, with or without a device.
TEST(Proton, ABareRootIsNoZero) {
  const RecordedTrace trace =
      read_tree(R"json([{"children":[],"frame":{"name":"ROOT","type":"function"},"metrics":{}},{}])json");
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_FALSE(trace.kinds_traced.contains(Activity::kernel));
}

TEST(Proton, OlderSpellingsAndAmd) {
  const RecordedTrace trace = read_tree(
      R"json([{"frame":{"name":"ROOT"},"metrics":{"Time (ns)":0},"children":[{"frame":{"name":"k"},"children":[],)json"
      R"json("metrics":{"Count":2.0,"Time (ns)":1.5e3,"DeviceId":"0"}}]},)json"
      R"json({"HIP":{"0":{"arch":"gfx942","num_sms":304}}}])json");
  EXPECT_EQ(trace.count(Activity::kernel), 2u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 1500);
  EXPECT_EQ(fact_text(trace.facts.at("gpu.architecture")), "gfx942");
}

TEST(Proton, DeepTreesCostNoStack) {
  constexpr std::size_t kDepth = 50'000;
  std::string text = "[";
  for (std::size_t i = 0; i < kDepth; ++i) text += R"json({"children":[)json";
  text += R"json({"children":[],"frame":{"name":"k"},"metrics":{"count":1,"time (ns)":9}})json";
  for (std::size_t i = 0; i < kDepth; ++i) text += R"json(],"frame":{"name":"f"},"metrics":{}})json";
  text += "]";
  const RecordedTrace trace = read_tree(text);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 9);
  EXPECT_TRUE(trace.damage.empty());
}

TEST(Proton, EveryTruncationKeepsWhatWasThere) {
  const std::string text = proton_tree();
  const std::size_t end = text.rfind(']') + 1;
  for (std::size_t size = 2; size < end; ++size) {
    const RecordedTrace trace = read_tree(text.substr(0, size), false);
    EXPECT_FALSE(trace.damage.empty()) << size;
    EXPECT_LE(trace.total_ns(Activity::kernel), 2620);
  }
  EXPECT_EQ(read_tree(text.substr(0, text.find("\"name\":\"forward\""))).total_ns(Activity::kernel), 2613);
}

TEST(Proton, OtherTextIsNone) {
  for (const std::string text : {"", "[", "[{\"ph\": \"X\"}]", "{\"children\": []}", "[\"children\"]"}) {
    EXPECT_FALSE(kProton.recognises(std::as_bytes(std::span(text)))) << text;
  }
}

}  // namespace
}  // namespace varve
