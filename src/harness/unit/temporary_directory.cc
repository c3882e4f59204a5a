#include "harness/unit/temporary_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace varve {

Result<TemporaryDirectory> TemporaryDirectory::make() {
  const char* chosen = std::getenv("TMPDIR");
  std::string path = chosen != nullptr && chosen[0] == '/' ? chosen : "/tmp";
  path += "/varve-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return Error{"making a directory for the program's metrics", path.substr(0, path.rfind('/')), std::strerror(errno),
                 "set TMPDIR to a directory that can be written"};
  }
  return TemporaryDirectory(std::move(path));
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace varve
