#include "binary/elf/static_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/text.h"

namespace varve {
namespace {

constexpr std::string_view kMagic = "!<arch>\n", kThinMagic = "!<thin>\n";
constexpr std::string_view kBsdIndex = "__.SYMDEF";  // and "__.SYMDEF SORTED"
constexpr std::size_t kHeaderSize = 60;
constexpr std::uint64_t kMostLongNames = 16 * 1024 * 1024;
constexpr std::size_t kMostMemberName = 4096;

Error broken_archive(const std::string& where, std::string found) {
  return {"reading a static library", where, std::move(found), "the file is damaged or cut short; install it again"};
}

// "/12": the text at 12 of the member "//", up to "/\n".
std::string long_name(const std::string& names, std::string_view field) {
  const auto offset = parse_integer(field.substr(1));
  if (!offset || *offset < 0 || static_cast<std::uint64_t>(*offset) >= names.size()) return std::string(field);
  const std::string_view rest = std::string_view(names).substr(static_cast<std::size_t>(*offset));
  std::string_view name = rest.substr(0, std::min(rest.find('\n'), kMostMemberName));
  if (name.ends_with('/')) name.remove_suffix(1);
  return clean_utf8(name);
}

}  // namespace

bool is_archive(const FileReader& file) {
  std::array<char, 8> magic{};
  if (!file.read_value(0, magic)) return false;
  const std::string_view text(magic.data(), magic.size());
  return text == kMagic || text == kThinMagic;
}

Status for_each_member(const FileReader& file, const std::string& where,
                       const std::function<void(const std::string& name, const FileReader& member)>& visit) {
  std::array<char, 8> magic{};
  if (!file.read_value(0, magic)) return broken_archive(where, "it is no static library");
  if (std::string_view(magic.data(), magic.size()) == kThinMagic) {
    return Error{"reading a static library", where, "it is a thin archive: its members are files elsewhere",
                 "give those files instead"};
  }
  if (std::string_view(magic.data(), magic.size()) != kMagic) return broken_archive(where, "it is no static library");
  std::string names;
  std::uint64_t at = kMagic.size();
  while (file.holds(at, kHeaderSize)) {
    std::array<char, kHeaderSize> header{};
    if (!file.read_value(at, header)) return broken_archive(where, "it cannot be read");
    const std::string_view text(header.data(), header.size());
    const auto size = parse_integer(trim(text.substr(48, 10)));
    if (text.substr(58) != "`\n" || !size || *size < 0) {
      return broken_archive(where, fmt::format("byte {} begins no member", at));
    }
    at += kHeaderSize;
    auto member = file.part(at, static_cast<std::uint64_t>(*size));
    if (!member) return broken_archive(where, fmt::format("the member before byte {} ends outside the file", at));
    at += static_cast<std::uint64_t>(*size) + static_cast<std::uint64_t>(*size) % 2;
    const std::string_view field = trim(text.substr(0, 16));
    if (field == "//") {
      names = member->start(0, static_cast<std::size_t>(std::min(member->size(), kMostLongNames))).value_or("");
    } else if (field.starts_with("#1/")) {
      const auto length = parse_integer(field.substr(3));
      if (!length || *length < 0 || !member->holds(0, static_cast<std::uint64_t>(*length))) {
        return broken_archive(where, fmt::format("the name of the member before byte {} ends outside it", at));
      }
      const auto name_size = static_cast<std::uint64_t>(*length);
      const std::string name = member->start(0, std::min<std::size_t>(name_size, kMostMemberName)).value_or("");
      if (!name.starts_with(kBsdIndex)) {
        visit(clean_utf8(name.substr(0, name.find('\0'))), *member->part(name_size, member->size() - name_size));
      }
    } else if (field.size() > 1 && field[0] == '/' && field[1] >= '0' && field[1] <= '9') {
      visit(long_name(names, field), *member);
    } else if (!field.starts_with('/') && !field.starts_with(kBsdIndex)) {
      visit(clean_utf8(field.substr(0, field.find('/'))), *member);
    }
  }
  return Done{};
}

}  // namespace varve
