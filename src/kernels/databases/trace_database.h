#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "archive/sqlite_file.h"
#include "kernels/trace/trace.h"

namespace varve {

// What the traces that are databases of SQLite have in common. Exporters write a table only when there is something for
// it, and columns come and go with their versions: so tables and columns are asked for by name, and what a file lacks
// reads as nothing.

// Whether a file begins as a database of SQLite 3.
bool is_database(std::span<const std::byte> beginning);

class TraceDatabase;

// The rows of a table, one after the other, in the order in which they are stored.
class TableRows {
 public:
  TableRows(TraceDatabase& database, std::string table, SqliteQuery query);

  // Goes to the next row; false at the end, also where the table is damaged: the sink has been told then.
  bool next();
  std::int64_t integer(int column) const { return row_.integer(column); }  // 0 where there is none
  bool has(int column) const { return !row_.is_null(column); }
  std::string_view bytes(int column) const { return row_.bytes(column); }  // until the next row
  std::uint64_t count() const { return count_; }                           // of rows so far
  // Tells the sink that this row cannot be what it says.
  void damaged(std::string_view what);

 private:
  TraceDatabase& database_;
  std::string table_;
  SqliteQuery query_;
  SqliteRow row_;
  std::uint64_t count_ = 0;
};

// As SQLite compares the names of tables and columns: letters of either case are one.
struct NamesIgnoreCase {
  bool operator()(const std::string& a, const std::string& b) const;
};

class TraceDatabase {
 public:
  using Tables = std::map<std::string, std::vector<SqliteColumn>, NamesIgnoreCase>;

  // Damage is told to the sink, how far reading is to the input, where there are any. All must live longer.
  explicit TraceDatabase(const FileReader& file, TraceSink* sink = nullptr, TraceInput* input = nullptr);

  bool is_readable() const { return !tables_.empty(); }  // is a database, and holds a table
  bool has(const std::string& table) const { return tables_.contains(table); }
  bool has(const std::string& table, std::string_view column) const;
  const Tables& tables() const { return tables_; }

  // The rows of a table with these columns, in this order; those that it does not have are null. Without the table
  // there are no rows. Columns are the reader's own words; tables are names out of tables().
  TableRows rows(const std::string& table, const std::vector<std::string>& columns);
  // Columns of the rows that are found by one that holds whole numbers ("rowid" for the number of the row), asked with
  // SqliteQuery::ask; those that the table does not have are null. Nothing without the table.
  std::optional<SqliteQuery> lookup(const std::string& table, std::string_view key,
                                    const std::vector<std::string>& columns);

  SqliteFile& file() { return file_; }
  void tell_damage(std::string_view what);  // at the place that was read last
  void tell_progress();

 private:
  std::string selection(const std::string& table, const std::vector<std::string>& columns) const;

  SqliteFile file_;
  std::uint64_t size_;
  TraceSink* sink_;
  TraceInput* input_;
  Tables tables_;
};

// The strings that numbers stand for, in a table of two columns. Only strings that a row shown refers to are read:
// tables of strings hold much else, up to the environments of other processes.
class StringTable {
 public:
  // The database must live longer.
  StringTable(TraceDatabase& database, std::string table, std::string key, std::string value);

  // Until the next call; empty where there is none.
  std::string_view text(std::int64_t key);

 private:
  void list_rows();

  TraceDatabase& database_;
  std::string table_, key_, value_;
  bool is_by_row_ = false;  // the key is the number of the row: no list of them is needed
  bool is_ready_ = false, is_damaged_ = false;
  std::optional<SqliteQuery> query_;
  std::unordered_map<std::int64_t, std::int64_t> row_of_;
};

// Numbers by numbers, in 16 bytes a pair: all are added, then looked up.
class NumberMap {
 public:
  void add(std::int64_t key, std::int64_t value) { pairs_.emplace_back(key, value); }
  void settle();  // after the last one; of pairs with one key the first stays
  std::optional<std::int64_t> find(std::int64_t key) const;

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs_;
};

// Names that are told to a sink when they are spoken of for the first time. At most a million of them, of 256 MiB
// together; further ones are kNoName.
class NameTable {
 public:
  explicit NameTable(TraceSink& sink) : sink_(sink) {}

  NameId of(std::string_view text, Named named = Named::trace);

 private:
  TraceSink& sink_;
  std::unordered_map<std::string, NameId> ids_;
  std::size_t bytes_ = 0;
};

// end - start, where both are times and the end is not before the start.
std::optional<std::int64_t> duration_between(std::int64_t start, std::int64_t end);

// A number of 32 bits without a sign; what does not fit becomes 0, as not told.
std::uint32_t number32(std::int64_t value);

}  // namespace varve
