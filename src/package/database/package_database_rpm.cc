#include "package/database/package_database_rpm.h"

#include <algorithm>

#include "archive/sqlite_file.h"
#include "base/text.h"
#include "tables/package_table.h"

namespace varve {

namespace {
constexpr std::uint32_t kMostEntries = 65536;
constexpr std::size_t kMostListedFiles = 262144;

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
  SqliteFile database(file);
  std::vector<std::int64_t> numbers;
  // The index of names, so that only the headers that are wanted are read.
  const Status listed = database.query("SELECT key, hnum FROM Name", "", [&](const SqliteRow& row) {
    if (matches_any(row.bytes(0), patterns)) numbers.push_back(row.integer(1));
  });
  if (!listed) return damaged(where, listed.error().found);
  std::vector<SystemPackage> packages;
  for (const std::int64_t number : numbers) {
    const auto keep = [&](const SqliteRow& row) {
      const std::optional<RpmHeader> header = parse_rpm_header(row.bytes(0));
      if (header && matches_any(header->name, patterns)) packages.push_back(header->package());
    };
    const char* query = "SELECT blob FROM Packages WHERE hnum = CAST(? AS INTEGER)";
    const Status read = database.query(query, std::to_string(number), keep);
    if (!read) return damaged(where, read.error().found);
  }
  return packages;
}

Result<std::optional<SystemPackage>> read_rpm_owner(const FileReader& file, const std::string& where,
                                                    const std::vector<std::string>& paths) {
  SqliteFile database(file);
  std::optional<SystemPackage> owner;
  for (const std::string& path : paths) {
    const auto keep = [&](const SqliteRow& row) {
      const std::optional<RpmHeader> header = owner ? std::nullopt : parse_rpm_header(row.bytes(0));
      if (header && header->owns(path)) owner = header->package();
    };
    const char* query = "SELECT blob FROM Packages WHERE hnum IN (SELECT hnum FROM Basenames WHERE key = ?)";
    const Status read = database.query(query, file_name(path), keep);
    if (!read) return damaged(where, read.error().found);
    if (owner) break;
  }
  return owner;
}

}  // namespace varve
