#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_testing.h"

namespace varve {
namespace {

using test::RecordedTrace;

RecordedTrace read_rocprof_bytes(const std::string& bytes, const TraceOptions& options = {}) {
  RecordedTrace trace;
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "made_results.json");
  const Status read = kRocprofJson.read(*input, trace, options);
  EXPECT_TRUE(read) << (read ? "" : read.error().found);
  return trace;
}

// The sum in a second, slow way: the two times of a record stand side by side, and dispatches come first.
std::int64_t slow_rocprof_ns(const std::string& text) {
  const std::size_t begin = text.find("\"kernel_dispatch\":["), end = text.find("\"hip_api\":[", begin);
  const auto time_at = [&](const std::string& key, std::size_t from) {
    return std::stoll(text.substr(text.find(key, from) + key.size(), 20));
  };
  const std::string start = "\"start_timestamp\":";
  std::int64_t sum = 0;
  for (std::size_t at = text.find(start, begin); at < end; at = text.find(start, at + 1)) {
    sum += time_at("\"end_timestamp\":", at) - time_at(start, at);
  }
  return sum;
}

// Which kernels are collectives is a matter of their names.
std::int64_t dispatched_ns(const RecordedTrace& trace) {
  return trace.total_ns(Activity::kernel) + trace.total_ns(Activity::collective);
}

const test::RecordedEvent* find_rocprof_event(const RecordedTrace& trace, Activity activity) {
  const auto found = std::find_if(trace.events.begin(), trace.events.end(),
                                  [&](const test::RecordedEvent& one) { return one.event.activity == activity; });
  return found == trace.events.end() ? nullptr : &*found;
}

TEST(RocprofJson, ReadsRealDispatchesAndWhatTheyRanOn) {
  const std::string bytes = test::bytes_of(test::source_path("tests/foreign/rocprofv3/dispatches.json"));
  ASSERT_TRUE(kRocprofJson.recognises(std::as_bytes(std::span(bytes)).first(4096)));
  const RecordedTrace trace = read_rocprof_bytes(bytes);
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_EQ(trace.count(Activity::kernel) + trace.count(Activity::collective), 60u);
  EXPECT_EQ(dispatched_ns(trace), slow_rocprof_ns(bytes));
  EXPECT_EQ(fact_text(trace.facts.at("gpu.models")), "AMD Instinct MI350X");
  EXPECT_EQ(fact_text(trace.facts.at("gpu.architecture")), "gfx950");
  EXPECT_EQ(fact_text(trace.facts.at("gpu.memory")), "294896 MiB");
  EXPECT_EQ(fact_text(trace.facts.at("cpu.model")), "AMD EPYC 9575F 64-Core Processor");
  EXPECT_EQ(fact_text(trace.facts.at("os.kernel.release")), "5.15.0-160-generic");
  EXPECT_EQ(trace.environments, 1u);  // it holds a command line
  for (const auto& [id, fact] : trace.facts) EXPECT_EQ(fact_text(fact).find("train.py"), std::string::npos) << id;
}

TEST(RocprofJson, TheWholeCollectionAddsUpAsTheSlowReader) {
  const auto path = test::real_trace("rocprof/908_results.json.gz");
  if (!path) GTEST_SKIP() << "no collection of traces";
  const auto file = FileReader::open(FileHandle(::open(path->c_str(), O_RDONLY)), *path);
  ASSERT_TRUE(file);
  std::string text;
  std::array<std::byte, 65536> block{};
  const auto inflated = open_trace(*file, *path);
  ASSERT_TRUE(inflated);
  for (auto got = (*inflated)->read(block); got && *got > 0; got = (*inflated)->read(block)) {
    text.append(reinterpret_cast<const char*>(block.data()), *got);
  }
  const RecordedTrace trace = read_rocprof_bytes(text, {.device_only = true});
  EXPECT_EQ(trace.count(Activity::kernel) + trace.count(Activity::collective), 43'915u);
  EXPECT_EQ(dispatched_ns(trace), slow_rocprof_ns(text));
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_TRUE(trace.not_seen.empty());
}

// Written by hand after the schema, for parts that are empty in the real file at hand.
TEST(RocprofJson, CallsCopiesMarksAndLibraries) {
  const std::string bytes = test::bytes_of(test::source_path("fuzz/corpus/rocprof_json/calls"));
  const RecordedTrace trace = read_rocprof_bytes(bytes);
  const test::RecordedEvent* kernel = find_rocprof_event(trace, Activity::kernel);
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->event.duration_ns, 50);
  EXPECT_EQ(kernel->extra->launch.grid, (std::array<std::uint32_t, 3>{4, 2, 1}));  // 1000 items in blocks of 256
  EXPECT_EQ(kernel->extra->launch.registers, 192u);
  EXPECT_EQ(kernel->extra->launch.shared_bytes, 1024u);
  EXPECT_EQ(trace.tracks.at(kernel->event.track).first.device, 3);
  EXPECT_EQ(trace.tracks.at(kernel->event.track).first.stream, 2);
  const test::RecordedEvent* launch = find_rocprof_event(trace, Activity::launch);
  ASSERT_NE(launch, nullptr);
  EXPECT_EQ(trace.name_of(launch->event.name), "hipLaunchKernel");
  EXPECT_EQ(launch->extra->correlation, kernel->extra->correlation);
  const test::RecordedEvent* mark = find_rocprof_event(trace, Activity::region);
  ASSERT_NE(mark, nullptr);
  EXPECT_EQ(trace.name_of(mark->event.name), "step \"1\" é😀");
  const test::RecordedEvent* copy = find_rocprof_event(trace, Activity::copy);
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(trace.name_of(copy->event.name), "MEMORY_COPY_HOST_TO_DEVICE");
  EXPECT_EQ(copy->extra->bytes, 4096u);
  EXPECT_EQ(trace.count(Activity::allocate), 2u);
  ASSERT_EQ(trace.damage.size(), 1u);  // it ended before it began
  EXPECT_EQ(bytes.substr(trace.damage[0].first, 22), "{\"start_timestamp\":200");
  EXPECT_EQ(trace.not_seen.size(), 3u);  // PC samples, counters, a kernel that is not listed
  ProfileBuilder builder(WitnessKind::rocprof);
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "made");
  ASSERT_TRUE(kRocprofJson.read(*input, builder, {}));
  const TraceReading reading = builder.take();
  bool has_library = false;
  for (const Kernel& one : reading.record.kernels.kernels()) has_library |= one.key.library == "/opt/a b/libx.so";
  EXPECT_TRUE(has_library);
}

TEST(RocprofJson, EveryTruncationIsReadAsFarAsItGoesOrRefused) {
  const std::string whole = test::bytes_of(test::source_path("fuzz/corpus/rocprof_json/calls"));
  const std::size_t end = whole.rfind('}') + 1;
  for (std::size_t size = 0; size < end; ++size) {
    RecordedTrace trace;
    const std::string bytes = whole.substr(0, size);
    const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "cut.json");
    if (kRocprofJson.read(*input, trace, {})) {
      EXPECT_FALSE(trace.damage.empty()) << size;
    }
  }
}

TEST(RocprofJson, OtherBytesAreNone) {
  for (const std::string text : {"", "{", "{\"traceEvents\": []}", "[{\"rocprofiler-sdk-tool\": []}]"}) {
    EXPECT_FALSE(kRocprofJson.recognises(std::as_bytes(std::span(text)))) << text;
  }
}

}  // namespace
}  // namespace varve
