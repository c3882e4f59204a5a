#include "kernels/databases/trace_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kMostNames = 1'000'000;
constexpr std::size_t kMostNameBytes = std::size_t{256} << 20;
constexpr std::size_t kLongestName = std::size_t{64} << 10;
constexpr std::size_t kMostTables = 2000, kMostColumns = 500;
constexpr std::uint64_t kRowsBetween = 4096;  // that are read before it is told again how far reading is

std::string sql_quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}
}  // namespace

bool is_database(std::span<const std::byte> beginning) {
  return beginning.size() >= kMagic.size() &&
         std::string_view(reinterpret_cast<const char*>(beginning.data()), kMagic.size()) == kMagic;
}

TableRows::TableRows(TraceDatabase& database, std::string table, SqliteQuery query)
    : database_(database), table_(std::move(table)), query_(std::move(query)), row_(query_.row()) {}

bool TableRows::next() {
  if (query_.next()) {
    if (++count_ % kRowsBetween == 0) database_.tell_progress();
    return true;
  }
  if (const Status status = query_.status(); !status) {
    database_.tell_damage(fmt::format("the table {} behind its row {}: {}", table_, count_, status.error().found));
  }
  return false;
}

void TableRows::damaged(std::string_view what) {
  database_.tell_damage(fmt::format("row {} of the table {}: {}", count_, table_, what));
}

TraceDatabase::TraceDatabase(const FileReader& file, TraceSink* sink, TraceInput* input)
    : file_(file, SqliteLimits::for_whole(file.size())), size_(file.size()), sink_(sink), input_(input) {
  if (sink_ != nullptr && file_.stated_size() > file.size()) {
    sink_->damaged(file.size(), fmt::format("the file ends here; it was {} bytes long", file_.stated_size()));
  }
  for (const std::string& name : file_.tables()) {
    if (tables_.size() >= kMostTables) break;
    std::vector<SqliteColumn> columns = file_.columns(name);
    if (!columns.empty() && columns.size() <= kMostColumns) tables_.emplace(name, std::move(columns));
  }
}

void TraceDatabase::tell_damage(std::string_view what) {
  if (sink_ != nullptr) sink_->damaged(file_.position(), what);
}

void TraceDatabase::tell_progress() {
  if (input_ != nullptr) input_->came_to(std::min(file_.bytes_read(), size_));
}

bool NamesIgnoreCase::operator()(const std::string& a, const std::string& b) const { return to_lower(a) < to_lower(b); }

bool TraceDatabase::has(const std::string& table, std::string_view column) const {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](const SqliteColumn& one) { return to_lower(one.name) == to_lower(column); });
}

std::string TraceDatabase::selection(const std::string& table, const std::vector<std::string>& columns) const {
  std::vector<std::string> selected;
  for (const std::string& column : columns) selected.push_back(has(table, column) ? sql_quoted(column) : "NULL");
  // No index: one that a foreign file brings along may hold what the table does not.
  return fmt::format("SELECT {} FROM {} NOT INDEXED", join(selected, ", "), sql_quoted(table));
}

TableRows TraceDatabase::rows(const std::string& table, const std::vector<std::string>& columns) {
  if (!has(table)) return {*this, table, file_.query("SELECT 1 WHERE 0")};
  return {*this, table, file_.query(selection(table, columns))};
}

std::optional<SqliteQuery> TraceDatabase::lookup(const std::string& table, std::string_view key,
                                                 const std::vector<std::string>& columns) {
  if (!has(table)) return std::nullopt;
  return file_.query(
      fmt::format("{} WHERE {} = ?", selection(table, columns), key == "rowid" ? "rowid" : sql_quoted(key)));
}

StringTable::StringTable(TraceDatabase& database, std::string table, std::string key, std::string value)
    : database_(database), table_(std::move(table)), key_(std::move(key)), value_(std::move(value)) {
  const auto found = database_.tables().find(table_);
  if (found == database_.tables().end()) return;
  is_by_row_ = std::any_of(found->second.begin(), found->second.end(), [&](const SqliteColumn& column) {
    return to_lower(column.name) == to_lower(key_) && column.is_row_number;
  });
  if (database_.has(table_, value_)) query_ = database_.lookup(table_, is_by_row_ ? key_ : "rowid", {value_});
}

// Of a table whose keys nothing leads to: tools that cut traces to size make such.
void StringTable::list_rows() {
  is_ready_ = true;
  if (is_by_row_) return;
  SqliteQuery all =
      database_.file().query(fmt::format("SELECT {}, rowid FROM {} NOT INDEXED", sql_quoted(key_), sql_quoted(table_)));
  while (all.next()) row_of_.emplace(all.row().integer(0), all.row().integer(1));
}

std::string_view StringTable::text(std::int64_t key) {
  if (!query_) return {};
  if (!is_ready_) list_rows();
  if (!is_by_row_) {
    const auto row = row_of_.find(key);
    if (row == row_of_.end()) return {};
    key = row->second;
  }
  query_->ask(key);
  if (query_->next()) return query_->row().bytes(0);
  if (const Status status = query_->status(); !status && !is_damaged_) {
    is_damaged_ = true;
    database_.tell_damage(fmt::format("the table {}: {}", table_, status.error().found));
  }
  return {};
}

void NumberMap::settle() {
  std::stable_sort(pairs_.begin(), pairs_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

std::optional<std::int64_t> NumberMap::find(std::int64_t key) const {
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), key,
                                   [](const auto& one, std::int64_t wanted) { return one.first < wanted; });
  return at != pairs_.end() && at->first == key ? std::optional(at->second) : std::nullopt;
}

NameId NameTable::of(std::string_view text, Named named) {
  std::string key(text.substr(0, kLongestName));
  const auto known = ids_.find(key);
  if (known != ids_.end()) return known->second;
  if (ids_.size() >= kMostNames || bytes_ + key.size() > kMostNameBytes) return kNoName;
  bytes_ += key.size();
  const auto id = static_cast<NameId>(ids_.size());
  sink_.name(id, {.text = key, .library = {}, .build_id = {}, .named = named});
  ids_.emplace(std::move(key), id);
  return id;
}

std::optional<std::int64_t> duration_between(std::int64_t start, std::int64_t end) {
  std::int64_t duration = 0;
  if (__builtin_sub_overflow(end, start, &duration) || duration < 0) return std::nullopt;
  return duration;
}

std::uint32_t number32(std::int64_t value) {
  return value >= 0 && value <= UINT32_MAX ? static_cast<std::uint32_t>(value) : 0;
}

}  // namespace varve
