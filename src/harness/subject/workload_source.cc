#include "harness/subject/workload_source.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/redact.h"
#include "base/text.h"
#include "harness/process/spawn.h"
#include "harness/subject/file_digest.h"

namespace varve {

namespace {
constexpr std::chrono::seconds kGitTime{10};
constexpr std::size_t kGitBytes = std::size_t{4} << 20;
constexpr std::size_t kMostOfFolder = 64;

// What `git ARGUMENTS` prints in the folder; nothing where it fails or is not there.
std::optional<std::string> ask_git(const std::string& folder, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"env", "git", "--no-optional-locks", "-C", folder};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment{"LC_ALL=C", "GIT_TERMINAL_PROMPT=0"};
  for (const char* name : {"PATH", "HOME", "XDG_CONFIG_HOME"}) {
    if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
  }
  const FileHandle input = open_empty_input();
  Result<SpawnedProcess> git = spawn_process("/usr/bin/env", command, environment, input.fd());
  if (!git) return std::nullopt;
  git->writer = FileHandle();
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + kGitTime;
  for (bool open = true; open && text.size() < kGitBytes && std::chrono::steady_clock::now() < deadline;) {
    pollfd event{git->output.fd(), POLLIN, 0};
    poll(&event, 1, 100);
    char bytes[4096];
    const ssize_t count = read(git->output.fd(), bytes, sizeof bytes);
    if (count > 0) text.append(bytes, static_cast<std::size_t>(count));
    open = count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  }
  kill(-git->process, SIGKILL);  // nothing, where it has ended
  int status = 0;
  while (waitpid(git->process, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return text;
}

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

NamedFile hashed(const std::string& path, const std::string& home) {
  NamedFile file{
      .argument = -1, .path = clean_utf8(shorten_home(path, home)), .digest = file_digest(path), .missing = {}};
  if (file.digest.empty()) file.missing = "it could not be read, or is larger than 1 GiB";
  return file;
}
}  // namespace

WorkloadSource workload_source(const std::string& folder, const std::string& home) {
  WorkloadSource source;
  const std::optional<std::string> top = ask_git(folder, {"rev-parse", "--show-toplevel"});
  if (!top) {
    source.missing = "there is no git repository, or no git";
    return source;
  }
  source.repository = clean_utf8(shorten_home(std::string(trim(*top)), home));
  const std::optional<std::string> commit = ask_git(folder, {"rev-parse", "--verify", "HEAD"});
  if (commit && is_commit(trim(*commit))) source.commit = trim(*commit);
  if (source.commit.empty()) source.missing = "it has no commit";
  const std::optional<std::string> branch = ask_git(folder, {"symbolic-ref", "--short", "-q", "HEAD"});
  if (branch) source.branch = clean_utf8(trim(*branch), 256);
  const std::optional<std::string> status = ask_git(folder, {"status", "--porcelain", "--untracked-files=no"});
  if (status) {
    source.changed_files = static_cast<int>(std::count(status->begin(), status->end(), '\n'));
  } else if (source.missing.empty()) {
    source.missing = "git did not say what is changed";
  }
  return source;
}

std::vector<NamedFile> hash_inputs(const std::vector<std::string>& paths, const std::string& home) {
  std::vector<NamedFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      files.push_back(hashed(path, home));
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      if (entry.is_regular_file(error)) inside.push_back(entry.path().string());
    }
    std::sort(inside.begin(), inside.end());
    if (inside.size() > kMostOfFolder) {
      files.push_back({-1, clean_utf8(shorten_home(path, home)), "",
                       fmt::format("it holds {} files: the first {} are hashed", inside.size(), kMostOfFolder)});
      inside.resize(kMostOfFolder);
    }
    for (const std::string& file : inside) files.push_back(hashed(file, home));
  }
  return files;
}

}  // namespace varve
