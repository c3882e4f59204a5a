#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "world/file_reader.h"

struct sqlite3_stmt;  // of SQLite, whose header only sqlite_file.cc includes

namespace varve {

// What all queries of one database together may take; a query that would take more fails.
struct SqliteLimits {
  int steps = 20'000;             // queries, and runs of 1000 instructions of SQLite's machine
  std::chrono::seconds time{20};  // one instruction can do much: a generated column that hashes megabytes
  std::uint64_t bytes = std::uint64_t{1} << 30;  // of the first columns of all rows: many may share the pages of one
  std::size_t value = std::size_t{64} << 20;     // bytes of one value
};

// One row that a query has found. Columns count from 0; what it hands out is good until the next row.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  std::string_view bytes(int column) const;  // of a text or a blob; empty where there is no value
  std::int64_t integer(int column) const;    // 0 where there is no number

 private:
  sqlite3_stmt* statement_;
};

// A database of SQLite 3, which reads the pages that it needs through a FileReader: wherever the file stands (in a
// foreign root, in an image), no other file is opened, none is written, and nothing is locked. It is taken as it is,
// without its write-ahead log. The file may be hostile: nothing in its schema is run, and the work is bounded.
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

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace varve
