#include "harness/unit/leftovers.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace varve {

namespace {
struct ProcessStatus {
  std::string name;
  pid_t parent = -1;
  bool ended = false;  // and not yet collected by its parent
};

// /proc/PID/stat (proc_pid_stat(5)): "PID (name) state parent group …"; the name may hold anything.
std::optional<ProcessStatus> parse_status(std::string_view text) {
  const std::size_t name_start = text.find('('), name_end = text.rfind(')');
  if (name_start == std::string_view::npos || name_end == std::string_view::npos) return std::nullopt;
  const std::vector<std::string_view> words = split_words(text.substr(name_end + 1));
  const std::optional<std::int64_t> parent = words.size() > 1 ? parse_integer(words[1]) : std::nullopt;
  if (!parent) return std::nullopt;
  std::string name = clean_utf8(text.substr(name_start + 1, name_end - name_start - 1));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return ProcessStatus{std::move(name), static_cast<pid_t>(*parent), words[0] == "Z" || words[0] == "X"};
}

// Whether there was any child left to ask about; collects those that have ended.
bool collect_ended_children() {
  while (true) {
    const pid_t collected = waitpid(-1, nullptr, WNOHANG);
    if (collected > 0 || (collected < 0 && errno == EINTR)) continue;
    return collected == 0;
  }
}
}  // namespace

Leftovers::Leftovers(const Files& files) : files_(files) {
  prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper_);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (collect_ended_children()) {
    for (const LeftProcess& child : descendants()) had_before_.insert(child.process);
  }
}

Leftovers::~Leftovers() { prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_); }

std::vector<LeftProcess> Leftovers::living() const {
  if (!collect_ended_children()) return {};
  std::vector<LeftProcess> found = descendants();
  collect_ended_children();  // what ended meanwhile, so that nobody finds even its number
  return found;
}

std::vector<LeftProcess> Leftovers::descendants() const {
  const Looked<std::vector<std::string>> entries = files_.list("/proc");
  if (!entries) return {};
  std::map<pid_t, std::vector<LeftProcess>> children;  // by parent; of one that has ended, there are none
  for (const std::string& entry : *entries) {
    const std::optional<std::int64_t> process = parse_integer(entry);
    if (!process) continue;
    const Looked<std::string> text = files_.read(fmt::format("/proc/{}/stat", *process), 4096);
    const std::optional<ProcessStatus> status = text ? parse_status(*text) : std::nullopt;
    if (status && !status->ended) {
      children[status->parent].push_back({static_cast<pid_t>(*process), status->name});
    }
  }
  std::vector<LeftProcess> found;
  std::vector<pid_t> parents = {getpid()};
  while (!parents.empty()) {
    const pid_t parent = parents.back();
    parents.pop_back();
    for (const LeftProcess& child : children[parent]) {
      if (had_before_.contains(child.process)) continue;
      found.push_back(child);
      parents.push_back(child.process);
    }
  }
  return found;
}

}  // namespace varve
