#include "harness/subject/server_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/redact.h"
#include "base/text.h"
#include "package/database/package_database.h"

namespace varve {

namespace {
constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 10;  // the redis.conf that Redis 7 comes with has 105 KiB
constexpr std::size_t kMostLines = 400;
constexpr std::size_t kMostLineBytes = 400;
constexpr std::string_view kEndings[] = {".conf", ".cfg", ".cnf",  ".ini",       ".toml",
                                         ".yaml", ".yml", ".json", ".properties"};
// More than names_a_secret asks: a setting that is hidden without need costs a line of an answer.
constexpr std::string_view kSecretParts[] = {"pass", "auth", "secret", "token", "cred", "key"};

bool is_comment(std::string_view line) {
  return line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
}

std::string shown_setting(std::string_view line, const std::string& home) {
  const std::size_t end = line.find_first_of(" \t=:");
  const std::string name = to_lower(line.substr(0, end));
  const bool hidden = std::any_of(std::begin(kSecretParts), std::end(kSecretParts),
                                  [&](std::string_view part) { return name.find(part) != std::string::npos; });
  if (hidden && end != std::string_view::npos) return clean_utf8(line.substr(0, end)) + " [redacted]";
  return redact_arguments({clean_utf8(line, kMostLineBytes)}, home)[0];
}
}  // namespace

std::vector<std::string> lines_of_settings(const std::string& path, const std::string& home) {
  struct stat status {};
  const bool of_settings = std::any_of(std::begin(kEndings), std::end(kEndings),
                                       [&](std::string_view ending) { return path.ends_with(ending); });
  if (!of_settings || stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) > kMostBytes) {
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (text.find('\0') != std::string::npos) return {};
  std::vector<std::string> lines;
  for (const std::string_view whole : split(text, '\n')) {
    const std::string_view line = trim(whole);
    if (line.empty() || is_comment(line)) continue;
    if (lines.size() == kMostLines) return {};
    lines.push_back(shown_setting(line, home));
  }
  return lines;
}

std::string package_of_program(const Files& files, const std::string& program) {
  std::vector<std::string> paths{program};
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(program.c_str(), nullptr), std::free);
  if (resolved && program != resolved.get()) paths.emplace_back(resolved.get());
  for (const std::string& path : paths) {  // a link belongs to a package of its own
    const std::optional<SystemPackage> owner = find_owner(files, {path}, {"*"});
    if (owner) return owner->manager + " " + owner->name + " " + owner->version;
  }
  return "";
}

}  // namespace varve
