// How fast an export of Nsight Systems is read, against a bare scan of its table of kernels: the same columns through
// SQLite's own interface, added up by the number of the name. Usage: nsys_speed EXPORT.sqlite [ROWS [PAIRS]]. The
// kernels of the export are repeated until there are so many (2 000 000) rows, in a temporary folder. Prints the
// medians and the ratio of both, and of reading without making a profile.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <unordered_map>
#include <vector>

#include "kernels/databases/database_formats.h"
#include "kernels/formats/trace_formats.h"
#include "kernels/trace/trace_input.h"
#include "stats/descriptive.h"
#include "world/world.h"

namespace {
using varve::median;

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  fmt::print(stderr, "nsys_speed: {}\n", what);
  std::exit(2);
}

void run(sqlite3* database, const std::string& statement) {
  if (sqlite3_exec(database, statement.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(sqlite3_errmsg(database));
}

void repeat_kernels(const std::string& path, std::int64_t rows) {
  sqlite3* database = nullptr;
  if (sqlite3_open(path.c_str(), &database) != SQLITE_OK) fail("cannot open " + path);
  run(database,
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TEMP TABLE first AS SELECT * FROM "
      "CUPTI_ACTIVITY_KIND_KERNEL ORDER BY rowid");
  std::int64_t count = 0, span = 0;
  const auto take = [](void* into, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i) static_cast<std::int64_t*>(into)[i] = std::atoll(values[i]);
    return 0;
  };
  std::int64_t both[2] = {};
  sqlite3_exec(database, "SELECT count(*), max(end) - min(start) + 1000 FROM first", take, both, nullptr);
  count = both[0];
  span = both[1];
  if (count == 0) fail("the export holds no kernel");
  run(database, "BEGIN");
  for (std::int64_t i = 1; i * count < rows; ++i) {
    run(database, fmt::format("UPDATE first SET start = start + {0}, end = end + {0}; INSERT INTO "
                              "CUPTI_ACTIVITY_KIND_KERNEL SELECT * FROM first",
                              span));
  }
  run(database, "COMMIT");
  sqlite3_close(database);
}

// Rows, and their time.
std::pair<std::int64_t, std::int64_t> scan(const std::string& path) {
  sqlite3* database = nullptr;
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) {
    fail("cannot open " + path);
  }
  sqlite3_stmt* statement = nullptr;
  const char* query =
      "SELECT demangledName, start, end, deviceId, contextId, streamId, globalPid, graphNodeId, mangledName, "
      "shortName, "
      "gridX, gridY, gridZ, blockX, blockY, blockZ, registersPerThread, staticSharedMemory, dynamicSharedMemory FROM "
      "CUPTI_ACTIVITY_KIND_KERNEL";
  if (sqlite3_prepare_v2(database, query, -1, &statement, nullptr) != SQLITE_OK) fail(sqlite3_errmsg(database));
  std::unordered_map<std::int64_t, std::pair<std::int64_t, std::int64_t>> by_name;
  std::int64_t others = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    auto& [launches, time] = by_name[sqlite3_column_int64(statement, 0)];
    ++launches;
    time += sqlite3_column_int64(statement, 2) - sqlite3_column_int64(statement, 1);
    for (int column = 3; column < 19; ++column) others ^= sqlite3_column_int64(statement, column);
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  std::pair<std::int64_t, std::int64_t> all{others == 1 ? 0 : 0, 0};
  for (const auto& [name, sum] : by_name) {
    all.first += sum.first;
    all.second += sum.second;
  }
  return all;
}

// Counts and throws away.
struct NoProfile final : varve::TraceSink {
  std::pair<std::int64_t, std::int64_t> all;

  void name(varve::NameId, const varve::TraceName&) override {}
  void track(varve::TrackId, const varve::Place&, varve::TrackKind) override {}
  void event(const varve::TraceEvent& event, const varve::Extra*) override {
    if (event.activity != varve::Activity::kernel && event.activity != varve::Activity::collective) return;
    ++all.first;
    all.second += event.duration_ns;
  }
  void total(const varve::TraceEvent&, const varve::Extra*, const varve::Durations&, std::int64_t) override {}
  void fact(std::string_view, varve::Fact) override {}
  void unseen(std::string_view) override {}
  void damaged(std::uint64_t, std::string_view) override {}
};

std::unique_ptr<varve::TraceInput> open_input(const std::string& path) {
  const auto file = varve::host_world().files.open(path);
  if (!file) fail("cannot open " + path);
  auto input = varve::open_trace(*file, path);
  if (!input) fail(to_text(input.error()));
  return std::move(*input);
}

std::pair<std::int64_t, std::int64_t> read_only(const std::string& path) {
  NoProfile sink;
  const auto input = open_input(path);
  if (!varve::kNsightSystems.read(*input, sink, {.device_only = true})) fail("cannot read " + path);
  return sink.all;
}

std::pair<std::int64_t, std::int64_t> read_profile(const std::string& path) {
  const auto input = open_input(path);
  const auto read = varve::read_trace(*input, {.device_only = true});
  if (!read) fail(to_text(read.error()));
  std::pair<std::int64_t, std::int64_t> all{0, 0};
  for (const auto& [kind, profile] : read->reading.record.profiles.by_kind) {
    for (const varve::ProfileRow& row : profile.rows) {
      const varve::Activity activity = row.key.activity;
      if (activity != varve::Activity::kernel && activity != varve::Activity::collective) continue;
      all.first += static_cast<std::int64_t>(row.time.count);
      all.second += row.time.total_ns;
    }
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("usage: nsys_speed EXPORT.sqlite [ROWS [PAIRS]]");
  const std::int64_t rows = argc > 2 ? std::atoll(argv[2]) : 2'000'000;
  const int pairs = argc > 3 ? std::atoi(argv[3]) : 7;
  std::string folder = (std::filesystem::temp_directory_path() / "nsys-speed-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) fail("cannot make a temporary folder");
  const std::string path = folder + "/repeated.sqlite";
  std::filesystem::copy_file(argv[1], path);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  repeat_kernels(path, rows);
  const auto timed = [&](auto&& act, std::vector<double>& seconds) {
    const auto start = Clock::now();
    const auto all = act(path);
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    return all;
  };
  std::vector<double> bare, reading, profile, reading_ratio, profile_ratio;
  std::pair<std::int64_t, std::int64_t> expected = scan(path);  // and the file is in the page cache
  for (int i = 0; i < pairs; ++i) {
    if (timed(scan, bare) != expected || timed(read_only, reading) != expected ||
        timed(read_profile, profile) != expected) {
      fail("the readers disagree");
    }
    reading_ratio.push_back(reading.back() / bare.back());
    profile_ratio.push_back(profile.back() / bare.back());
  }
  fmt::print("{} kernels, {:.6f} ms, {:.1f} MB\n", expected.first, static_cast<double>(expected.second) / 1e6,
             static_cast<double>(std::filesystem::file_size(path)) / 1e6);
  fmt::print("bare scan              {:.3f} s\n", median(bare));
  fmt::print("reader, no profile     {:.3f} s, {:.2f} of the scan\n", median(reading), median(reading_ratio));
  fmt::print("reader and profile     {:.3f} s, {:.2f} of the scan\n", median(profile), median(profile_ratio));
  std::filesystem::remove_all(folder);
  return 0;
}
