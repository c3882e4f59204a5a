#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/databases/database_formats.h"
#include "kernels/databases/database_testing.h"
#include "kernels/formats/trace_formats.h"

namespace varve {
namespace {

std::string real_rpd() { return test::source_path("tests/foreign/rpd-2/matmul_result.rpd"); }

// Tables as tableSchema.cmd of rocmProfileData makes them (version 3), made by SQLite; the columns that are not read
// are left out.
const std::string kRpdTables =
    "CREATE TABLE rocpd_metadata (id integer PRIMARY KEY, tag varchar, value varchar);"
    "INSERT INTO rocpd_metadata VALUES (1, 'schema_version', '3');"
    "CREATE TABLE rocpd_string (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, string varchar(4096) NOT NULL);"
    "CREATE TABLE rocpd_ustring (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, string varchar(4096) NOT NULL);"
    "CREATE TABLE rocpd_api (id integer PRIMARY KEY, pid integer, tid integer, start integer, end integer, apiName_id "
    "bigint, category_id bigint, domain_id bigint, args_id bigint);"
    "CREATE TABLE rocpd_kernelApi (api_ptr_id bigint PRIMARY KEY, stream varchar(18), gridX integer, gridY integer, "
    "gridZ integer, workgroupX integer, workgroupY integer, workgroupZ integer, groupSegmentSize integer, "
    "privateSegmentSize integer, kernelName_id bigint);"
    "CREATE TABLE rocpd_copyApi (api_ptr_id bigint PRIMARY KEY, stream varchar(18), size integer);"
    "CREATE TABLE rocpd_op (id integer PRIMARY KEY, gpuId integer, queueId integer, sequenceId integer, start integer, "
    "end integer, description_id bigint, opType_id bigint);"
    "CREATE TABLE rocpd_api_ops (id integer PRIMARY KEY, api_id bigint, op_id bigint);"
    "INSERT INTO rocpd_string VALUES (1, ''), (2, 'hipGraphLaunch'), (3, 'hipLaunchKernel'), (4, 'UserMarker'), (5, "
    "'KernelExecution'), (6, 'Task'), (7, 'gemm_kernel'), (8, 'ncclDevKernel_Generic'), (9, 'CopyDeviceToDevice'), "
    "(10, "
    "'hipMemcpyAsync'), (11, 'Barrier');"
    "INSERT INTO rocpd_ustring VALUES (1, 'aten::mm, seq = 3, op_id = 4, sizes = [[2, 3], [3, 4]]'), (2, 'step'), (3, "
    "'--token=planted');";

test::DatabaseReading read_rpd(const std::string& bytes, const TraceOptions& options = {}) {
  return test::read_bytes(kRpd, bytes, options);
}

TEST(Rpd, OfARealServerCountsWhatPlainSqlCounts) {
  const auto [trace, status] = read_rpd(test::bytes_of(real_rpd()));
  ASSERT_TRUE(status) << to_text(status.error());
  const auto sum_of = [&](const std::string& kinds) {
    return test::number_of(real_rpd(),
                           "SELECT sum(o.end - o.start) FROM rocpd_op o JOIN rocpd_string s ON s.id = "
                           "o.opType_id WHERE s.string IN (" +
                               kinds + ")");
  };
  EXPECT_EQ(trace.total_ns(Activity::kernel), sum_of("'KernelExecution'"));
  EXPECT_EQ(trace.total_ns(Activity::copy), sum_of("'CopyDeviceToHost', 'CopyHostToDevice'"));
  EXPECT_EQ(trace.total_ns(Activity::fill), sum_of("'FillBuffer'"));
  EXPECT_EQ(trace.count(Activity::kernel), 29u);
  EXPECT_TRUE(trace.damage.empty());
  EXPECT_EQ(fact_text(trace.facts.at("trace.rpd_schema_version")), "2");
}

TEST(Rpd, LinksKernelsToTheirLaunches) {
  const auto [trace, status] = read_rpd(test::bytes_of(real_rpd()));
  std::map<std::uint64_t, std::string> calls;
  for (const auto& one : trace.events) {
    if (one.event.activity == Activity::launch) calls[one.extra->correlation] = trace.name_of(one.event.name);
  }
  std::uint64_t checked = 0;
  for (const auto& one : trace.events) {
    if (one.event.activity != Activity::kernel) continue;
    ASSERT_TRUE(calls.contains(one.extra->correlation));
    if (!trace.name_of(one.event.name).starts_with("Cijk_")) continue;
    EXPECT_EQ(calls[one.extra->correlation], "hipExtModuleLaunchKernel");
    EXPECT_EQ(one.extra->launch.grid, (std::array<std::uint32_t, 3>{7, 782, 1}));  // 1792 threads wide, of 256
    EXPECT_EQ(one.extra->launch.block[0], 256u);
    ++checked;
  }
  EXPECT_EQ(checked, 1u);
  const auto copy = std::find_if(trace.events.begin(), trace.events.end(),
                                 [](const auto& one) { return one.event.activity == Activity::copy; });
  EXPECT_EQ(copy->extra->bytes, 2'000'000'000u);
}

TEST(Rpd, TasksAreKernelsInsideGraphs) {
  const auto [trace, status] = read_rpd(test::made_database(
      kRpdTables +
      "INSERT INTO rocpd_api VALUES (20, 1, 2, 100, 110, 2, 1, 1, 3), (21, 1, 2, 120, 130, 3, 1, 1, 3);"
      "INSERT INTO rocpd_op VALUES (1, 0, 3, 0, 200, 300, 7, 6), (2, 0, 3, 0, 300, 450, 8, 5), (3, 0, 3, 0, 460, 470, "
      "7, 5), (4, 0, 3, 0, 470, 480, 1, 11);"
      "INSERT INTO rocpd_api_ops VALUES (1, 20, 1), (2, 20, 2), (3, 21, 3);"
      "INSERT INTO rocpd_kernelApi VALUES (20, '0x0', 0, 0, 0, 0, 0, 0, 0, 0, 1), (21, '0x0', 4, 1, 1, 64, 1, 1, 512, "
      "0, 7);"));
  ASSERT_TRUE(status);
  ASSERT_EQ(trace.count(Activity::kernel), 2u);
  ASSERT_EQ(trace.count(Activity::collective), 1u);
  std::vector<std::uint64_t> nodes;
  for (const auto& one : trace.events) {
    if (one.event.activity != Activity::kernel && one.event.activity != Activity::collective) continue;
    nodes.push_back(one.extra->graph_node);
    if (one.extra->graph_node == 0) {
      EXPECT_EQ(one.extra->launch, (Launch{{4, 1, 1}, {64, 1, 1}, 0, 512}));
    }
  }
  EXPECT_EQ(nodes, (std::vector<std::uint64_t>{kGraphUnknown, kGraphUnknown, 0}));
}

TEST(Rpd, MarkedRangesAreOperationsAndRegionsAndArgumentsStayInTheFile) {
  const auto [trace, status] = read_rpd(test::made_database(
      kRpdTables +
      "INSERT INTO rocpd_api VALUES (1, 1, 2, 10, 90, 4, 1, 4, 1), (2, 1, 2, 5, 100, 4, 1, 4, 2), (3, 1, 2, 20, 30, 3, "
      "1, 1, 3), (4, 1, 2, 7, 7, 4, 1, 4, 2);"
      "INSERT INTO rocpd_op VALUES (1, 0, 3, 0, 200, 300, 7, 5); INSERT INTO rocpd_api_ops VALUES (1, 3, 1);"));
  EXPECT_EQ(trace.count(Activity::operation), 1u);
  EXPECT_EQ(trace.count(Activity::region), 1u);
  const auto& kernel = trace.events.back();
  EXPECT_EQ(trace.name_of(kernel.extra->operation), "aten::mm [[2,3],[3,4]]");
  for (const auto& [id, name] : trace.names) EXPECT_EQ(name.find("planted"), std::string::npos);
}

TEST(Rpd, OfDevicesOnlyTellsNoCalls) {
  const auto [trace, status] = read_rpd(test::bytes_of(real_rpd()), {.device_only = true});
  EXPECT_EQ(trace.total_ns(Activity::kernel), 26'399'795);
  EXPECT_EQ(trace.events.size(), 85u);
}

TEST(Rpd, IsToldFromItsCousins) {
  const std::string bytes = test::bytes_of(real_rpd());
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "a.rpd");
  const auto read = read_trace(*input);
  ASSERT_TRUE(read) << to_text(read.error());
  EXPECT_EQ(read->format, "RPD");
  EXPECT_FALSE(test::read_bytes(kRocpd, bytes).status);
  EXPECT_FALSE(test::read_bytes(kNsightSystems, bytes).status);
}

}  // namespace
}  // namespace varve
