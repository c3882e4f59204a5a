#include "harness/unit/process_group.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "world/files.h"

namespace varve {

namespace {

// /proc/PID/stat (proc_pid_stat(5)): "PID (name) state parent group …"; the name may hold anything.
bool is_living_member(const char* process, pid_t group) {
  const FileHandle file(open(fmt::format("/proc/{}/stat", process).c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[512];
  const ssize_t count = file ? read(file.fd(), buffer, sizeof buffer) : -1;
  if (count <= 0) return false;
  std::string_view text(buffer, static_cast<std::size_t>(count));
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return false;
  const std::vector<std::string_view> words = split_words(text.substr(name_end + 1));
  if (words.size() < 3 || words[0] == "Z" || words[0] == "X") return false;
  return parse_integer(words[2]) == group;
}

}  // namespace

bool group_lives(pid_t group) {
  if (kill(-group, 0) != 0) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(opendir("/proc"), closedir);
  if (!processes) return true;
  while (const dirent* entry = readdir(processes.get())) {
    if (parse_integer(entry->d_name) && is_living_member(entry->d_name, group)) return true;
  }
  return false;
}

}  // namespace varve
