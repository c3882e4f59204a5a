#include "archive/sqlite_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace varve {

namespace {
constexpr int kStep = 1000;  // instructions of SQLite's machine between two looks at the limits

// A file system of SQLite over a FileReader: reads only, no locks, no journal. One a connection, found by its own name.
struct ReaderFile {
  sqlite3_file base;
  const FileReader* reader;
};

const FileReader& reader_of(sqlite3_file* file) { return *reinterpret_cast<ReaderFile*>(file)->reader; }

int read_part(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
  const FileReader& reader = reader_of(file);
  const auto wanted = static_cast<std::uint64_t>(amount);
  const auto at = static_cast<std::uint64_t>(offset);
  const std::uint64_t there = at < reader.size() ? std::min(wanted, reader.size() - at) : 0;
  if (!reader.read(at, {static_cast<std::byte*>(into), there})) return SQLITE_IOERR_READ;
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
      *size = static_cast<sqlite3_int64>(reader_of(file).size());
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
  own->reader = static_cast<const FileReader*>(vfs->pAppData);
  if (out_flags != nullptr) *out_flags = SQLITE_OPEN_READONLY;
  return SQLITE_OK;
}

sqlite3_vfs reader_vfs(const FileReader& file, const char* name) {
  sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
  sqlite3_vfs vfs = {};
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(ReaderFile);
  vfs.mxPathname = 64;
  vfs.zName = name;
  vfs.pAppData = const_cast<FileReader*>(&file);
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

struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;
}  // namespace

struct SqliteFile::Connection {
  struct CloseDatabase {
    void operator()(sqlite3* opened) const { sqlite3_close(opened); }
  };

  Connection(const FileReader& file, const SqliteLimits& most)
      : name(fmt::format("varve-{}", fmt::ptr(this))),
        vfs(reader_vfs(file, name.c_str())),
        limits(most),
        until(std::chrono::steady_clock::now() + most.time) {
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) return;
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2("file:database?immutable=1", &opened, flags, name.c_str());
    database.reset(opened);
    if (status != SQLITE_OK) return;
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
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
    over = over || ++steps > limits.steps || std::chrono::steady_clock::now() > until;
    return over;
  }

  // False when it fails before its end.
  bool run(const std::string& text, const std::string& bound, const std::function<void(const SqliteRow&)>& row) {
    if (!usable || is_over()) return false;  // the handler is not called in short queries
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database.get(), text.c_str(), -1, &prepared, nullptr) != SQLITE_OK) return false;
    const Statement statement(prepared);
    if (!bound.empty()) sqlite3_bind_text(prepared, 1, bound.c_str(), static_cast<int>(bound.size()), SQLITE_STATIC);
    int status = sqlite3_step(prepared);
    for (; status == SQLITE_ROW; status = sqlite3_step(prepared)) {
      bytes += static_cast<std::uint64_t>(sqlite3_column_bytes(prepared, 0));
      if (bytes > limits.bytes) return false;
      row(SqliteRow(prepared));
    }
    return status == SQLITE_DONE;
  }

  std::string problem() const {
    if (over) return "it takes more work than any real one";
    if (bytes > limits.bytes) return "its rows are larger together than any real ones";
    return database ? clean_utf8(sqlite3_errmsg(database.get()), 200) : "it cannot be opened";
  }

  std::string name;
  sqlite3_vfs vfs;
  SqliteLimits limits;
  std::chrono::steady_clock::time_point until;
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

SqliteFile::SqliteFile(const FileReader& file, const SqliteLimits& limits)
    : connection_(std::make_unique<Connection>(file, limits)) {}

SqliteFile::~SqliteFile() = default;

Status SqliteFile::query(const std::string& text, const std::string& bound,
                         const std::function<void(const SqliteRow&)>& row) {
  if (connection_->run(text, bound, row)) return Done{};
  return Error{"reading a database of SQLite", "", connection_->problem(), "It is no such database, or it is damaged"};
}

}  // namespace varve
