#include "package/package_database_rpm.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>

#include "base/text.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::uint32_t kMostEntries = 65536;
constexpr std::size_t kMostListedFiles = 262144;
constexpr int kMostSteps = 20'000;             // queries and calls of the progress handler
constexpr int kStep = 1000;                    // instructions of SQLite's machine
constexpr std::chrono::seconds kMostTime{20};  // one instruction can do much: a generated column that hashes megabytes
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // of all rows read: many may share the pages of one
constexpr std::size_t kMostBlob = std::size_t{64} << 20;

// Tags of rpm's include/rpm/rpmtag.h.
enum Tag : std::uint32_t { kName = 1000, kVersion = 1001, kRelease = 1002, kEpoch = 1003 };
enum FileTag : std::uint32_t { kDirectoryIndexes = 1116, kBaseNames = 1117, kDirectoryNames = 1118 };
enum Type : std::uint32_t { kInt32 = 4, kString = 6, kStringArray = 8 };

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Entry {
  std::uint32_t tag, type, count;
  std::string_view data;  // from its offset to the end of all data
};

std::vector<std::string> strings(const Entry& entry) {
  std::vector<std::string> values;
  std::string_view rest = entry.data;
  for (std::uint32_t i = 0; i < entry.count && values.size() < kMostListedFiles; ++i) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) break;
    values.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return values;
}

std::vector<std::uint32_t> numbers(const Entry& entry) {
  std::vector<std::uint32_t> values;
  const std::size_t count = std::min<std::size_t>({entry.count, entry.data.size() / 4, kMostListedFiles});
  for (std::size_t i = 0; i < count; ++i) values.push_back(big_endian(entry.data, i * 4));
  return values;
}

std::string first_string(const Entry& entry) {
  const std::size_t end = entry.data.find('\0');
  return end == std::string_view::npos ? std::string() : clean_utf8(entry.data.substr(0, end), 128);
}

// Each tag once: a header holds no tag twice, and thousands may point at the same megabytes.
bool is_first(std::uint32_t tag, std::vector<std::uint32_t>& seen) {
  static constexpr std::uint32_t kWanted[] = {kName,      kVersion,       kRelease, kEpoch, kDirectoryIndexes,
                                              kBaseNames, kDirectoryNames};
  if (std::find(std::begin(kWanted), std::end(kWanted), tag) == std::end(kWanted)) return false;
  if (std::find(seen.begin(), seen.end(), tag) != seen.end()) return false;
  seen.push_back(tag);
  return true;
}

void take(RpmHeader& header, const Entry& entry) {
  if (entry.type == kString && entry.tag == kName) header.name = first_string(entry);
  if (entry.type == kString && entry.tag == kVersion) header.version = first_string(entry);
  if (entry.type == kString && entry.tag == kRelease) header.release = first_string(entry);
  if (entry.type == kStringArray && entry.tag == kBaseNames) header.base_names = strings(entry);
  if (entry.type == kStringArray && entry.tag == kDirectoryNames) header.directories = strings(entry);
  if (entry.type == kInt32 && entry.tag == kDirectoryIndexes) header.directory_of = numbers(entry);
  if (entry.type == kInt32 && entry.tag == kEpoch && entry.data.size() >= 4) header.epoch = big_endian(entry.data, 0);
}

// SQLite over a FileReader: reads only, no locks, no journal. One file system a connection, found by its own name.
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

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinishStatement>;

// A connection for a file that may be hostile: nothing in its schema is run, and the work is bounded.
class Database {
 public:
  explicit Database(const FileReader& file) : name_(fmt::format("varve-{}", fmt::ptr(this))) {
    vfs_ = reader_vfs(file, name_.c_str());
    if (sqlite3_vfs_register(&vfs_, 0) != SQLITE_OK) return;
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2("file:rpmdb?immutable=1", &opened, flags, name_.c_str());
    database_.reset(opened);
    if (status != SQLITE_OK) return;
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, static_cast<int>(kMostBlob));
    sqlite3_progress_handler(
        opened, kStep, [](void* database) { return static_cast<Database*>(database)->is_over() ? 1 : 0; }, this);
    sqlite3_exec(opened, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2048; PRAGMA cell_size_check=1", nullptr,
                 nullptr, nullptr);
    usable_ = true;
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    database_.reset();
    sqlite3_vfs_unregister(&vfs_);
  }

  // Runs a query with one text bound; false when it fails before its end.
  bool query(const char* text, const std::string& bound, const std::function<void(sqlite3_stmt*)>& row) {
    if (!usable_ || is_over()) return false;  // the handler is not called in short queries
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(database_.get(), text, -1, &prepared, nullptr) != SQLITE_OK) return false;
    const Statement statement(prepared);
    if (!bound.empty()) sqlite3_bind_text(prepared, 1, bound.c_str(), static_cast<int>(bound.size()), SQLITE_STATIC);
    int status = sqlite3_step(prepared);
    for (; status == SQLITE_ROW; status = sqlite3_step(prepared)) {
      bytes_ += static_cast<std::uint64_t>(sqlite3_column_bytes(prepared, 0));
      if (bytes_ > kMostBytes) return false;
      row(prepared);
    }
    return status == SQLITE_DONE;
  }

  std::string problem() const {
    if (over_) return "it takes more work than any real one";
    if (bytes_ > kMostBytes) return "its rows are more than 1 GiB together";
    return database_ ? clean_utf8(sqlite3_errmsg(database_.get()), 200) : "it cannot be opened";
  }

 private:
  bool is_over() {
    over_ = over_ || ++steps_ > kMostSteps || std::chrono::steady_clock::now() > until_;
    return over_;
  }

  std::string name_;
  sqlite3_vfs vfs_ = {};
  std::unique_ptr<sqlite3, CloseDatabase> database_;
  int steps_ = 0;
  bool over_ = false;
  std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::now() + kMostTime;
  std::uint64_t bytes_ = 0;
  bool usable_ = false;
};

std::string_view blob_column(sqlite3_stmt* statement, int column) {
  const void* bytes = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

Error damaged(const std::string& where, const std::string& found) {
  return {"reading the database of rpm", where, found, "Rebuild it: rpmdb --rebuilddb"};
}
}  // namespace

bool RpmHeader::owns(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view directory = path.substr(0, slash + 1), base = path.substr(slash + 1);
  for (std::size_t i = 0; i < std::min(base_names.size(), directory_of.size()); ++i) {
    if (base_names[i] == base && directory_of[i] < directories.size() && directories[directory_of[i]] == directory) {
      return true;
    }
  }
  return false;
}

SystemPackage RpmHeader::package() const {
  return {name, (epoch > 0 ? std::to_string(epoch) + ":" : "") + version + (release.empty() ? "" : "-" + release),
          "rpm"};
}

std::optional<RpmHeader> parse_rpm_header(std::string_view blob) {
  if (blob.size() < 8) return std::nullopt;
  const std::uint32_t count = big_endian(blob, 0), length = big_endian(blob, 4);
  if (count == 0 || count > kMostEntries) return std::nullopt;
  const std::size_t start = 8 + std::size_t{count} * 16;
  if (start > blob.size() || length > blob.size() - start) return std::nullopt;
  const std::string_view data = blob.substr(start, length);
  RpmHeader header;
  std::vector<std::uint32_t> seen;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t at = 8 + std::size_t{i} * 16;
    const std::uint32_t tag = big_endian(blob, at), offset = big_endian(blob, at + 8);
    if (offset > data.size() || !is_first(tag, seen)) continue;
    take(header, {tag, big_endian(blob, at + 4), big_endian(blob, at + 12), data.substr(offset)});
  }
  return header.name.empty() ? std::nullopt : std::optional(header);
}

Result<std::vector<SystemPackage>> read_rpm_packages(const FileReader& file, const std::string& where,
                                                     const std::vector<std::string>& patterns) {
  Database database(file);
  std::vector<sqlite3_int64> numbers;
  // The index of names, so that only the headers that are wanted are read.
  const bool listed = database.query("SELECT key, hnum FROM Name", "", [&](sqlite3_stmt* row) {
    if (matches_any(blob_column(row, 0), patterns)) numbers.push_back(sqlite3_column_int64(row, 1));
  });
  if (!listed) return damaged(where, database.problem());
  std::vector<SystemPackage> packages;
  for (const sqlite3_int64 number : numbers) {
    const auto keep = [&](sqlite3_stmt* row) {
      const std::optional<RpmHeader> header = parse_rpm_header(blob_column(row, 0));
      if (header && matches_any(header->name, patterns)) packages.push_back(header->package());
    };
    if (!database.query("SELECT blob FROM Packages WHERE hnum = CAST(? AS INTEGER)", std::to_string(number), keep)) {
      return damaged(where, database.problem());
    }
  }
  return packages;
}

Result<std::optional<SystemPackage>> read_rpm_owner(const FileReader& file, const std::string& where,
                                                    const std::vector<std::string>& paths) {
  Database database(file);
  std::optional<SystemPackage> owner;
  for (const std::string& path : paths) {
    const auto keep = [&](sqlite3_stmt* row) {
      const std::optional<RpmHeader> header = owner ? std::nullopt : parse_rpm_header(blob_column(row, 0));
      if (header && header->owns(path)) owner = header->package();
    };
    const std::string name = path.substr(path.rfind('/') + 1);
    if (!database.query("SELECT blob FROM Packages WHERE hnum IN (SELECT hnum FROM Basenames WHERE key = ?)", name,
                        keep)) {
      return damaged(where, database.problem());
    }
    if (owner) break;
  }
  return owner;
}

}  // namespace varve
