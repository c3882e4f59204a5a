#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "package/database/package_database.h"
#include "world/file_reader.h"

namespace varve {

// What a header of an rpm database says. Format: index entries of 16 bytes (tag, type, offset, count) behind two
// numbers, entry count and data length, then the data; everything big-endian (rpm's docs/manual/hregions.md,
// lib/header.c).
struct RpmHeader {
  std::string name, version, release;
  std::uint32_t epoch = 0;
  std::vector<std::string> base_names, directories;
  std::vector<std::uint32_t> directory_of;  // for each base name an index into directories

  bool owns(std::string_view path) const;
  SystemPackage package() const;
};

// Nothing: it is no such header. Of more than 262 144 files only the first are read.
std::optional<RpmHeader> parse_rpm_header(std::string_view blob);

// The packages of an rpmdb.sqlite whose names match. SQLite reads the pages it needs through `file`; the database is
// taken as it is, without its write-ahead log. Error: it is no such database, or damaged.
Result<std::vector<SystemPackage>> read_rpm_packages(const FileReader& file, const std::string& where,
                                                     const std::vector<std::string>& patterns);

// The package that has one of the paths.
Result<std::optional<SystemPackage>> read_rpm_owner(const FileReader& file, const std::string& where,
                                                    const std::vector<std::string>& paths);

}  // namespace varve
