#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "world/file_reader.h"

struct sqlite3_stmt;  // of SQLite, whose header only sqlite_file.cc includes

namespace varve {

// What all queries of one database together may take; a query that would take more fails.
struct SqliteLimits {
  int steps = 20'000;                            // queries, and runs of 1000 instructions of SQLite's machine
  std::chrono::seconds time{20};                 // that the reading thread computes: one instruction can hash megabytes
  std::uint64_t bytes = std::uint64_t{1} << 30;  // of the first columns of all rows: many may share the pages of one
  std::size_t value = std::size_t{64} << 20;     // bytes of one value

  // For databases of measurements, which are read whole: no real one of so many bytes takes more.
  static SqliteLimits for_whole(std::uint64_t file_bytes);
};

struct SqliteColumn {
  std::string name;
  bool is_row_number = false;  // INTEGER PRIMARY KEY: rows are found by it without a search
};

// One row that a query has found. Columns count from 0; what it hands out is good until the next row.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  std::string_view bytes(int column) const;  // of a text or a blob; empty where there is no value
  std::int64_t integer(int column) const;    // 0 where there is no number
  bool is_null(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// A query under way: its rows one after the other. It must not outlive its database.
class SqliteQuery {
 public:
  SqliteQuery(SqliteQuery&&) noexcept;
  SqliteQuery& operator=(SqliteQuery&&) noexcept;
  ~SqliteQuery();

  // Goes to the next row; false when there is none, because all have been seen or because reading failed.
  bool next();
  SqliteRow row() const;  // after next() was true
  // Begins anew, with another number for the parameter.
  void ask(std::int64_t number);
  // Error: why next() ended before the last row.
  Status status() const;

 private:
  friend class SqliteFile;
  struct State;
  explicit SqliteQuery(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A database of SQLite 3, which reads the pages that it needs through a FileReader: wherever the file stands (in a
// foreign root, in an image), no other file is opened, none is written, and nothing is locked. It is taken as it is,
// without its write-ahead log. Of one that was cut off the pages that are there can be read. The file may be hostile:
// nothing in its schema is run, and the work is bounded.
class SqliteFile {
 public:
  // The file must live longer.
  explicit SqliteFile(const FileReader& file, const SqliteLimits& limits = {});
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;
  ~SqliteFile();

  // Runs a query whose parameter, if it has one, is the text `bound`; `row` sees each row. Error: the file is no such
  // database, is damaged, or the limits are reached; `found` says which. Rows before that have been seen.
  Status query(const std::string& text, const std::string& bound, const std::function<void(const SqliteRow&)>& row);
  // The same, row by row; several may be under way.
  SqliteQuery query(const std::string& text);

  // The names of its tables, without views and virtual tables, which can be read by no query. None when it is damaged.
  std::vector<std::string> tables();
  // The columns of a table that are stored in it, as their names are written there; empty when there is no such table.
  std::vector<SqliteColumn> columns(const std::string& table);
  // The byte of the file at which it was read last: where damage is.
  std::uint64_t position() const;
  // Bytes of pages that were read so far, of one that was read twice twice: how far reading is.
  std::uint64_t bytes_read() const;
  // Bytes of the file, or more where it says itself that it was longer before it was cut off.
  std::uint64_t stated_size() const;

 private:
  friend class SqliteQuery;
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace varve
