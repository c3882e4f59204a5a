#include "loading/binary_cache.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "world/world.h"

namespace varve {

namespace {
// Raised when the meaning of an answer changes.
constexpr const char* kFormat = "varve/binary-cache/1";
constexpr std::uintmax_t kMostBytes = std::uintmax_t{16} << 20;

Json read_entry(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > kMostBytes) return Json::object();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const Result<Json> json = parse_json(text.str(), "reading the cache", path);
  const bool usable = json && json->is_object() && json->contains("format") && json->at("format") == kFormat;
  return usable ? *json : Json::object();
}
}  // namespace

std::string user_cache_folder(const std::map<std::string, std::string>& environment) {
  const std::string stated = environment_value(environment, "XDG_CACHE_HOME");
  if (stated.starts_with('/')) return stated + "/varve";
  const std::string home = environment_value(environment, "HOME");
  return home.starts_with('/') ? home + "/.cache/varve" : "";
}

std::string file_identity(const FileReader& file) {
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0 || file.position() != 0) return {};
  if (static_cast<std::uint64_t>(status.st_size) != file.size()) return {};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  constexpr std::int64_t kSettled = 2;
  if (seconds - status.st_ctim.tv_sec < kSettled) return {};
  const auto stamp = [](const timespec& time) { return fmt::format("{:x}{:08x}", time.tv_sec, time.tv_nsec); };
  return fmt::format("{:016x}{:016x}{}{}", status.st_dev, status.st_ino, stamp(status.st_mtim), stamp(status.st_ctim));
}

std::string BinaryCache::path(const std::string& build_id, std::uint64_t size) const {
  const bool plain = build_id.size() >= 8 && build_id.find_first_not_of("0123456789abcdef") == std::string::npos;
  return folder_.empty() || !plain ? "" : fmt::format("{}/{}-{}.json", folder_, build_id, size);
}

Json BinaryCache::find(const std::string& build_id, std::uint64_t size, const std::string& question) const {
  const std::string file = path(build_id, size);
  if (file.empty()) return nullptr;
  const Json entry = read_entry(file);
  const auto answer = entry.find(question);
  return answer == entry.end() ? Json(nullptr) : *answer;
}

void BinaryCache::keep(const std::string& build_id, std::uint64_t size, const std::string& question,
                       const Json& answer) const {
  const std::string file = path(build_id, size);
  if (file.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  Json entry = read_entry(file);
  entry["format"] = kFormat;
  entry[question] = answer;
  const std::string temporary = fmt::format("{}.{}", file, ::getpid());
  std::ofstream out(temporary, std::ios::binary);
  out << canonical_json(entry);
  out.close();
  if (out) std::filesystem::rename(temporary, file, error);
  if (!out || error) std::filesystem::remove(temporary, error);
}

}  // namespace varve
