#include "harness/subject/file_digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/hash.h"
#include "world/file_reader.h"

namespace varve {

std::string file_digest(const std::string& path, std::uint64_t cap) {
  const FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file || fstat(file.fd(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  Hash hash;
  std::vector<char> buffer(65536);
  std::uint64_t total = 0;
  while (true) {
    const ssize_t count = read(file.fd(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return "";
    if (count == 0) break;
    total += static_cast<std::uint64_t>(count);
    if (total > cap) return "";
    hash.add(buffer.data(), static_cast<std::size_t>(count));
  }
  return hash.hex();
}

}  // namespace varve
