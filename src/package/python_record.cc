#include "package/python_record.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace varve {

namespace {
constexpr std::uint64_t kMostRecord = std::uint64_t{256} << 20;
constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::size_t kMostRow = std::size_t{64} << 10;
}  // namespace

std::optional<std::uint64_t> RecordRow::size() const {
  const std::size_t comma = content.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::optional<std::int64_t> size = parse_integer(content.substr(comma + 1));
  return size && *size >= 0 ? std::optional(static_cast<std::uint64_t>(*size)) : std::nullopt;
}

RecordRow record_row(std::string_view row, std::string& unquoted) {
  if (row.ends_with('\r')) row.remove_suffix(1);
  const auto behind = [&](std::size_t at) { return at < row.size() && row[at] == ',' ? row.substr(at + 1) : ""; };
  if (!row.starts_with('"')) {
    const std::size_t end = std::min(row.find(','), row.size());
    return {row.substr(0, end), behind(end)};
  }
  unquoted.clear();
  for (std::size_t i = 1; i < row.size(); ++i) {
    if (row[i] != '"') {
      unquoted += row[i];
    } else if (i + 1 < row.size() && row[i + 1] == '"') {
      unquoted += '"';
      ++i;
    } else {
      return {unquoted, behind(i + 1)};
    }
  }
  return {};  // the quotes do not end on this line: no file of a package has a line end in its name
}

Status read_record(const FileReader& file, const std::string& where, const std::function<void(std::string_view)>& use) {
  return read_record_rows(file, where, [&](const RecordRow& row) { use(row.path); });
}

Status read_record_rows(const FileReader& file, const std::string& where,
                        const std::function<void(const RecordRow&)>& use) {
  const auto failed = [&](const char* found) {
    return Error{"reading a package's list of files", where, found, "Install the package again"};
  };
  if (file.size() > kMostRecord) return failed("it is larger than 256 MiB");
  std::string carried, unquoted;
  bool too_long = false;
  for (std::uint64_t offset = 0; offset < file.size();) {
    const std::optional<std::string> piece = file.start(offset, kPiece);
    if (!piece || piece->empty()) return failed("it cannot be read to its end");
    offset += piece->size();
    std::size_t begin = 0;
    for (std::size_t end = piece->find('\n'); end != std::string::npos; end = piece->find('\n', begin)) {
      std::string_view row = std::string_view(*piece).substr(begin, end - begin);
      if (!carried.empty()) row = carried.append(row);
      if (!too_long && row.size() <= kMostRow) use(record_row(row, unquoted));
      carried.clear();
      too_long = false;
      begin = end + 1;
    }
    carried.append(*piece, begin);
    if (carried.size() > kMostRow) {
      carried.clear();
      too_long = true;
    }
  }
  if (!carried.empty() && !too_long) use(record_row(carried, unquoted));
  return Done{};
}

std::string path_below(std::string_view folder, std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return {};
  std::vector<std::string_view> parts = split(folder, '/');
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
      continue;
    }
    if (parts.empty() || parts.back().empty()) return {};
    parts.pop_back();
  }
  std::string result;
  for (const std::string_view part : parts) {
    if (!part.empty()) result.append("/").append(part);
  }
  return result;
}

bool is_shared_library_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t at = name.find(".so");
  if (at == std::string_view::npos) return false;
  const std::string_view rest = name.substr(at + 3);
  return rest.empty() || (rest.size() > 1 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9');
}

}  // namespace varve
