#include "binary/loader/loader_configuration.h"

#include <fnmatch.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace varve {
namespace {

constexpr std::size_t kMostOfConfiguration = std::size_t{64} << 10;
constexpr std::size_t kMostConfigured = 256;
constexpr int kMostIncludesDeep = 4;
constexpr int kMostSteps = 1000;  // files and patterns in all: files that include one another multiply

class Configuration {
 public:
  explicit Configuration(const Files& files) : files_(files) {}

  void read(const std::string& path, int depth) {
    if (++steps_ > kMostSteps) return;
    const Looked<std::string> text = files_.read(path, kMostOfConfiguration);
    if (!text) return;
    for (std::string_view line : split(*text, '\n')) {
      line = trim(line.substr(0, line.find('#')));
      if (line.starts_with("include ") || line.starts_with("include\t")) {
        for (const std::string_view pattern : split(trim(line.substr(8)), ' ')) include(path, pattern, depth);
      } else if (line.starts_with('/')) {
        add(line.substr(0, line.find_first_of("= \t")));  // "/lib=libc6" of old
      }
    }
  }
  std::vector<std::string> take() { return std::move(directories_); }

 private:
  // A relative pattern starts where the file lies.
  void include(const std::string& from, std::string_view pattern, int depth) {
    if (depth >= kMostIncludesDeep || pattern.empty() || ++steps_ > kMostSteps) return;
    std::string whole(pattern);
    if (!whole.starts_with('/')) whole = from.substr(0, from.rfind('/') + 1) + whole;
    const std::string folder = whole.substr(0, whole.rfind('/')), name = whole.substr(whole.rfind('/') + 1);
    std::vector<std::string> names = files_.list(folder).value.value_or(std::vector<std::string>{});
    std::sort(names.begin(), names.end());
    for (const std::string& one : names) {
      if (::fnmatch(name.c_str(), one.c_str(), FNM_PERIOD) == 0) read(folder + "/" + one, depth + 1);
    }
  }

  void add(std::string_view directory) {
    while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
    if (directories_.size() >= kMostConfigured) return;
    if (std::find(directories_.begin(), directories_.end(), directory) == directories_.end()) {
      directories_.emplace_back(directory);
    }
  }

  const Files& files_;
  int steps_ = 0;
  std::vector<std::string> directories_;
};
}  // namespace

std::vector<std::string> configured_directories(const Files& files) {
  Configuration configuration(files);
  configuration.read("/etc/ld.so.conf", 0);
  return configuration.take();
}

}  // namespace varve
