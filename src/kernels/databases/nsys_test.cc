#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/databases/cuda_names.h"
#include "kernels/databases/database_formats.h"
#include "kernels/databases/database_testing.h"
#include "kernels/formats/trace_formats.h"

namespace varve {
namespace {

using test::bytes_of;
using test::DatabaseReading;
using test::made_database;
using test::number_of;
using test::read_bytes;
using test::real_trace;

DatabaseReading read_nsys(const std::string& bytes, const TraceOptions& options = {}) {
  return read_bytes(kNsightSystems, bytes, options);
}

std::int64_t kernel_ns(const test::RecordedTrace& trace) {
  return trace.total_ns(Activity::kernel) + trace.total_ns(Activity::collective);
}
std::uint64_t kernels(const test::RecordedTrace& trace) {
  return trace.count(Activity::kernel) + trace.count(Activity::collective);
}

std::string text_of(const test::RecordedTrace& trace, const std::string& fact) {
  return trace.facts.contains(fact) ? fact_text(trace.facts.at(fact)) : "(no fact)";
}

// Everything that the sink was told, as one text.
std::string all_of(const test::RecordedTrace& trace) {
  std::string all;
  for (const auto& [id, name] : trace.names) all += name + "\n";
  for (const auto& [id, fact] : trace.facts) all += id + fact_text(fact) + fact.source + fact.detail + "\n";
  for (const std::string& what : trace.not_seen) all += what + "\n";
  for (const auto& [at, what] : trace.damage) all += what + "\n";
  return all;
}

const std::string kStart =
    "CREATE TABLE StringIds (id INTEGER NOT NULL PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE META_DATA_EXPORT (name TEXT, value TEXT);"
    "CREATE TABLE META_DATA_CAPTURE (name TEXT, value TEXT);"
    "CREATE TABLE TARGET_INFO_SYSTEM_ENV (globalVid INTEGER, devStateName TEXT, name TEXT, nameEnum INTEGER, value "
    "TEXT);"
    "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER, end INTEGER, deviceId INTEGER, contextId INTEGER, "
    "streamId INTEGER, correlationId INTEGER, globalPid INTEGER, demangledName INTEGER, shortName INTEGER, "
    "mangledName INTEGER, registersPerThread INTEGER, gridX INTEGER, gridY INTEGER, gridZ INTEGER, blockX INTEGER, "
    "blockY INTEGER, blockZ INTEGER, staticSharedMemory INTEGER, dynamicSharedMemory INTEGER, graphNodeId INTEGER);";
const std::string kTwoKernels =
    "INSERT INTO StringIds VALUES (1, 'gemm<(int)4>(float)'), (2, 'gemm'), (3, '_Z4gemmILi4EEvf'), (4, 'fill_one');"
    "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (100, 400, 0, 1, 7, 11, 50331648, 1, 2, 3, 32, 4, 2, 1, 128, 1, 1, "
    "1024, 16, NULL), (500, 510, 0, 1, 7, 12, 50331648, 4, 4, NULL, 8, 1, 1, 1, 32, 1, 1, 0, 0, 9);";

struct RealExport {
  const char* name;
  std::uint64_t kernels;
};

class RealNsys : public ::testing::TestWithParam<RealExport> {};

// The slow reference: SQLite itself adds up.
TEST_P(RealNsys, CountsWhatPlainSqlCounts) {
  const auto path = real_trace(std::string("nsys/") + GetParam().name);
  if (!path) GTEST_SKIP() << "the collection of real traces is not here";
  const std::string bytes = bytes_of(*path);
  for (const bool device_only : {false, true}) {
    const DatabaseReading reading = read_nsys(bytes, {.device_only = device_only});
    ASSERT_TRUE(reading.status) << to_text(reading.status.error());
    const test::RecordedTrace& trace = reading.trace;
    EXPECT_TRUE(trace.damage.empty());
    EXPECT_EQ(kernels(trace), GetParam().kernels);
    EXPECT_TRUE(trace.kinds_traced.contains(Activity::kernel));
    const auto sum_of = [&](const std::string& table) {
      return number_of(*path, "SELECT ifnull(sum(end - start), 0) FROM " + table);
    };
    if (GetParam().kernels > 0) {
      EXPECT_EQ(kernel_ns(trace), sum_of("CUPTI_ACTIVITY_KIND_KERNEL"));
      EXPECT_EQ(trace.total_ns(Activity::copy), sum_of("CUPTI_ACTIVITY_KIND_MEMCPY"));
    }
    const std::int64_t calls_ns = trace.total_ns(Activity::launch) + trace.total_ns(Activity::call) +
                                  trace.total_ns(Activity::allocate) + trace.total_ns(Activity::synchronise);
    EXPECT_EQ(calls_ns, device_only ? 0 : sum_of("CUPTI_ACTIVITY_KIND_RUNTIME"));
  }
}

INSTANTIATE_TEST_SUITE_P(Corpus, RealNsys,
                         ::testing::Values(RealExport{"cloverleaf-a100-schema3.13.2.sqlite", 1312},
                                           RealExport{"h100_2gpu_1s.sqlite", 3442},
                                           RealExport{"mfu_2gpu_before.sqlite", 4010},
                                           RealExport{"mfu_2gpu_after.sqlite", 3587},
                                           RealExport{"no-launch-nsys2025.5.sqlite", 0}));

TEST(Nsys, OfAnOlderExporterReadsKernelsAndTheStack) {
  const auto path = real_trace("nsys/cloverleaf-a100-schema3.13.2.sqlite");
  if (!path) GTEST_SKIP() << "the collection of real traces is not here";
  const auto [trace, status] = read_nsys(bytes_of(*path), {.device_only = true});
  EXPECT_EQ(kernel_ns(trace), 294'404'540);
  std::set<std::string> names;
  for (const auto& one : trace.events) {
    if (one.event.activity == Activity::kernel) names.insert(trace.name_of(one.event.name));
  }
  EXPECT_EQ(names.size(), 102u);
  EXPECT_EQ(text_of(trace, "driver.kernel_mode.version"), "525.105.17");  // "52510517"
  EXPECT_EQ(text_of(trace, "driver.api_level"), "12.0");
  EXPECT_EQ(text_of(trace, "gpu.models").substr(0, 21), "NVIDIA A100-SXM4-80GB");
  EXPECT_EQ(text_of(trace, "os.name"), "SUSE Linux Enterprise Server 15 SP4");
  EXPECT_EQ(text_of(trace, "settings.CUDA_VISIBLE_DEVICES"), "0,1,2,3");
  EXPECT_EQ(trace.environments, 1u);
  for (const char* secret : {"thomasli", "jufangs-mbp", "nid008553", "jhdavis"}) {
    EXPECT_EQ(all_of(trace).find(secret), std::string::npos) << secret;
  }
}

TEST(Nsys, LinksKernelsToTheOperationsThatEmitNvtxMarked) {
  const auto path = real_trace("nsys/mfu_2gpu_after.sqlite");
  if (!path) GTEST_SKIP() << "the collection of real traces is not here";
  const auto [trace, status] = read_nsys(bytes_of(*path));
  std::uint64_t linked = 0;
  std::map<std::string, std::set<std::string>> kernels_of;
  for (const auto& one : trace.events) {
    if (one.event.activity != Activity::kernel || one.extra->operation == kNoName) continue;
    ++linked;
    kernels_of[trace.name_of(one.extra->operation)].insert(trace.name_of(one.event.name));
  }
  EXPECT_GT(linked, 3000u);
  ASSERT_TRUE(kernels_of.contains("aten::addmm"));
  for (const std::string& kernel : kernels_of.at("aten::addmm")) {
    EXPECT_NE(kernel.find("nvjet"), std::string::npos) << kernel;
  }
  EXPECT_EQ(trace.count(Activity::collective), 62u);
  EXPECT_EQ(text_of(trace, "trace.image_cudnn_version"), "9.7.0.66-1");
  EXPECT_EQ(trace.facts.at("trace.image_cuda_version").standing, Standing::declared);
  EXPECT_FALSE(trace.facts.contains("settings.CUDA_VERSION"));
  EXPECT_EQ(trace.environments, 2u);
}

TEST(Nsys, WithoutAKernelTellsThatKernelsWereTraced) {
  const auto path = real_trace("nsys/no-launch-nsys2025.5.sqlite");
  if (!path) GTEST_SKIP() << "the collection of real traces is not here";
  const auto [trace, status] = read_nsys(bytes_of(*path));
  EXPECT_EQ(trace.count(Activity::launch), 0u);
  EXPECT_TRUE(trace.kinds_traced.contains(Activity::launch));
  EXPECT_EQ(text_of(trace, "gpu.compute_capabilities"), "8.9");
}

TEST(Nsys, WithoutCudaTellsNothingOfKernels) {
  const auto [trace, status] =
      read_nsys(made_database(kStart + "INSERT INTO META_DATA_CAPTURE VALUES ('CAPTURE_EVENT_TYPE', 'NvtxEvents'), "
                                       "('PROCESS_0:COLLECT_CUDA_TRACE', 'false')"));
  ASSERT_TRUE(status);
  EXPECT_EQ(trace.kinds_traced, std::set<Activity>{Activity::region});
}

// As Nsight Systems 2024.6 writes it of a program whose CUDA it did not see: nothing tells whether there was any.
TEST(Nsys, ThatItSawNoCudaIsNoZero) {
  const std::string asked = kStart + "INSERT INTO META_DATA_CAPTURE VALUES ('PROCESS_0:COLLECT_CUDA_TRACE', 'true');";
  const auto [idle, read] = read_nsys(made_database(asked));
  ASSERT_TRUE(read);
  EXPECT_TRUE(idle.kinds_traced.contains(Activity::kernel));
  const auto [blind, status] =
      read_nsys(made_database(asked + "CREATE TABLE DIAGNOSTIC_EVENT (text TEXT); INSERT INTO DIAGNOSTIC_EVENT VALUES "
                                      "('CUDA profiling might have not been started correctly.'), "
                                      "('No CUDA events collected. Does the process use CUDA?');"));
  ASSERT_TRUE(status);
  EXPECT_FALSE(blind.kinds_traced.contains(Activity::kernel));
  EXPECT_EQ(blind.no_evidence_for.size(), 1u);
}

// As Nsight Systems 2025.1 writes it of a program that it stopped before CUPTI's buffers were all there.
TEST(Nsys, ThatItMayHaveLostCudaIsTold) {
  const std::string asked = kStart + "INSERT INTO META_DATA_CAPTURE VALUES ('PROCESS_0:COLLECT_CUDA_TRACE', 'true');";
  const auto note = [](const std::string& text) {
    return "CREATE TABLE DIAGNOSTIC_EVENT (text TEXT); INSERT INTO DIAGNOSTIC_EVENT VALUES ('" + text + "');";
  };
  const auto [lossy, read] = read_nsys(made_database(asked + note("Not all CUDA events might have been collected.")));
  ASSERT_TRUE(read);
  EXPECT_TRUE(lossy.lost_some);
  const auto [whole, status] = read_nsys(made_database(asked + note("Not all NVTX events might have been collected.")));
  ASSERT_TRUE(status);
  EXPECT_FALSE(whole.lost_some);
}

TEST(Nsys, ACopyIsCalledByTheMemoryThatIsKnown) {
  EXPECT_EQ(cuda_copy_name(1, 2, 3), "Memcpy HtoD (Pinned -> Device)");
  EXPECT_EQ(cuda_copy_name(1, 0, 3), "Memcpy HtoD (Unknown -> Device)");
  EXPECT_EQ(cuda_copy_name(11, 0, 0), "Memcpy unified HtoD");
}

TEST(Nsys, ReadsShapesNamesAndGraphNodes) {
  const auto [trace, status] = read_nsys(made_database(kStart + kTwoKernels));
  ASSERT_TRUE(status);
  ASSERT_EQ(trace.events.size(), 2u);
  const auto& first = trace.events[0];
  EXPECT_EQ(trace.name_of(first.event.name), "_Z4gemmILi4EEvf");  // the sink demangles it
  EXPECT_EQ(first.extra->launch, (Launch{{4, 2, 1}, {128, 1, 1}, 32, 1040}));
  EXPECT_EQ(first.extra->graph_node, 0u);
  EXPECT_EQ(first.extra->correlation, 11u);
  EXPECT_EQ(trace.name_of(trace.events[1].event.name), "fill_one");
  EXPECT_EQ(trace.events[1].extra->graph_node, 9u);
  EXPECT_EQ(trace.tracks.at(first.event.track).first.stream, 7);
}

TEST(Nsys, AMachineWithoutADriverHasNone) {
  const auto [trace, status] = read_nsys(
      made_database(kStart + "INSERT INTO TARGET_INFO_SYSTEM_ENV (name, value) VALUES ('NvDriverVersion', '0'),"
                             "('OsDescription', 'Amazon Linux 2');"
                             "INSERT INTO META_DATA_CAPTURE VALUES "
                             "('PROCESS_0:ENVIRONMENT_VARIABLE', 'LD_PRELOAD=\"{}\"'),"
                             "('PROCESS_0:ENVIRONMENT_VARIABLE', 'NCCL_DEBUG=\"INFO\"');"));
  ASSERT_TRUE(status) << to_text(status.error());
  EXPECT_EQ(text_of(trace, "os.name"), "Amazon Linux 2");
  EXPECT_EQ(trace.facts.count("driver.kernel_mode.version"), 0u);
  EXPECT_EQ(trace.facts.count("settings.LD_PRELOAD"), 0u);
  EXPECT_EQ(text_of(trace, "settings.NCCL_DEBUG"), "INFO");
}

TEST(Nsys, OfWindowsReadsTheDriverAndNoAdapterWithoutCuda) {
  const auto [trace, status] = read_nsys(
      made_database(kStart + "INSERT INTO TARGET_INFO_SYSTEM_ENV (name, value) VALUES ('NvDriverVersion', '58180');"
                             "CREATE TABLE TARGET_INFO_GPU (name TEXT, computeMajor INTEGER, computeMinor INTEGER);"
                             "INSERT INTO TARGET_INFO_GPU VALUES ('NVIDIA GeForce GTX 1650', 7, 5);"
                             "INSERT INTO TARGET_INFO_GPU VALUES ('Microsoft Basic Render Driver', 0, 0);"));
  ASSERT_TRUE(status) << to_text(status.error());
  EXPECT_EQ(text_of(trace, "driver.kernel_mode.version"), "581.80");
  EXPECT_EQ(text_of(trace, "gpu.models"), "NVIDIA GeForce GTX 1650");
  EXPECT_EQ(text_of(trace, "gpu.compute_capabilities"), "7.5");
}

TEST(Nsys, ReadsWhatColumnsThereAre) {
  const auto [trace, status] = read_nsys(made_database(
      "CREATE TABLE StringIds (id INTEGER, value TEXT); INSERT INTO StringIds VALUES (70, 'old_kernel');"  // no key
      "CREATE TABLE EXPORT_META_DATA (name TEXT, value TEXT);"
      "INSERT INTO EXPORT_META_DATA VALUES ('EXPORT_PRODUCT_VERSION', '2022.1.3.18'), ('EXPORT_SCHEMA_VERSION', "
      "'2.9.1');"
      "CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (streamId INTEGER, start INTEGER, end INTEGER, shortName INTEGER);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (7, 1, 5, 70);"));
  ASSERT_TRUE(status);
  ASSERT_EQ(trace.events.size(), 1u);
  EXPECT_EQ(trace.name_of(trace.events[0].event.name), "old_kernel");
  EXPECT_EQ(trace.events[0].event.duration_ns, 4);
  EXPECT_EQ(text_of(trace, "trace.nsys_schema_version"), "2.9.1");
}

TEST(Nsys, NumbersOfTwoProcessesDoNotMeet) {
  const auto [trace, status] = read_nsys(made_database(
      kStart + kTwoKernels +
      "CREATE TABLE TARGET_INFO_CUDA_DEVICE (gpuId INTEGER, cudaId INTEGER, pid INTEGER);"
      "INSERT INTO TARGET_INFO_CUDA_DEVICE VALUES (2, 0, 3), (5, 0, 4);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (100, 400, 0, 1, 7, 11, 67108864, 1, 2, 3, 32, 4, 2, 1, 128, 1, "
      "1, 1024, 16, NULL);"));
  ASSERT_EQ(trace.events.size(), 3u);
  EXPECT_NE(trace.events[0].extra->correlation, trace.events[2].extra->correlation);
  EXPECT_EQ(trace.tracks.at(trace.events[0].event.track).first.device, 2);
  EXPECT_EQ(trace.tracks.at(trace.events[2].event.track).first.device, 5);
}

TEST(Nsys, SaysThatKernelsInsideGraphsWereNotTraced) {
  const auto [trace, status] = read_nsys(made_database(
      kStart + kTwoKernels +
      "INSERT INTO META_DATA_CAPTURE VALUES ('CUDA_GRAPH_TRACE_OPTIONS:MODE', 'Graph');"
      "CREATE TABLE CUPTI_ACTIVITY_KIND_GRAPH_TRACE (start INTEGER, end INTEGER, deviceId INTEGER, graphId INTEGER, "
      "graphExecId INTEGER, contextId INTEGER, streamId INTEGER, correlationId INTEGER, globalPid INTEGER);"
      "INSERT INTO CUPTI_ACTIVITY_KIND_GRAPH_TRACE VALUES (600, 1600, 0, 1, 2, 1, 7, 13, 50331648);"));
  ASSERT_EQ(trace.not_seen.size(), 1u);
  EXPECT_NE(trace.not_seen.begin()->find("kernels inside graphs: 1 launches"), std::string::npos);
  EXPECT_EQ(trace.events.back().extra->graph_node, kGraphUnknown);
  EXPECT_EQ(kernel_ns(trace), 300 + 10 + 1000);
  // Where no graph was launched, that graphs would have been traced so says nothing.
  const auto [without, read] = read_nsys(made_database(
      kStart + kTwoKernels + "INSERT INTO META_DATA_CAPTURE VALUES ('CUDA_GRAPH_TRACE_OPTIONS:MODE', 'Graph');"));
  EXPECT_TRUE(without.not_seen.empty());
}

TEST(Nsys, BlobsWhereTextsShouldBeAreSurvived) {
  const auto [trace, status] = read_nsys(made_database(
      kStart + kTwoKernels +
      "INSERT INTO StringIds VALUES (5, CAST(x'fffe00ff' AS TEXT));"
      "CREATE TABLE NVTX_EVENTS (start INTEGER, end INTEGER, eventType INTEGER, text TEXT, globalTid INTEGER, textId "
      "INTEGER, binaryData TEXT);"
      "INSERT INTO NVTX_EVENTS VALUES (1, 9, 59, x'c3280000', 1, NULL, CAST(x'80ff' AS TEXT)), (2, 3, 59, NULL, 1, 5, "
      "NULL), (4, 5, 59, NULL, 1, 777, NULL), (4, 5, 34, 'a mark', 1, NULL, NULL), (6, NULL, 59, 'open', 1, NULL, "
      "NULL);"));
  ASSERT_TRUE(status);
  EXPECT_EQ(trace.count(Activity::region), 3u);
  EXPECT_TRUE(trace.damage.empty());
}

TEST(Nsys, RowsThatCannotBeArePassedOverAndTold) {
  const auto [trace, status] =
      read_nsys(made_database(kStart + kTwoKernels +
                              "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET end = 50 WHERE start = 100;"
                              "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL (start, end) VALUES (-9223372036854775807, "
                              "9223372036854775807);"));
  ASSERT_TRUE(status);
  EXPECT_EQ(trace.events.size(), 1u);
  ASSERT_EQ(trace.damage.size(), 2u);
  EXPECT_EQ(trace.damage[0].second, "row 1 of the table CUPTI_ACTIVITY_KIND_KERNEL: it ends before it starts");
}

TEST(Nsys, NothingThatIsNotShownLeavesTheFile) {
  // One in every place where exports were seen to carry environments, host names and command lines.
  std::string statements = kStart + kTwoKernels;
  const auto insert = [&](const std::string& table, const std::string& values) {
    statements += "INSERT INTO " + table + " VALUES (" + values + ");";
  };
  const std::string block =
      "PATH=/bin;HOME=/home/"
      "ada;HF_TOKEN=planted0;OPENAI_API_KEY=planted1;SSH_CONNECTION=planted2;A=1;OMP_NUM_THREADS=3;"
      "NCCL_COMM_ID=planted3;TORCH_HOME=/home/ada/t";
  insert("META_DATA_CAPTURE", "'PROCESS_0:ENVIRONMENT_VARIABLE', 'HF_TOKEN=\"planted4\"'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:ENVIRONMENT_VARIABLE', 'CUDA_API_TOKEN=\"planted5\"'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:ENVIRONMENT_VARIABLE', 'HOME=\"/home/ada\"'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:ENVIRONMENT_VARIABLE', 'NV_X_URL=\"https://u:planted6@host/\"'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:ENVIRONMENT_VARIABLE', 'NCCL_DEBUG=\"INFO\"'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:ENVIRONMENT_VARIABLE', 'LD_LIBRARY_PATH=\"/home/ada/lib\"'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:ARGUMENT_0', '--token=planted7'");
  insert("META_DATA_CAPTURE", "'PROCESS_0:WORKING_DIR', '/home/planted8'");
  insert("META_DATA_CAPTURE", "'DEVICE_DISPLAY_NAME', 'planted9'");
  insert("META_DATA_EXPORT", "'EXPORT_USER', 'planted10'");
  insert("META_DATA_EXPORT", "'EXPORT_HOST', 'planted11'");
  insert("TARGET_INFO_SYSTEM_ENV", "1, 'Local', 'Hostname', 619, 'planted12'");
  insert("TARGET_INFO_SYSTEM_ENV", "1, 'Local', 'DeviceEnvironment', 610, '" + block + "'");
  insert("StringIds", "100, '" + block + "'");
  insert("StringIds", "101, 'bash -c secret planted13'");
  statements += "CREATE TABLE PROCESSES (globalPid INTEGER, pid INTEGER, name TEXT);";
  insert("PROCESSES", "1, 1, 'planted14'");
  statements += "CREATE TABLE DIAGNOSTIC_EVENT (text TEXT);";
  insert("DIAGNOSTIC_EVENT", "'CUDA events were dropped, see /home/planted15'");
  const auto [trace, status] = read_nsys(made_database(statements));
  ASSERT_TRUE(status);
  EXPECT_EQ(all_of(trace).find("planted"), std::string::npos) << all_of(trace);
  EXPECT_EQ(all_of(trace).find("ada"), std::string::npos) << all_of(trace);
  EXPECT_EQ(trace.environments, 3u);
  EXPECT_EQ(text_of(trace, "settings.NCCL_DEBUG"), "INFO");
  EXPECT_EQ(text_of(trace, "settings.LD_LIBRARY_PATH"), "~/lib");
  EXPECT_FALSE(trace.facts.contains("settings.OMP_NUM_THREADS"));  // of another environment
  EXPECT_EQ(trace.not_seen.size(), 1u);
}

TEST(Nsys, IsToldFromOtherDatabasesAndReadCompressed) {
  const std::string nsys = made_database(kStart + kTwoKernels);
  const auto input = trace_of_bytes(std::as_bytes(std::span(nsys)), "made.sqlite");
  const auto read = read_trace(*input);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->format, "Nsight Systems SQLite");
  const std::string other = made_database("CREATE TABLE cookies (host TEXT, value TEXT)");
  const auto not_one = trace_of_bytes(std::as_bytes(std::span(other)), "cookies.sqlite");
  EXPECT_FALSE(read_trace(*not_one));
}

// A file that was cut off holds what came before the cut: as many kernels as can be read, and word of the damage.
TEST(Nsys, EveryCutIsToldOrHarmless) {
  std::string statements = kStart + kTwoKernels;
  statements +=
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO "
      "CUPTI_ACTIVITY_KIND_KERNEL SELECT 1000 * i, 1000 * i + 5, 0, 1, 7, i, 50331648, 1, 2, 3, 32, 4, 2, 1, 128, 1, "
      "1, 0, 0, NULL FROM n;";
  const std::string whole = made_database(statements);
  std::uint64_t most = 0;
  for (std::size_t size = 0; size < whole.size(); size += 256) {
    const auto [trace, status] = read_nsys(whole.substr(0, size));
    EXPECT_TRUE(!status || !trace.damage.empty()) << size;
    EXPECT_LE(kernels(trace), 402u);
    most = std::max(most, kernels(trace));
  }
  EXPECT_GT(most, 100u);
}

}  // namespace
}  // namespace varve
