#include "kernels/perf_sample.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

namespace varve {
namespace {

// Writes a record's body value by value.
struct Body {
  std::vector<std::byte> bytes;
  template <class Value>
  Body& put(Value value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
    return *this;
  }
  Body& head() { return put(std::uint64_t{0x1234}).put(7u).put(8u).put(std::uint64_t{99}).put(3u).put(0u); }
  PerfRecord record() const { return {PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, bytes}; }
};

Body with_registers(const PerfSampleContent& content) {
  Body body;
  body.head().put(std::uint64_t{PERF_SAMPLE_REGS_ABI_64});
  for (int i = 0; i < std::popcount(content.registers); ++i)
    body.put(std::uint64_t{100} + static_cast<std::uint64_t>(i));
  return body;
}

TEST(PerfSamples, AreReadWithoutStacks) {
  const auto sample = read_perf_sample(Body().head().record(), {});
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->address, 0x1234u);
  EXPECT_EQ(sample->process, 7u);
  EXPECT_EQ(sample->thread, 8u);
  EXPECT_EQ(sample->time_ns, 99u);
  EXPECT_EQ(sample->cpu, 3u);
  EXPECT_FALSE(sample->in_kernel);
  EXPECT_EQ(sample->registers.known, 0u);
}

TEST(PerfSamples, HaveRegistersAndWhatWasFilledOfTheStack) {
  const PerfSampleContent content = content_with_stacks();
  if (content.registers == 0) GTEST_SKIP() << "stacks are read on x86-64 only";
  Body body = with_registers(content);
  body.put(std::uint64_t{24}).put(std::uint64_t{1}).put(std::uint64_t{2}).put(std::uint64_t{3}).put(std::uint64_t{16});
  const auto sample = read_perf_sample(body.record(), content);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->registers.get(kRbx), 100u);
  EXPECT_EQ(sample->registers.get(kRbp), 101u);
  EXPECT_EQ(sample->registers.get(kRsp), 102u);
  EXPECT_EQ(sample->registers.get(kReturnAddress), 103u);
  EXPECT_EQ(sample->registers.get(15), 107u);
  ASSERT_EQ(sample->stack.size(), 16u);
  EXPECT_EQ(std::to_integer<int>(sample->stack[8]), 2);
}

TEST(PerfSamples, EndWhereTheRecordEnds) {
  const PerfSampleContent content = content_with_stacks();
  if (content.registers == 0) GTEST_SKIP() << "stacks are read on x86-64 only";
  Body body = with_registers(content);
  body.put(std::uint64_t{16}).put(std::uint64_t{1}).put(std::uint64_t{2}).put(std::uint64_t{16});
  const std::size_t head = Body().head().bytes.size();
  for (std::size_t size = 0; size < body.bytes.size(); ++size) {
    const std::vector<std::byte> cut(body.bytes.begin(), body.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto sample = read_perf_sample({PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, cut}, content);
    EXPECT_EQ(sample.has_value(), size >= head) << size;
    if (sample) {
      EXPECT_TRUE(sample->stack.empty()) << size;
    }
  }
}

TEST(PerfSamples, OfThreadsWithoutUserCodeHaveNoStack) {
  const PerfSampleContent content = content_with_stacks();
  if (content.registers == 0) GTEST_SKIP() << "stacks are read on x86-64 only";
  Body body;
  body.head().put(std::uint64_t{PERF_SAMPLE_REGS_ABI_NONE}).put(std::uint64_t{0});
  const auto sample = read_perf_sample(body.record(), content);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->registers.known, 0u);
  EXPECT_TRUE(sample->stack.empty());
  Body lying = with_registers(content);  // a stack longer than the record, filled beyond its size
  lying.put(~std::uint64_t{0}).put(std::uint64_t{1});
  EXPECT_TRUE(read_perf_sample(lying.record(), content)->stack.empty());
}

}  // namespace
}  // namespace varve
