#include "harness/process/server_process.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "harness/process/process_tree.h"
#include "harness/process/ready.h"
#include "world/reading.h"

namespace varve {

namespace {
constexpr const char* kStarting = "starting the server";
constexpr double kServerGrace = 5.0;        // seconds between SIGTERM and SIGKILL
constexpr double kServerUnkillable = 10.0;  // and until we go on without it
constexpr std::size_t kLogCap = std::size_t{8} << 20;
constexpr std::size_t kLogTail = 2048;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Up to `cap` bytes of the log, from `from` on.
std::string read_log(const std::string& path, std::size_t from, std::size_t cap) {
  std::ifstream file(path, std::ios::binary);
  if (!file.seekg(static_cast<std::streamoff>(from))) return "";
  std::string text(cap, '\0');
  file.read(text.data(), static_cast<std::streamsize>(cap));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// Looks whether each thing that is waited for is there; what was seen once stays.
class ReadyLook {
 public:
  ReadyLook(const ReadyRule& rule, HttpUrl url, std::string log)
      : rule_(rule),
        url_(std::move(url)),
        log_(std::move(log)),
        port_(rule.port == 0),
        answers_(rule.url.empty()),
        line_(rule.line.empty()) {}
  bool ready() {
    if (!line_) look_at_line();
    if (line_ && !port_) port_ = port_answers(rule_.port);
    if (line_ && port_ && !answers_) look_at_url();
    return port_ && answers_ && line_;
  }

 private:
  void look_at_line() {
    const std::string text = read_log(log_, read_, kLogCap);
    line_ = text.find(rule_.line) != std::string::npos;
    read_ += text.size() - std::min(text.size(), rule_.line.size());  // half of it may be there already
  }
  void look_at_url() {
    const int status = http_status(url_);
    answers_ = status >= 100 && status < 400;
  }

  const ReadyRule& rule_;
  HttpUrl url_;
  std::string log_;
  bool port_, answers_, line_;
  std::size_t read_ = 0;
};

// What answers before the server was started is not the server.
std::string answers_already(const ReadyRule& rule, const HttpUrl& url) {
  if (rule.port != 0 && port_answers(rule.port)) return fmt::format("something answers at port {} already", rule.port);
  if (!rule.url.empty() && http_status(url) != 0) return fmt::format("something answers at {} already", rule.url);
  return "";
}

// A line of the shell is the server's name, not "sh".
std::string shown_server(const std::vector<std::string>& command) {
  const bool line = command.size() == 3 && command[0] == "sh" && command[1] == "-c";
  return clean_utf8(line ? command[2] : command.front(), 120);
}

std::string how_it_ended(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  const char* name = sigabbrev_np(WTERMSIG(status));
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", WTERMSIG(status));
}
}  // namespace

std::string to_string(const ReadyRule& rule) {
  std::vector<std::string> parts;
  if (rule.port != 0) parts.push_back(fmt::format("port {}", rule.port));
  if (!rule.url.empty()) parts.push_back(rule.url);
  if (!rule.line.empty()) parts.push_back(fmt::format("a line with \"{}\"", rule.line));
  return join(parts, " and ");
}

ServerProcess::ServerProcess(SpawnedProcess spawned, std::string log, const Files& files)
    : spawned_(std::move(spawned)), log_(std::move(log)), files_(files) {}

ServerProcess::~ServerProcess() { stop(); }

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(const ServerRequest& request, const std::string& log,
                                                            int input, const Files& files,
                                                            const std::function<bool(double)>& wait) {
  const std::string name = shown_server(*request.command);
  const ReadyRule& rule = request.ready;
  const auto failed = [&](std::string found, const char* hint) {
    return Error{kStarting, name, std::move(found), hint};
  };
  HttpUrl url;
  if (!rule.url.empty()) {
    Result<HttpUrl> parsed = parse_http_url(rule.url);
    if (!parsed) return parsed.error();
    url = std::move(*parsed);
  }
  if (std::string other = answers_already(rule, url); !other.empty()) {
    return failed(std::move(other), "End what runs there, or give the server another port");
  }
  const FileHandle output = open_output_file(log);
  if (!output)
    return failed("what it writes cannot be kept in " + log + ": " + std::strerror(errno), "Make room there");
  const double started_at = seconds_now();
  Result<SpawnedProcess> spawned =
      spawn_process(request.program, *request.command, *request.environment, input, {request.directory, output.fd()});
  if (!spawned) return spawned.error();
  std::unique_ptr<ServerProcess> server(new ServerProcess(std::move(*spawned), log, files));
  ReadyLook look(rule, std::move(url), log);
  for (double step = 0.002; !look.ready(); step = std::min(1.5 * step, 0.05)) {
    if (std::string end = server->ended(); !end.empty()) {
      return failed("it ended before it was ready: " + end,
                    end.starts_with("exit status 0") ? "It must stay in the foreground: tell it not to become a daemon"
                                                     : "Start it by hand to see why");
    }
    if (seconds_now() - started_at > rule.timeout_seconds) {
      return failed(fmt::format("{} was not there after {}; {}", to_string(rule), format_seconds(rule.timeout_seconds),
                                server->last_lines()),
                    "See that this is what it says or does when it is ready, or give it more time");
    }
    if (!wait(step)) return failed("interrupted while it was waited for", "");
  }
  server->ready_seconds_ = seconds_now() - started_at;
  return server;
}

ServerUse ServerProcess::use() const {
  ServerUse use{.ready_seconds = ready_seconds_,
                .served = served_,
                .user_seconds = 0,
                .system_seconds = 0,
                .peak_memory_bytes = {}};
  const ProcessTree tree = process_tree(files_);
  std::vector<ProcessNode> nodes = descendants(tree, process());
  for (const auto& [parent, children] : tree) {
    for (const ProcessNode& child : children) {
      if (child.process == process()) nodes.push_back(child);
    }
  }
  for (const ProcessNode& node : nodes) {
    use.user_seconds += node.user_seconds;
    use.system_seconds += node.system_seconds;
  }
  const Looked<std::string> status = files_.read(fmt::format("/proc/{}/status", process()));
  const std::optional<std::string_view> peak = status ? find_field(*status, "VmHWM") : std::nullopt;
  const std::vector<std::string_view> words = peak ? split_words(*peak) : std::vector<std::string_view>{};
  const std::optional<std::int64_t> kibibytes = words.empty() ? std::nullopt : parse_integer(words[0]);
  if (kibibytes) use.peak_memory_bytes = static_cast<std::uint64_t>(*kibibytes) * 1024;
  return use;
}

bool ServerProcess::collect() {
  if (collected_) return true;
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(process(), &status, WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  collected_ = true;
  // Somebody else collected it (Leftovers collects all that has ended): how it ended is not known then.
  end_ = got == process() ? how_it_ended(status) : "it is gone";
  return true;
}

std::string ServerProcess::last_lines() const {
  std::ifstream file(log_, std::ios::binary | std::ios::ate);
  const auto size = file ? static_cast<std::size_t>(std::max<std::streamoff>(0, file.tellg())) : 0;
  const std::string text = read_log(log_, size - std::min(size, kLogTail), kLogTail);
  constexpr std::size_t kMost = 6;
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  if (lines.empty()) return "it wrote nothing";
  if (lines.size() > kMost) lines.erase(lines.begin(), lines.end() - kMost);
  return "it wrote last:\n" + join(lines, "\n");
}

std::string ServerProcess::ended() { return collect() ? end_ + "; " + last_lines() : ""; }

// A line of the shell ends at SIGTERM, and the server that it started needs its time.
bool ServerProcess::group_lives() const {
  if (kill(-process(), 0) != 0) return false;
  for (const auto& [parent, children] : process_tree(files_)) {
    for (const ProcessNode& child : children) {
      if (child.group == process()) return true;
    }
  }
  return false;  // what is left of it has ended, and was not collected
}

std::string ServerProcess::stop() {
  if (std::exchange(stopped_, true)) return "";
  kill(-process(), SIGTERM);
  kill(-process(), SIGCONT);
  const auto gone_within = [&](double seconds) {
    const double deadline = seconds_now() + seconds;
    for (double step = 0.001; !collect() || group_lives(); step = std::min(2 * step, 0.05)) {
      if (seconds_now() > deadline) return false;
      usleep(static_cast<useconds_t>(step * 1e6));
    }
    return true;
  };
  if (gone_within(kServerGrace)) return "";
  kill(-process(), SIGKILL);
  if (gone_within(kServerUnkillable)) return "the server did not end within 5 s after SIGTERM; SIGKILL ended it";
  return "the server did not end after SIGKILL";
}

}  // namespace varve
