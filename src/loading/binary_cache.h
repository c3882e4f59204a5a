#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "world/file_reader.h"

namespace varve {

// $XDG_CACHE_HOME/varve, or ~/.cache/varve (XDG Base Directory Specification); empty without a home.
std::string user_cache_folder(const std::map<std::string, std::string>& environment);

// What stands for the bytes of a file without a build id (most of NVIDIA's libraries): its device, inode and times of
// change, which every write moves. Hexadecimal, longer than a build id; empty: of a part of a file, or of one that
// changed so lately that a write at the same time could hide (two seconds).
std::string file_identity(const FileReader& file);

// What passes over whole binaries found, kept between captures: one small JSON file a build id in the user's cache
// folder. A build id names the bytes of a file (GNU ld, --build-id), so nothing in it ever becomes stale; of a file
// without one its identity stands for it. The cache is trusted as far as the user's own folder is.
class BinaryCache {
 public:
  // `folder` is made when the first entry is written; empty: nothing is cached.
  explicit BinaryCache(std::string folder) : folder_(std::move(folder)) {}

  // `build_id`: or file_identity(). The entry of one question ("coverage", "api_level"); null when there is none or it
  // cannot be read.
  Json find(const std::string& build_id, std::uint64_t size, const std::string& question) const;
  // Keeps the answer beside those of other questions. A folder that cannot be written only costs time later.
  void keep(const std::string& build_id, std::uint64_t size, const std::string& question, const Json& answer) const;

 private:
  std::string path(const std::string& build_id, std::uint64_t size) const;

  std::string folder_;
};

}  // namespace varve
