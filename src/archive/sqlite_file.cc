#include "archive/sqlite_file.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace varve {

// The pages of a database, read ahead where they are read in their order.
struct SqlitePages {
  static constexpr std::size_t kAhead = std::size_t{1} << 18;

  const FileReader& reader;
  std::uint64_t last = 0;   // where it was read last
  std::uint64_t end = 0;    // of the last read
  std::uint64_t given = 0;  // bytes in all, those that were read again counted again
  std::vector<std::byte> ahead = {};
  std::uint64_t ahead_at = 0;

  bool read(std::uint64_t at, std::span<std::byte> into) {
    const bool in_order = at == end;
    last = at;
    end = at + into.size();
    given += into.size();
    if (at >= ahead_at && end <= ahead_at + ahead.size()) {
      std::copy_n(ahead.begin() + static_cast<std::ptrdiff_t>(at - ahead_at), into.size(), into.begin());
      return true;
    }
    if (!in_order || into.size() >= kAhead) return reader.read(at, into);
    ahead.resize(std::min<std::uint64_t>(kAhead, reader.size() - at));
    ahead_at = at;
    if (!reader.read(at, ahead)) {
      ahead.clear();
      return reader.read(at, into);
    }
    std::copy_n(ahead.begin(), into.size(), into.begin());
    return true;
  }

  // What SQLite is told. It reads nothing of a file that is shorter than its header says; so that what there is of a
  // truncated one can be read, it gets the header's size, and pages of zeroes where nothing is.
  std::uint64_t stated_size() const {
    std::array<std::byte, 100> header;
    if (!reader.read(0, header)) return reader.size();
    const auto number = [&](std::size_t at) { return std::to_integer<std::uint64_t>(header[at]); };
    const std::uint64_t page = number(16) << 8 | number(17);
    const std::uint64_t pages = number(28) << 24 | number(29) << 16 | number(30) << 8 | number(31);
    // The number of pages holds when whoever changed the file last knew of it (SQLite file format, 1.3.7).
    const bool holds = std::memcmp(&header[24], &header[92], 4) == 0;
    return holds ? std::max(reader.size(), pages * (page == 1 ? 65536 : page)) : reader.size();
  }
};

struct FinishSqlite {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinishSqlite>;

namespace {
constexpr int kStep = 1000;  // instructions of SQLite's machine between two looks at the limits

// A file system of SQLite over a FileReader: reads only, no locks, no journal. One a connection, found by its own name.
struct ReaderFile {
  sqlite3_file base;
  SqlitePages* pages;
};

SqlitePages& pages_of(sqlite3_file* file) { return *reinterpret_cast<ReaderFile*>(file)->pages; }

int read_part(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
  SqlitePages& pages = pages_of(file);
  const auto wanted = static_cast<std::uint64_t>(amount);
  const auto at = static_cast<std::uint64_t>(offset);
  const std::uint64_t size = pages.reader.size();
  // Of a page of which a part is gone nothing is given: what rows it had would have other values.
  const bool whole = at < size && wanted <= size - at;
  const std::uint64_t there = whole || at == 0 ? std::min(wanted, size) : 0;
  if (!pages.read(at, {static_cast<std::byte*>(into), there})) return SQLITE_IOERR_READ;
  if (there == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(into) + there, 0, wanted - there);
  return SQLITE_IOERR_SHORT_READ;
}

const sqlite3_io_methods* reader_methods() {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made = {};
    made.iVersion = 1;
    made.xClose = [](sqlite3_file*) { return SQLITE_OK; };
    made.xRead = read_part;
    made.xWrite = [](sqlite3_file*, const void*, int, sqlite3_int64) { return SQLITE_READONLY; };
    made.xTruncate = [](sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; };
    made.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
    made.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
      *size = static_cast<sqlite3_int64>(pages_of(file).stated_size());
      return SQLITE_OK;
    };
    made.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
    made.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
    made.xCheckReservedLock = [](sqlite3_file*, int* held) {
      *held = 0;
      return SQLITE_OK;
    };
    made.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
    made.xSectorSize = [](sqlite3_file*) { return 4096; };
    made.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_IMMUTABLE; };
    return made;
  }();
  return &methods;
}

int open_reader(sqlite3_vfs* vfs, const char*, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;  // no temporary files
  auto* own = reinterpret_cast<ReaderFile*>(file);
  own->base.pMethods = reader_methods();
  own->pages = static_cast<SqlitePages*>(vfs->pAppData);
  if (out_flags != nullptr) *out_flags = SQLITE_OPEN_READONLY;
  return SQLITE_OK;
}

sqlite3_vfs reader_vfs(SqlitePages& pages, const char* name) {
  sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
  sqlite3_vfs vfs = {};
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(ReaderFile);
  vfs.mxPathname = 64;
  vfs.zName = name;
  vfs.pAppData = &pages;
  vfs.xOpen = open_reader;
  vfs.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_READONLY; };
  vfs.xAccess = [](sqlite3_vfs*, const char*, int, int* there) {
    *there = 0;
    return SQLITE_OK;
  };
  vfs.xFullPathname = [](sqlite3_vfs*, const char* path, int size, char* full) {
    sqlite3_snprintf(size, full, "%s", path);
    return SQLITE_OK;
  };
  vfs.xRandomness = usual->xRandomness;
  vfs.xSleep = usual->xSleep;
  vfs.xCurrentTime = usual->xCurrentTime;
  vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  return vfs;
}

// What this thread has computed so far. Time on the wall would make what is read of a file depend on what else the
// machine does.
std::chrono::nanoseconds spent_time() {
  timespec spent = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}
}  // namespace

struct SqliteFile::Connection {
  struct CloseDatabase {
    void operator()(sqlite3* opened) const { sqlite3_close(opened); }
  };

  Connection(const FileReader& file, const SqliteLimits& most)
      : name(fmt::format("varve-{}", fmt::ptr(this))),
        pages{file},
        vfs(reader_vfs(pages, name.c_str())),
        limits(most),
        until(spent_time() + most.time) {
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) return;
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2("file:database?immutable=1", &opened, flags, name.c_str());
    database.reset(opened);
    if (status != SQLITE_OK) return;
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_drop_modules(opened, nullptr);  // virtual tables
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, static_cast<int>(limits.value));
    sqlite3_progress_handler(
        opened, kStep, [](void* self) { return static_cast<Connection*>(self)->is_over() ? 1 : 0; }, this);
    sqlite3_exec(opened, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2048; PRAGMA cell_size_check=1", nullptr,
                 nullptr, nullptr);
    usable = true;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    database.reset();
    sqlite3_vfs_unregister(&vfs);
  }

  bool is_over() {
    over = over || ++steps > limits.steps || spent_time() > until;
    return over;
  }

  // Null when there is nothing to be read by it; then problem() says why.
  SqliteStatement prepare(const std::string& text) {
    if (!usable || is_over()) return nullptr;  // the handler is not called in short queries
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database.get(), text.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return nullptr;
    return SqliteStatement(prepared);
  }

  // SQLITE_ROW, SQLITE_DONE, or anything else for a failure.
  int step(sqlite3_stmt* statement) {
    const int status = sqlite3_step(statement);
    if (status != SQLITE_ROW) return status;
    const int type = sqlite3_column_type(statement, 0);
    if (type != SQLITE_TEXT && type != SQLITE_BLOB) return status;
    bytes += static_cast<std::uint64_t>(sqlite3_column_bytes(statement, 0));
    return bytes > limits.bytes ? SQLITE_TOOBIG : status;
  }

  // False when it fails before its end.
  bool run(const std::string& text, const std::string& bound, const std::function<void(const SqliteRow&)>& row) {
    const SqliteStatement statement = prepare(text);
    sqlite3_stmt* prepared = statement.get();
    if (prepared == nullptr) return false;
    if (!bound.empty()) sqlite3_bind_text(prepared, 1, bound.c_str(), static_cast<int>(bound.size()), SQLITE_STATIC);
    int status = step(prepared);
    for (; status == SQLITE_ROW; status = step(prepared)) row(SqliteRow(prepared));
    return status == SQLITE_DONE;
  }

  Error error() const {
    return {"reading a database of SQLite", "", problem(), "It is no such database, or it is damaged"};
  }

  std::string problem() const {
    if (over) return "it takes more work than any real one";
    if (bytes > limits.bytes) return "its rows are larger together than any real ones";
    return database ? clean_utf8(sqlite3_errmsg(database.get()), 200) : "it cannot be opened";
  }

  std::string name;
  SqlitePages pages;
  sqlite3_vfs vfs;
  SqliteLimits limits;
  std::chrono::nanoseconds until;  // of what the thread has spent
  std::unique_ptr<sqlite3, CloseDatabase> database = {};
  int steps = 0;
  bool over = false, usable = false;
  std::uint64_t bytes = 0;
};

std::string_view SqliteRow::bytes(int column) const {
  const void* start = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return start == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(start), static_cast<std::size_t>(size));
}

std::int64_t SqliteRow::integer(int column) const { return sqlite3_column_int64(statement_, column); }

bool SqliteRow::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

SqliteLimits SqliteLimits::for_whole(std::uint64_t file_bytes) {
  // A row takes a byte or more for each of its columns, and a handful of instructions to read one: eight for each byte
  // are enough to read everything several times.
  SqliteLimits limits;
  limits.steps += static_cast<int>(std::min<std::uint64_t>(file_bytes / 125, INT32_MAX / 2));
  limits.time += std::chrono::seconds(file_bytes >> 22);  // 4 MiB a second
  limits.bytes += file_bytes;
  return limits;
}

struct SqliteQuery::State {
  SqliteFile::Connection* connection;
  SqliteStatement statement;
  int last = SQLITE_OK;
  std::string problem = {};
};

SqliteQuery::SqliteQuery(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqliteQuery::SqliteQuery(SqliteQuery&&) noexcept = default;
SqliteQuery& SqliteQuery::operator=(SqliteQuery&&) noexcept = default;
SqliteQuery::~SqliteQuery() = default;

bool SqliteQuery::next() {
  State& state = *state_;
  if (state.statement == nullptr || (state.last != SQLITE_ROW && state.last != SQLITE_OK)) return false;
  state.last = state.connection->step(state.statement.get());
  if (state.last != SQLITE_ROW && state.last != SQLITE_DONE) state.problem = state.connection->problem();
  return state.last == SQLITE_ROW;
}

SqliteRow SqliteQuery::row() const { return SqliteRow(state_->statement.get()); }

void SqliteQuery::ask(std::int64_t number) {
  if (state_->statement == nullptr || state_->connection->over) return;
  sqlite3_reset(state_->statement.get());
  sqlite3_bind_int64(state_->statement.get(), 1, number);
  state_->last = SQLITE_OK;
  state_->problem.clear();
}

Status SqliteQuery::status() const {
  if (state_->problem.empty()) return Done{};
  return Error{"reading a database of SQLite", "", state_->problem, "It is damaged"};
}

SqliteFile::SqliteFile(const FileReader& file, const SqliteLimits& limits)
    : connection_(std::make_unique<Connection>(file, limits)) {}

SqliteFile::~SqliteFile() = default;

Status SqliteFile::query(const std::string& text, const std::string& bound,
                         const std::function<void(const SqliteRow&)>& row) {
  if (connection_->run(text, bound, row)) return Done{};
  return connection_->error();
}

SqliteQuery SqliteFile::query(const std::string& text) {
  auto state =
      std::unique_ptr<SqliteQuery::State>(new SqliteQuery::State{connection_.get(), connection_->prepare(text)});
  if (state->statement == nullptr) state->problem = connection_->problem();
  return SqliteQuery(std::move(state));
}

std::vector<std::string> SqliteFile::tables() {
  std::vector<std::string> names;
  SqliteQuery query = this->query("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0");
  while (query.next()) names.emplace_back(query.row().bytes(0));
  return names;
}

std::vector<SqliteColumn> SqliteFile::columns(const std::string& table) {
  std::vector<SqliteColumn> found;
  std::string quoted;
  for (const char c : table) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  SqliteQuery query = this->query(fmt::format("PRAGMA table_info('{}')", quoted));
  int keys = 0;
  while (query.next()) {
    const SqliteRow row = query.row();
    const bool is_key = row.integer(5) > 0;
    keys += is_key ? 1 : 0;
    found.push_back({std::string(row.bytes(1)), is_key && to_lower(row.bytes(2)) == "integer"});
  }
  if (keys > 1) {
    for (SqliteColumn& column : found) column.is_row_number = false;
  }
  return found;
}

std::uint64_t SqliteFile::position() const { return connection_->pages.last; }

std::uint64_t SqliteFile::bytes_read() const { return connection_->pages.given; }

std::uint64_t SqliteFile::stated_size() const { return connection_->pages.stated_size(); }

}  // namespace varve
