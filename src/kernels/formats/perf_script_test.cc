#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/test_sources.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"

namespace varve {
namespace {

std::string foreign(const std::string& name) {
  std::ifstream file(test::source_path("tests/foreign/perf-6.1/" + name));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<ReadTrace> read_text(const std::string& text) {
  const auto input = trace_of_bytes(std::as_bytes(std::span(text)), "made.txt");
  return read_trace(*input);
}

const Profile* cpu_time_of(const ReadTrace& trace) {
  return trace.reading.record.profiles.find({WitnessKind::perf_script, Quantity::cpu_time});
}

std::uint64_t samples_of(const ReadTrace& trace, const std::string& name, const std::string& library) {
  const Profile* profile = cpu_time_of(trace);
  if (profile == nullptr) return 0;
  std::uint64_t samples = 0;
  for (const ProfileRow& row : profile->rows) {
    const KernelKey& key = trace.reading.record.kernels[row.key.kernel].key;
    if (key.name == name && key.library == library) samples += row.samples;
  }
  return samples;
}

TEST(PerfScript, CountsTheSamplesOfARealRecording) {
  const auto trace = read_text(foreign("plain.txt"));
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(trace->format, "perf script");
  const Profile* profile = cpu_time_of(*trace);
  ASSERT_NE(profile, nullptr);
  EXPECT_EQ(profile->samples(), 10u);
  EXPECT_EQ(profile->periods_ns, std::set<std::int64_t>{10'101'010});
  EXPECT_EQ(profile->rows_ns(), 101'010'100);  // 99 a second of CPU time, whole periods
  EXPECT_EQ(profile->remainder_ns(), 0);
  EXPECT_EQ(trace->reading.damaged, 0u);
  EXPECT_TRUE(profile->unseen.empty());
}

TEST(PerfScript, OfCallChainsTheInnermostFrameCounts) {
  const auto trace = read_text(foreign("chains.txt"));
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(samples_of(*trace, "__sin_fma", "/usr/lib/x86_64-linux-gnu/libm.so.6"), 2u);
  EXPECT_EQ(samples_of(*trace, "order", "/opt/work"), 1u);
  EXPECT_EQ(trace->reading.damaged, 0u);
  EXPECT_EQ(fact_text(trace->reading.facts.at("os.architecture")), "x86_64");
  EXPECT_EQ(fact_text(trace->reading.facts.at("cpu.model")), "AMD EPYC");
  EXPECT_TRUE(trace->reading.facts.contains("os.kernel.release"));
}

TEST(PerfScript, WithoutPeriodsSamplesAreCountedAndNoTimeIsClaimed) {
  const auto with = read_text(foreign("plain.txt"));
  const auto without = read_text(foreign("short.txt"));
  ASSERT_TRUE(with && without);
  EXPECT_EQ(cpu_time_of(*without)->samples(), cpu_time_of(*with)->samples());
  EXPECT_EQ(cpu_time_of(*without)->rows_ns(), 0);
  ASSERT_EQ(cpu_time_of(*without)->unseen.size(), 1u);
  EXPECT_NE(cpu_time_of(*without)->unseen.begin()->find("-F +period"), std::string::npos);
}

TEST(PerfScript, TellsTheKernelAndSeveralLibrariesApart) {
  const auto trace = read_text(foreign("python.txt"));
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_GE(samples_of(*trace, "_raw_spin_lock", "[kernel]"), 1u);
  EXPECT_GE(samples_of(*trace, "PyLong_FromString", "/opt/python/lib/libpython3.11.so.1.0"), 1u);
  EXPECT_EQ(cpu_time_of(*trace)->samples(), 45u);
}

TEST(PerfScript, NamesOfProgramsAndSymbolsMayHoldBlanksAndNumbers) {
  const auto trace = read_text(
      "tokio 12 worker  77/78 [003]  5.000000001:   1000 task-clock:u:  40a1 operator new(unsigned long)+0x1 "
      "(/opt/a (b)/lib.so (deleted))\n"
      ":99  99  5.1: 1000 task-clock:u: 7f00 [unknown] (/opt/stripped.so)\n"
      "java 5 5.2: 1000 task-clock:u: 7f01 Interpreter (/tmp/perf-5.map)\n"
      "x 5 5.3: 1000 task-clock:u: 7f02 swap+0x2 (inlined)\n");
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(samples_of(*trace, "operator new(unsigned long)", "/opt/a (b)/lib.so (deleted)"), 1u);
  EXPECT_EQ(samples_of(*trace, "(unknown)", "/opt/stripped.so"), 1u);
  EXPECT_EQ(samples_of(*trace, "Interpreter", "[jit]"), 1u);
  EXPECT_EQ(samples_of(*trace, "swap", "[unknown]"), 1u);
}

TEST(PerfScript, AnInlinedFunctionIsOfTheLibraryThatItStandsIn) {
  const auto trace = read_text(
      "a 1 1.0: 10 cpu-clock: \n\t 10 inner (inlined)\n\t 10 middle (inlined)\n\t 10 outer+0x1 (/lib/a.so)\n"
      "\t 20 main (/bin/a)\n\n");
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(samples_of(*trace, "inner", "/lib/a.so"), 1u);
  EXPECT_EQ(cpu_time_of(*trace)->samples(), 1u);
}

TEST(PerfScript, EventsThatCountNoTimeAndASecondEventAreSaid) {
  const auto trace = read_text(
      "a 1 1.0: 2000000 cycles:u: 10 f (/lib/a.so)\n"
      "a 1 1.1: 2000000 cycles:u: 10 f (/lib/a.so)\n"
      "a 1 1.2: 5 cache-misses: 10 f (/lib/a.so)\n");
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(samples_of(*trace, "f", "/lib/a.so"), 2u);
  EXPECT_EQ(cpu_time_of(*trace)->rows_ns(), 0);
  EXPECT_EQ(cpu_time_of(*trace)->unseen.size(), 2u);
}

TEST(PerfScript, WhatIsCutShortOrDamagedIsPassedOverWithItsPlace) {
  const std::string whole = foreign("plain.txt");
  const auto trace = read_text(whole.substr(0, whole.size() / 2) + "\nno sample at all\n" + whole);
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_GE(cpu_time_of(*trace)->samples(), 10u);
  ASSERT_GE(trace->reading.damaged, 1u);
  EXPECT_GT(trace->reading.damage.back().at, 0u);
}

TEST(PerfScript, OtherTextIsNoTrace) {
  for (const char* text : {"", "hello\n", "a 1 1.0 2\n", "{\"children\": []}", "12:30:45.123: started\n"}) {
    EXPECT_FALSE(read_text(text)) << text;
  }
}

TEST(PerfScript, FramesMayBeginWithBlanksAndHeadsToo) {
  const auto trace = read_text(
      "         python  7 [001] 1.000001:    1000000 task-clock:u: \n"
      "        b3cea6c4 Lock::unlock() (/system/lib/libc.so)\n"
      "        b3cea535 order (/opt/work)\n\n"
      "         python  7 [001] 1.001001:    1000000 task-clock:u: \n"
      "        9530c758\tlibxul.so[+745758] (/data/lib/libxul.so)\n");
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(trace->reading.damaged, 0u);
  EXPECT_EQ(samples_of(*trace, "Lock::unlock()", "/system/lib/libc.so"), 1u);
  EXPECT_EQ(samples_of(*trace, "(unknown)", "/data/lib/libxul.so"), 1u);
}

TEST(PerfScript, ALineOfZerosIsDamage) {
  const std::string zeros(4096, '\0');
  const auto trace = read_text("python 7 [001] 1.000001: 1000000 task-clock:u: \n\tb3cea6c4 order (/opt/work)\n\tb3" +
                               zeros + "44 main (/opt/work)\n\n");
  ASSERT_TRUE(trace) << trace.error().found;
  EXPECT_EQ(trace->reading.damaged, 1u);
  EXPECT_EQ(samples_of(*trace, "order", "/opt/work"), 1u);
}

}  // namespace
}  // namespace varve
