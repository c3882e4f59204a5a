#include <gtest/gtest.h>

#include "kernels/databases/database_formats.h"
#include "kernels/databases/database_testing.h"
#include "kernels/formats/trace_formats.h"

namespace varve {
namespace {

// Tables as bin/tblextr.py of rocprof makes them, made by SQLite.
const std::string kCallTables =
    "CREATE TABLE HIP (BeginNs INTEGER, EndNs INTEGER, pid INTEGER, tid INTEGER, Name TEXT, args TEXT, \"Index\" "
    "INTEGER, Data TEXT, __section INTEGER, __lane INTEGER, DurationNs INTEGER);"
    "INSERT INTO HIP VALUES (100, 110, 7, 8, 'hipLaunchKernel', '( kernel(gemm) --token=planted)', 1, '', 2, 8, 10),"
    "(120, 130, 7, 8, 'hipMemcpyAsync', '()', 2, '', 2, 8, 10), (100, 111, 9, 9, 'hipLaunchKernel', '', 1, '', 2, 9, "
    "11);"
    "CREATE TABLE rocTX (BeginNs INTEGER, EndNs INTEGER, pid INTEGER, tid INTEGER, Name TEXT, \"Index\" INTEGER, "
    "__section INTEGER, __lane INTEGER);"
    "INSERT INTO rocTX VALUES (50, 200, 7, 8, 'step', 0, 0, 8), (60, 61, 7, 8, 'a mark', 1, 0, 8);";
const std::string kOps =
    "CREATE TABLE OPS (BeginNs INTEGER, EndNs INTEGER, \"dev-id\" INTEGER, \"queue-id\" INTEGER, Name TEXT, pid "
    "INTEGER, tid INTEGER, \"roctx-range\" TEXT, \"stream-id\" INTEGER, \"Index\" INTEGER, Data TEXT, __section "
    "INTEGER, __lane INTEGER, DurationNs INTEGER);"
    "INSERT INTO OPS VALUES (300, 450, 0, 3, 'gemm_kernel(float*)', 7, 8, '', 1, 1, '', 6, 1, 150), (460, 465, 0, 3, "
    "'\"<barrier packet>\"', 7, 8, '', 1, 0, '', 6, 1, 5), (500, 520, 1, 3, 'gemm_kernel(float*)', 9, 9, '', 1, 1, "
    "'', 7, 1, 20), (600, 590, 1, 3, 'gemm_kernel(float*)', 9, 9, '', 1, 2, '', 7, 1, -10);"
    "CREATE TABLE COPY (BeginNs INTEGER, EndNs INTEGER, \"dev-id\" INTEGER, \"queue-id\" INTEGER, Name TEXT, pid "
    "INTEGER, tid INTEGER, \"roctx-range\" TEXT, \"stream-id\" INTEGER, \"Index\" INTEGER, Data TEXT);"
    "INSERT INTO COPY VALUES (470, 480, 0, 3, 'CopyDeviceToHost', 7, 8, '', 1, 2, ''), (480, 483, 0, 3, 'FillBuffer', "
    "7, 8, '', 1, 3, '');";
const std::string kDispatches =
    "CREATE TABLE KERN (\"Index\" INTEGER, KernelName TEXT, \"gpu-id\" INTEGER, \"queue-id\" INTEGER, pid INTEGER, "
    "grd INTEGER, wgr INTEGER, lds INTEGER, arch_vgpr INTEGER, accum_vgpr INTEGER, BeginNs INTEGER, EndNs INTEGER);"
    "INSERT INTO KERN VALUES (0, '\"gemm_kernel(float*) [clone .kd]\"', 1, 2, 7, 1000, 256, 512, 64, 8, 300, 450);";

test::DatabaseReading read_made(const std::string& statements, const TraceOptions& options = {}) {
  return test::read_bytes(kRocprofDatabase, test::made_database(statements), options);
}

TEST(RocprofDatabase, LinksWhatRanToItsCallInEveryProcess) {
  const auto [trace, status] = read_made(kCallTables + kOps);
  ASSERT_TRUE(status) << to_text(status.error());
  EXPECT_EQ(trace.total_ns(Activity::kernel), 170);
  EXPECT_EQ(trace.total_ns(Activity::copy), 10);
  EXPECT_EQ(trace.total_ns(Activity::fill), 3);
  EXPECT_EQ(trace.count(Activity::region), 1u);  // the mark has no length
  EXPECT_EQ(trace.damage.size(), 1u);            // it ends before it starts
  std::map<std::uint64_t, std::int64_t> launches;
  for (const auto& one : trace.events) {
    if (one.event.activity == Activity::launch) launches[one.extra->correlation] = one.event.duration_ns;
  }
  ASSERT_EQ(launches.size(), 2u);
  for (const auto& one : trace.events) {
    if (one.event.activity != Activity::kernel) continue;
    ASSERT_TRUE(launches.contains(one.extra->correlation));
    EXPECT_EQ(launches[one.extra->correlation], one.event.duration_ns == 150 ? 10 : 11);
  }
  for (const auto& [id, name] : trace.names) EXPECT_EQ(name.find("planted"), std::string::npos);
}

// Written by rocprof's own script.
TEST(RocprofDatabase, OfRocprofItself) {
  const std::string bytes = test::bytes_of(test::source_path("tests/foreign/rocprof-1/results.db"));
  const auto [trace, status] = test::read_bytes(kRocprofDatabase, bytes);
  ASSERT_TRUE(status) << to_text(status.error());
  EXPECT_EQ(trace.total_ns(Activity::kernel), 170);
  EXPECT_EQ(trace.total_ns(Activity::copy), 50);
  EXPECT_EQ(trace.count(Activity::launch), 2u);
  EXPECT_EQ(trace.total_ns(Activity::region), 180);
  EXPECT_TRUE(trace.damage.empty());
}

TEST(RocprofDatabase, DispatchesHaveShapes) {
  const auto [trace, status] = read_made(kDispatches);
  ASSERT_TRUE(status);
  ASSERT_EQ(trace.events.size(), 1u);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 150);
  EXPECT_EQ(trace.events[0].extra->launch, (Launch{{4, 1, 1}, {256, 1, 1}, 72, 512}));
  EXPECT_EQ(trace.name_of(trace.events[0].event.name), "gemm_kernel(float*) [clone .kd]");
}

TEST(RocprofDatabase, KernelsThatTwoTablesTellAreCountedOnce) {
  const auto [trace, status] = read_made(kCallTables + kOps + kDispatches, {.device_only = true});
  ASSERT_TRUE(status);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 170);
  EXPECT_EQ(trace.count(Activity::launch), 0u);
  EXPECT_EQ(trace.not_seen.size(), 1u);
}

TEST(RocprofDatabase, DispatchesWithoutTimesAreNotTraced) {
  const auto [trace, status] =
      read_made("CREATE TABLE KERN (\"Index\" INTEGER, KernelName TEXT); INSERT INTO KERN VALUES (0, '\"a\"');");
  ASSERT_TRUE(status);
  EXPECT_TRUE(trace.events.empty());
  EXPECT_FALSE(trace.kinds_traced.contains(Activity::kernel));
  ASSERT_EQ(trace.not_seen.size(), 1u);
  EXPECT_NE(trace.not_seen.begin()->find("--timestamp on"), std::string::npos);
}

TEST(RocprofDatabase, IsToldFromItsCousins) {
  const std::string bytes = test::made_database(kCallTables + kOps);
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "results.db");
  const auto read = read_trace(*input);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->format, "rocprof database");
  EXPECT_FALSE(test::read_bytes(kRpd, bytes).status);
  EXPECT_FALSE(test::read_bytes(kRocpd, bytes).status);
}

}  // namespace
}  // namespace varve
