#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/databases/database_formats.h"
#include "kernels/databases/database_testing.h"

namespace varve {
namespace {

// No real file of this format with a free licence was at hand: these are made by SQLite with the tables of
// ROCprofiler-SDK's published schema (rocpd_tables.sql, version 3), without the columns that are not read.
std::string rocpd_tables(const std::string& id) {
  const std::string tables =
      "CREATE TABLE rocpd_metadata@ (id INTEGER PRIMARY KEY AUTOINCREMENT, tag TEXT, value TEXT);"
      "INSERT INTO rocpd_metadata@ (tag, value) VALUES ('schema_version', '3'), ('uuid', '@');"
      "CREATE TABLE rocpd_string@ (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, guid TEXT, string TEXT UNIQUE);"
      "CREATE TABLE rocpd_info_node@ (id INTEGER PRIMARY KEY, hash BIGINT, machine_id TEXT, system_name TEXT, hostname "
      "TEXT, release TEXT, version TEXT, hardware_name TEXT, domain_name TEXT);"
      "CREATE TABLE rocpd_info_process@ (id INTEGER PRIMARY KEY, nid INTEGER, pid INTEGER, command TEXT, environment "
      "JSONB, extdata JSONB);"
      "CREATE TABLE rocpd_info_agent@ (id INTEGER PRIMARY KEY, type TEXT, absolute_index INTEGER, logical_index "
      "INTEGER, type_index INTEGER, name TEXT, product_name TEXT, extdata JSONB);"
      "CREATE TABLE rocpd_info_stream@ (id INTEGER PRIMARY KEY, name TEXT);"
      "CREATE TABLE rocpd_info_kernel_symbol@ (id INTEGER PRIMARY KEY, kernel_name TEXT, display_name TEXT, "
      "arch_vgpr_count INTEGER, accum_vgpr_count INTEGER);"
      "CREATE TABLE rocpd_event@ (id INTEGER PRIMARY KEY, category_id INTEGER, stack_id INTEGER, correlation_id "
      "INTEGER, "
      "extdata JSONB);"
      "INSERT INTO rocpd_string@ (id, string) VALUES (1, 'HIP_RUNTIME_API_EXT'), (2, 'MARKER_CORE_RANGE_API'), (3, "
      "'KERNEL_DISPATCH'), (4, 'hipLaunchKernel'), (5, 'roctxRangePushA'), (6, 'MEMORY_COPY_HOST_TO_DEVICE'), (7, "
      "'hipGraphLaunch');"
      "INSERT INTO rocpd_info_node@ VALUES (7, 1, 'planted0', 'Linux', 'planted1', '5.15.0-160-generic', '#170', "
      "'x86_64', '(none)');"
      "INSERT INTO rocpd_info_process@ VALUES (908, 7, 908, 'python --token=planted2', '{\"HIP_VISIBLE_DEVICES\": "
      "\"3\", "
      "\"HF_TOKEN\": \"planted3\", \"ROCBLAS_LAYER\": \"hf_planted4planted4planted4planted4\"}', '{}');"
      "INSERT INTO rocpd_info_agent@ VALUES (0, 'CPU', 0, 0, 0, 'AMD EPYC 9575F', 'AMD EPYC 9575F', '{}'), (2, 'GPU', "
      "2, "
      "2, 0, 'gfx950', 'AMD Instinct MI350X', '{\"mem_banks\": [{\"size_in_bytes\": 309220868096}]}'), (3, 'GPU', 3, "
      "3, "
      "1, 'gfx950', 'AMD Instinct MI350X', '{}');"
      "INSERT INTO rocpd_info_stream@ VALUES (0, 'Default Stream'), (5, 'Stream 1');"
      "INSERT INTO rocpd_info_kernel_symbol@ VALUES (11, '_Z4gemmILi4EEvf.kd', 'gemm<4>(float)', 64, 8), (12, "
      "'ncclDevKernel_Generic.kd', 'ncclDevKernel_Generic', 32, 0);"
      "INSERT INTO rocpd_event@ VALUES (1, 1, 21, 0, '{}'), (2, 2, 22, 0, '{\"message\": \"aten::mm, op_id = 4\"}'), "
      "(3, "
      "3, 21, 0, '{}'), (4, 3, 23, 0, '{}'), (5, 3, 24, 0, '{}'), (6, 1, 24, 0, '{}');";
  std::string made;
  for (const char c : tables) made += c == '@' ? id : std::string(1, c);
  return made;
}

// Rows that have their times and places themselves.
std::string inline_rows(const std::string& id) {
  const std::string rows =
      "CREATE TABLE rocpd_region@ (id INTEGER PRIMARY KEY, nid INTEGER, pid INTEGER, tid INTEGER, start BIGINT, end "
      "BIGINT, name_id INTEGER, event_id INTEGER);"
      "CREATE TABLE rocpd_kernel_dispatch@ (id INTEGER PRIMARY KEY, nid INTEGER, pid INTEGER, tid INTEGER, agent_id "
      "INTEGER, kernel_id INTEGER, queue_id INTEGER, stream_id INTEGER, start BIGINT, end BIGINT, group_segment_size "
      "INTEGER, workgroup_size_x INTEGER, workgroup_size_y INTEGER, workgroup_size_z INTEGER, grid_size_x INTEGER, "
      "grid_size_y INTEGER, grid_size_z INTEGER, event_id INTEGER);"
      "CREATE TABLE rocpd_memory_copy@ (id INTEGER PRIMARY KEY, pid INTEGER, tid INTEGER, start BIGINT, end BIGINT, "
      "name_id INTEGER, dst_agent_id INTEGER, src_agent_id INTEGER, size INTEGER, stream_id INTEGER, event_id INTEGER);"
      "INSERT INTO rocpd_region@ VALUES (21, 7, 908, 909, 100, 120, 4, 1), (22, 7, 908, 909, 90, 130, 5, 2), (24, 7, "
      "908, 909, 140, 150, 7, 6);"
      "INSERT INTO rocpd_kernel_dispatch@ VALUES (1, 7, 908, 909, 3, 11, 1, 5, 200, 300, 4096, 256, 1, 1, 1000, 2, 1, "
      "3), "
      "(2, 7, 908, 909, 2, 12, 1, 0, 300, 350, 0, 64, 1, 1, 64, 1, 1, 4), (3, 7, 908, 909, 2, 11, 1, 0, 360, 365, 0, "
      "64, "
      "1, 1, 64, 1, 1, 5);"
      "INSERT INTO rocpd_memory_copy@ VALUES (1, 908, 909, 400, 500, 6, 3, 0, 4096, 0, NULL);";
  std::string made;
  for (const char c : rows) made += c == '@' ? id : std::string(1, c);
  return made;
}

const std::string kId = "_0197b2e1_5c0a_7b3f_9d1e_2f4a6c8e0b1d";

test::DatabaseReading read_rocpd(const std::string& bytes, const TraceOptions& options = {}) {
  return test::read_bytes(kRocpd, bytes, options);
}

TEST(Rocpd, ReadsKernelsCopiesAndCalls) {
  const auto [trace, status] = read_rocpd(test::made_database(rocpd_tables(kId) + inline_rows(kId)));
  ASSERT_TRUE(status) << to_text(status.error());
  EXPECT_EQ(trace.total_ns(Activity::kernel), 105);
  EXPECT_EQ(trace.total_ns(Activity::collective), 50);
  EXPECT_EQ(trace.total_ns(Activity::copy), 100);
  EXPECT_EQ(trace.count(Activity::launch), 2u);
  EXPECT_EQ(trace.count(Activity::operation), 1u);
  const auto kernel = std::find_if(trace.events.begin(), trace.events.end(),
                                   [](const auto& one) { return one.event.activity == Activity::kernel; });
  EXPECT_EQ(trace.name_of(kernel->event.name), "_Z4gemmILi4EEvf");
  EXPECT_EQ(kernel->extra->launch, (Launch{{4, 2, 1}, {256, 1, 1}, 72, 4096}));  // 1000 threads in blocks of 256
  EXPECT_EQ(trace.name_of(kernel->extra->operation), "aten::mm");
  EXPECT_EQ(kernel->extra->correlation, 21u);
  EXPECT_EQ(kernel->extra->graph_node, 0u);
  EXPECT_EQ(trace.tracks.at(kernel->event.track).first, (Place{-1, 1, 5}));
  EXPECT_EQ((kernel + 2)->extra->graph_node, kGraphUnknown);  // what hipGraphLaunch started
  EXPECT_EQ(trace.events.back().extra->bytes, 4096u);
  EXPECT_EQ(trace.tracks.at(trace.events.back().event.track).first.device, 1);
}

TEST(Rocpd, TellsTheStackAndNoSecret) {
  const auto read = read_rocpd(test::made_database(rocpd_tables(kId) + inline_rows(kId)));
  const auto& trace = read.trace;
  const auto text = [&](const char* id) { return fact_text(trace.facts.at(id)); };
  EXPECT_EQ(text("gpu.models"), "AMD Instinct MI350X, AMD Instinct MI350X");
  EXPECT_EQ(text("gpu.memory"), "294896 MiB");
  EXPECT_EQ(text("cpu.model"), "AMD EPYC 9575F");
  EXPECT_EQ(text("os.kernel.release"), "5.15.0-160-generic");
  EXPECT_EQ(text("settings.HIP_VISIBLE_DEVICES"), "3");
  EXPECT_EQ(trace.environments, 1u);
  for (const auto& [id, fact] : trace.facts) EXPECT_EQ(fact_text(fact).find("planted"), std::string::npos) << id;
  for (const auto& [id, name] : trace.names) EXPECT_EQ(name.find("planted"), std::string::npos) << name;
}

TEST(Rocpd, ReadsTimesAndPlacesThatStandElsewhere) {
  const auto [trace, status] = read_rocpd(test::made_database(
      rocpd_tables("") +
      "CREATE TABLE rocpd_timestamp (id INTEGER PRIMARY KEY, value BIGINT, phase INTEGER, track_id INTEGER);"
      "CREATE TABLE rocpd_track (id INTEGER PRIMARY KEY, pid INTEGER, tid INTEGER, agent_id INTEGER, queue_id INTEGER, "
      "stream_id INTEGER);"
      "CREATE TABLE rocpd_kernel_dispatch (id INTEGER PRIMARY KEY, track_id INTEGER, kernel_id INTEGER, start_id "
      "INTEGER, "
      "end_id INTEGER, workgroup_size_x INTEGER, grid_size_x INTEGER, event_id INTEGER);"
      "INSERT INTO rocpd_timestamp VALUES (1, 1000, 1, 9), (2, 1250, 2, 9);"
      "INSERT INTO rocpd_track VALUES (9, 908, 909, 3, 1, 5);"
      "INSERT INTO rocpd_kernel_dispatch VALUES (1, 9, 11, 1, 2, 64, 640, 3), (2, 9, 11, 1, 77, 64, 640, 3);"));
  ASSERT_TRUE(status);
  ASSERT_EQ(trace.events.size(), 1u);
  EXPECT_EQ(trace.events[0].event.duration_ns, 250);
  EXPECT_EQ(trace.events[0].extra->launch.grid[0], 10u);
  EXPECT_EQ(trace.tracks.at(trace.events[0].event.track).first, (Place{-1, 1, 5}));
  ASSERT_EQ(trace.damage.size(), 1u);
  EXPECT_NE(trace.damage[0].second.find("row 2 of the table rocpd_kernel_dispatch: it has no times"),
            std::string::npos);
}

TEST(Rocpd, OfSeveralRecordingsInAFileAllAreRead) {
  const auto [trace, status] = read_rocpd(
      test::made_database(rocpd_tables("_a") + inline_rows("_a") + rocpd_tables("_b") + inline_rows("_b") +
                          "CREATE VIEW rocpd_kernel_dispatch AS SELECT * FROM rocpd_kernel_dispatch_a UNION ALL SELECT "
                          "* FROM rocpd_kernel_dispatch_b;"));
  ASSERT_TRUE(status);
  EXPECT_EQ(trace.total_ns(Activity::kernel), 210);
  EXPECT_EQ(trace.environments, 2u);
  std::set<std::uint64_t> launches;
  for (const auto& one : trace.events) {
    if (one.event.activity == Activity::launch) launches.insert(one.extra->correlation);
  }
  EXPECT_EQ(launches.size(), 4u);  // one process's numbers do not meet the other's
}

}  // namespace
}  // namespace varve
