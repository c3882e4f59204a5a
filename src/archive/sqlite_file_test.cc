#include "archive/sqlite_file.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>
#include <vector>

#include "world/test_root.h"

namespace varve {
namespace {

// A database made by SQLite itself, and a reader of its bytes.
class SqliteFiles : public ::testing::Test {
 protected:
  FileReader made_by(const std::string& statements) {
    const std::string path = root_.path() + "/made.sqlite";
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    const auto files = open_root(root_.path());
    Looked<FileReader> file = (*files)->open("/made.sqlite");
    EXPECT_TRUE(file);
    return std::move(*file);
  }
  static std::vector<std::string> rows_of(SqliteFile& database, const std::string& query,
                                          const std::string& bound = "") {
    std::vector<std::string> rows;
    const Status status = database.query(query, bound, [&](const SqliteRow& row) {
      rows.push_back(std::to_string(row.integer(0)) + " " + std::string(row.bytes(1)));
    });
    if (!status) rows.push_back(status.error().found);
    return rows;
  }

  TestRoot root_;
};

TEST_F(SqliteFiles, AreReadThroughAReader) {
  const FileReader file = made_by(
      "CREATE TABLE kernel(id INTEGER, name TEXT); INSERT INTO kernel VALUES (1, 'gemm'), (9007199254740993, x'00ff'), "
      "(NULL, NULL)");
  SqliteFile database(file);
  EXPECT_EQ(rows_of(database, "SELECT id, name FROM kernel WHERE name = ?", "gemm"),
            std::vector<std::string>{"1 gemm"});
  EXPECT_EQ(rows_of(database, "SELECT id, name FROM kernel WHERE name IS NOT ?", "gemm"),
            (std::vector<std::string>{"9007199254740993 " + std::string("\0\xff", 2), "0 "}));
}

TEST_F(SqliteFiles, AreNeverWritten) {
  const FileReader file = made_by("CREATE TABLE t(a)");
  SqliteFile database(file);
  EXPECT_EQ(rows_of(database, "INSERT INTO t VALUES (1)"),
            std::vector<std::string>{"attempt to write a readonly database"});
  EXPECT_EQ(rows_of(database, "SELECT count(*), 'rows' FROM t"), std::vector<std::string>{"0 rows"});
}

TEST_F(SqliteFiles, OfOtherKindsAreRefused) {
  root_.write("text", std::string(5000, 'x'));
  root_.write("empty", "");
  const auto files = open_root(root_.path());
  const Looked<FileReader> text = (*files)->open("/text"), empty = (*files)->open("/empty");
  SqliteFile of_text(*text), of_empty(*empty);
  EXPECT_EQ(rows_of(of_text, "SELECT 1, 'x' FROM t"), std::vector<std::string>{"file is not a database"});
  EXPECT_EQ(rows_of(of_empty, "SELECT 1, 'x' FROM t"), std::vector<std::string>{"no such table: t"});
}

TEST_F(SqliteFiles, StopAtTheirLimits) {
  const FileReader file = made_by(
      "CREATE TABLE t(a, b); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
      "200) "
      "SELECT printf('%1000d', i), '' FROM n");
  SqliteFile unbounded(file);
  EXPECT_EQ(rows_of(unbounded, "SELECT a, b FROM t").size(), 200u);
  SqliteFile few_bytes(file, {.bytes = 2048});
  EXPECT_EQ(rows_of(few_bytes, "SELECT a, b FROM t").back(), "its rows are larger together than any real ones");
  SqliteFile few_steps(file, {.steps = 10});
  EXPECT_EQ(rows_of(few_steps, "SELECT count(*), '' FROM t, t AS u, t AS v").back(),
            "it takes more work than any real one");
  SqliteFile no_time(file, {.time = std::chrono::seconds{-1}});
  EXPECT_EQ(rows_of(no_time, "SELECT a, b FROM t").back(), "it takes more work than any real one");
}

TEST_F(SqliteFiles, AreReadWholeHoweverLongTheMachineDoesOtherWork) {
  const FileReader file = made_by("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'one')");
  SqliteFile database(file, {.time = std::chrono::seconds{1}});
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  EXPECT_EQ(rows_of(database, "SELECT a, b FROM t"), std::vector<std::string>{"1 one"});
}

// One flipped byte may change what is read, but nothing else.
TEST_F(SqliteFiles, MayBeDamagedAnywhere) {
  (void)made_by("CREATE TABLE t(a, b); CREATE INDEX i ON t(b); INSERT INTO t VALUES (1, 'one'), (2, 'two')");
  const auto files = open_root(root_.path());
  const std::string whole = *(*files)->read("/made.sqlite");
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); at += 61) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    root_.write("damaged.sqlite", damaged);
    const Looked<FileReader> file = (*files)->open("/damaged.sqlite");
    SqliteFile database(*file);
    refused += rows_of(database, "SELECT a, b FROM t WHERE b = ?", "two") != std::vector<std::string>{"2 two"};
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace varve
