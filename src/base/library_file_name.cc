#include "base/library_file_name.h"

namespace varve {

namespace {
constexpr std::size_t kDigest = 8;  // hexadecimal digits that auditwheel adds

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

bool begins_version(std::string_view after_dash) {
  if (after_dash.empty()) return false;
  if (is_decimal(after_dash[0])) return true;
  if (after_dash[0] == 'r' && after_dash.size() > 1 && is_decimal(after_dash[1])) return true;
  const std::string_view digest = after_dash.substr(0, kDigest);
  return digest.size() == kDigest && digest.find_first_not_of("0123456789abcdef") == digest.npos;
}
}  // namespace

std::string_view without_deleted_mark(std::string_view path) {
  if (path.ends_with(kDeletedMark)) path.remove_suffix(kDeletedMark.size());
  return path;
}

std::string_view library_file_stem(std::string_view path) {
  path = without_deleted_mark(path);
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::string_view stem = file.substr(0, file.find(".so"));
  for (std::size_t dash = stem.find('-'); dash != stem.npos; dash = stem.find('-', dash + 1)) {
    if (dash > 0 && begins_version(stem.substr(dash + 1))) return stem.substr(0, dash);
  }
  return stem.empty() ? file : stem;
}

LibraryFileName split_library_file_name(std::string_view path) {
  path = without_deleted_mark(path);
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const std::size_t suffix = file.find(".so.");
  return {std::string(library_file_stem(path)),
          std::string(suffix == file.npos ? std::string_view() : file.substr(suffix + 4))};
}

}  // namespace varve
