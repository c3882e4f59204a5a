#include <gtest/gtest.h>

#include "kernels/databases/cuda_calls.h"
#include "kernels/databases/database_formats.h"
#include "kernels/databases/database_testing.h"
#include "kernels/formats/trace_formats.h"

namespace varve {
namespace {

// Tables as nvprof of CUDA 9 to 12 makes them, with the columns that are read, made by SQLite. 211: cudaLaunchKernel,
// 41: cudaMemcpyAsync, 165: cudaDeviceSynchronize of the runtime, 307: cuLaunchKernel of the driver.
const std::string kNvprofStrings =
    "CREATE TABLE Version(version INTEGER); INSERT INTO Version VALUES (22);"
    "CREATE TABLE StringTable(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, value TEXT NOT NULL UNIQUE);"
    "INSERT INTO StringTable VALUES (0, '-- null --'), (1, '/home/planted/program'), (2, 'Tesla V100-SXM2-16GB'),"
    "(3, '_Z3addPfS_i'), (4, 'volta_sgemm_128x64_nn'), (5, 'step'), (6, 'aten::mm, seq = 3, sizes = [[2, 3], [3, "
    "4]]'), (7, 'HOME=planted');"
    "CREATE TABLE CUPTI_ACTIVITY_KIND_DEVICE(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, globalMemorySize INT, "
    "coreClockRate INT, computeCapabilityMajor INT, computeCapabilityMinor INT, id INT, name INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_DEVICE VALUES (1, 16945709056, 1530000, 7, 0, 0, 2);";
const std::string kNvprofDevices =
    "CREATE TABLE CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, registersPerThread "
    "INT, start INT, end INT, completed INT, deviceId INT, contextId INT, streamId INT, gridX INT, gridY INT, gridZ "
    "INT, blockX INT, blockY INT, blockZ INT, staticSharedMemory INT, dynamicSharedMemory INT, correlationId INT, "
    "name INT, graphNodeId INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL VALUES"
    "(1, 32, 1722870998643993000, 1722870998643993400, 0, 0, 1, 7, 4, 2, 1, 64, 1, 1, 16, 32, 11, 3, 0),"
    "(2, 90, 1722870998643994000, 1722870998643994700, 0, 0, 1, 7, 1, 1, 1, 128, 1, 1, 0, 0, 12, 4, 5),"
    "(3, 90, 0, 0, 0, 0, 1, 7, 1, 1, 1, 128, 1, 1, 0, 0, 13, 4, 0),"
    "(4, 90, 1722870998643998000, 1722870998643997000, 0, 0, 1, 7, 1, 1, 1, 128, 1, 1, 0, 0, 14, 4, 0);"
    "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, start INT, end INT);"
    "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, copyKind INT, srcKind INT, "
    "dstKind INT, bytes INT, start INT, end INT, deviceId INT, contextId INT, streamId INT, correlationId INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (1, 1, 2, 3, 4096, 1722870998643995000, 1722870998643995050, 0, 1, "
    "7, 15);"
    "CREATE TABLE CUPTI_ACTIVITY_KIND_MEMSET(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, bytes INT, start INT, end INT, "
    "deviceId INT, contextId INT, streamId INT, correlationId INT, memoryKind INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_MEMSET VALUES (1, 64, 1722870998643996000, 1722870998643996003, 0, 1, 7, 16, 3);";
const std::string kNvprofCalls =
    "CREATE TABLE CUPTI_ACTIVITY_KIND_RUNTIME(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, cbid INT, start INT, end INT, "
    "processId INT, threadId INT, correlationId INT, returnValue INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME VALUES (1, 211, 1722870998643990000, 1722870998643990010, 338700, "
    "853254592, 11, 0), (2, 41, 1722870998643990100, 1722870998643990120, 338700, 853254592, 15, 0), (3, 165, "
    "1722870998643990200, 1722870998643998000, 338700, 853254592, 17, 0), (4, 9999, 1722870998643999000, "
    "1722870998643999001, 338700, 853254592, 18, 0);"
    "CREATE TABLE CUPTI_ACTIVITY_KIND_DRIVER(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, cbid INT, start INT, end INT, "
    "processId INT, threadId INT, correlationId INT, returnValue INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_DRIVER VALUES (1, 307, 1722870998643990050, 1722870998643990060, 338700, "
    "853254592, 12, 0);"
    // The objects are the process 338700 and the thread 853254592; the last range ends on another thread.
    "CREATE TABLE CUPTI_ACTIVITY_KIND_MARKER(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, flags INT, timestamp INT, id "
    "INT, objectKind INT, objectId BLOB, name INT, domain INT);"
    "INSERT INTO CUPTI_ACTIVITY_KIND_MARKER VALUES"
    "(1, 2, 1722870998643989000, 1, 2, x'0c2b0500c0a1db3200000000', 5, 0),"
    "(2, 2, 1722870998643990040, 2, 2, x'0c2b0500c0a1db3200000000', 6, 0),"
    "(3, 4, 1722870998643990070, 2, 2, x'0c2b0500c0a1db3200000000', 0, 0),"
    "(4, 4, 1722870998643999000, 1, 2, x'0c2b0500c0a1db3200000000', 0, 0),"
    "(5, 1, 1722870998643999000, 3, 2, x'0c2b0500c0a1db3200000000', 5, 0),"
    "(6, 2, 1722870998643999000, 4, 2, x'0c2b0500c0a1db3200000000', 5, 0),"
    "(7, 4, 1722870998643999010, 4, 2, x'0c2b05000100000000000000', 0, 0),"
    "(8, 2, 1722870998643999020, 5, 2, x'0c2b', 5, 0), (9, 4, 1722870998643999030, 6, 2, x'', 0, 0);";

test::DatabaseReading read_nvprof(const std::string& statements, const TraceOptions& options = {}) {
  return test::read_bytes(kNvprof, test::made_database(statements), options);
}

TEST(Nvprof, TellsWhatRanWithItsCallsAndRanges) {
  const auto [trace, status] = read_nvprof(kNvprofStrings + kNvprofDevices + kNvprofCalls);
  ASSERT_TRUE(status) << to_text(status.error());
  EXPECT_EQ(trace.total_ns(Activity::kernel), 1100);
  EXPECT_EQ(trace.total_ns(Activity::copy), 50);
  EXPECT_EQ(trace.total_ns(Activity::fill), 3);
  EXPECT_EQ(trace.total_ns(Activity::launch), 20);
  EXPECT_EQ(trace.total_ns(Activity::synchronise), 7800);
  EXPECT_EQ(trace.total_ns(Activity::region), 10000);
  EXPECT_EQ(trace.total_ns(Activity::operation), 30);
  EXPECT_EQ(trace.count(Activity::call), 2u);  // the copy's, and one without a name
  EXPECT_EQ(trace.damage.size(), 1u);          // it ends before it starts
  for (const auto& [id, name] : trace.names) EXPECT_EQ(name.find("planted"), std::string::npos) << name;
}

TEST(Nvprof, LinksAKernelToItsShapeItsCallAndItsOperation) {
  const auto [trace, status] = read_nvprof(kNvprofStrings + kNvprofDevices + kNvprofCalls);
  ASSERT_TRUE(status);
  int kernels = 0;
  for (const auto& one : trace.events) {
    if (one.event.activity != Activity::kernel) continue;
    const bool is_first = kernels++ == 0;
    EXPECT_EQ(one.extra->correlation, is_first ? 11u : 12u);
    EXPECT_EQ(one.extra->graph_node, is_first ? 0u : 5u);
    if (is_first) {
      EXPECT_EQ(trace.name_of(one.event.name), "_Z3addPfS_i");
      EXPECT_EQ(one.extra->launch, (Launch{{4, 2, 1}, {64, 1, 1}, 32, 48}));
      EXPECT_EQ(one.extra->operation, kNoName);
    } else {
      EXPECT_EQ(trace.name_of(one.extra->operation), "aten::mm [[2,3],[3,4]]");
    }
  }
  EXPECT_EQ(kernels, 2);
}

TEST(Nvprof, SaysOfHowManyKernelsThereAreNoTimes) {
  const auto [trace, status] = read_nvprof(kNvprofStrings + kNvprofDevices);
  ASSERT_TRUE(status);
  ASSERT_EQ(trace.not_seen.size(), 1u);
  EXPECT_NE(trace.not_seen.begin()->find("when 1 of the kernels and copies ran"), std::string::npos)
      << *trace.not_seen.begin();
  EXPECT_TRUE(trace.kinds_traced.contains(Activity::kernel));
  EXPECT_FALSE(trace.kinds_traced.contains(Activity::launch));
}

TEST(Nvprof, WithoutARecordNothingWasTraced) {
  const auto [trace, status] = read_nvprof(
      kNvprofStrings +
      "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL(_id_ INTEGER PRIMARY KEY AUTOINCREMENT, start INT, end INT)");
  ASSERT_TRUE(status);
  EXPECT_TRUE(trace.kinds_traced.empty());
}

TEST(Nvprof, IsToldFromItsCousins) {
  const std::string bytes = test::made_database(kNvprofStrings + kNvprofDevices);
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "profile.nvvp");
  const auto read = read_trace(*input);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->format, "nvprof database");
  EXPECT_EQ(value_text(*read->reading.facts.at("gpu.models").value), "Tesla V100-SXM2-16GB");
  EXPECT_FALSE(test::read_bytes(kNsightSystems, bytes).status);
  EXPECT_FALSE(read_nvprof("CREATE TABLE StringTable(_id_ INTEGER PRIMARY KEY, value TEXT)").status);
}

TEST(CudaCalls, AreNamedByTheirNumbers) {
  EXPECT_EQ(cuda_call_name(CudaInterface::runtime, 13), "cudaLaunch");
  EXPECT_EQ(cuda_call_name(CudaInterface::runtime, 211), "cudaLaunchKernel");
  EXPECT_EQ(cuda_call_name(CudaInterface::driver, 307), "cuLaunchKernel");
  EXPECT_EQ(cuda_call_name(CudaInterface::driver, 17), "cuCtxSynchronize");
  EXPECT_EQ(cuda_call_name(CudaInterface::runtime, -1), "(call -1 of CUDA's runtime)");
  EXPECT_EQ(cuda_call_name(CudaInterface::driver, 100'000), "(call 100000 of CUDA's driver)");
}

}  // namespace
}  // namespace varve
