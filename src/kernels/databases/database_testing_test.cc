#include "kernels/databases/database_testing.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>

namespace varve::test {

namespace {
struct CloseSqlite {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
}  // namespace

std::string made_database(const std::string& statements) {
  sqlite3* opened = nullptr;
  EXPECT_EQ(sqlite3_open(":memory:", &opened), SQLITE_OK);
  const std::unique_ptr<sqlite3, CloseSqlite> database(opened);
  char* problem = nullptr;
  EXPECT_EQ(sqlite3_exec(opened, statements.c_str(), nullptr, nullptr, &problem), SQLITE_OK)
      << (problem == nullptr ? "" : problem);
  sqlite3_int64 size = 0;
  unsigned char* bytes = sqlite3_serialize(opened, "main", &size, 0);
  std::string made(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  sqlite3_free(bytes);
  return made;
}

std::int64_t number_of(const std::string& path, const std::string& question) {
  sqlite3* opened = nullptr;
  const std::string name = "file:" + path + "?immutable=1";
  EXPECT_EQ(sqlite3_open_v2(name.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr), SQLITE_OK);
  const std::unique_ptr<sqlite3, CloseSqlite> database(opened);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(opened, question.c_str(), -1, &statement, nullptr) != SQLITE_OK) return -1;
  const std::int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return number;
}

DatabaseReading read_bytes(const TraceFormat& format, const std::string& bytes, const TraceOptions& options) {
  const auto input = trace_of_bytes(std::as_bytes(std::span(bytes)), "made.sqlite");
  DatabaseReading reading{.trace = {}, .status = Done{}};
  reading.status = format.read(*input, reading.trace, options);
  return reading;
}

}  // namespace varve::test
