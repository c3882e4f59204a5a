#include "world/child_probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "world/file_reader.h"

namespace varve {

namespace {
constexpr double kAskInterval = 0.002;  // seconds between looks where there is no pidfd (before Linux 5.3)
constexpr double kUnkillable = 2.0;     // seconds after SIGKILL until we go on without it
constexpr int kReportFd = 3;
constexpr std::string_view kEndKey =
    "\xff"
    "end";

// An answer on the pipe: this header, the key, the value. The key of the last one is kEndKey.
struct AnswerHeader {
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
};

double monotonic_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(1);  // nobody listens any more
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void limit(decltype(RLIMIT_CPU) resource, rlim_t value) {
  rlimit now{};
  if (getrlimit(resource, &now) != 0) return;
  const rlimit wanted{std::min(value, now.rlim_max), std::min(value, now.rlim_max)};
  setrlimit(resource, &wanted);
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) std::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
#endif
  rlimit files{};
  const int most =
      getrlimit(RLIMIT_NOFILE, &files) == 0 ? static_cast<int>(std::min<rlim_t>(files.rlim_cur, 65536)) : 1024;
  for (int fd = first; fd < most; ++fd) close(fd);
}

// capabilities(7). Without a privilege there is nothing to drop; what fails leaves the child as it was.
void drop_rights() {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  for (const int right : {CAP_MKNOD, CAP_SYS_MODULE}) prctl(PR_CAPBSET_DROP, right, 0, 0, 0);
  if (syscall(SYS_capget, &header, sets) != 0) return;
  for (const int right : {CAP_MKNOD, CAP_SYS_MODULE}) {
    __user_cap_data_struct& set = sets[CAP_TO_INDEX(right)];
    set.effective &= ~CAP_TO_MASK(right);
    set.permitted &= ~CAP_TO_MASK(right);
    set.inheritable &= ~CAP_TO_MASK(right);
  }
  syscall(SYS_capset, &header, sets);
}

// noexcept: an exception of the probe or of foreign code must end the child, not run on in the parent's frames.
[[noreturn]] void be_child(const ProbeLimits& limits, const std::function<void(ProbeReport&)>& probe, int report_fd,
                           pid_t parent) noexcept {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  reset_signals();
  // A limit of 1 byte, not 0: the kernel ignores a limit of 0 when cores go to a pipe (core(5)), which may take
  // seconds.
  limit(RLIMIT_CORE, 1);
  // Behind the wall clock, for a child whose parent is stopped; the time of all its threads counts.
  const double processors = static_cast<double>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  limit(RLIMIT_CPU, static_cast<rlim_t>(std::ceil(limits.seconds * processors)) + 1);
  const int far = fcntl(report_fd, F_DUPFD, kReportFd + 1);
  const int nothing = open("/dev/null", O_RDWR);
  if (far < 0 || nothing < 0) _exit(1);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, fd);
  dup2(far, kReportFd);
  fcntl(kReportFd, F_SETFD, FD_CLOEXEC);
  close_from(kReportFd + 1);
  if (limits.leave_machine_alone) drop_rights();
  ProbeReport report(kReportFd);
  probe(report);
  report.add(kEndKey, {});
  _exit(0);  // without destructors of foreign libraries, which may hang
}

// Cuts complete answers off the front of what arrived. False when they exceed the cap.
class AnswerReader {
 public:
  AnswerReader(std::size_t cap, double started_at) : cap_(cap), started_at_(started_at) {}

  bool take(std::string_view bytes) {
    total_ += bytes.size();
    if (total_ > cap_ + kOverhead) return false;
    pending_ += bytes;
    std::size_t at = 0;
    AnswerHeader header{};
    while (pending_.size() - at >= sizeof header) {
      std::memcpy(&header, pending_.data() + at, sizeof header);
      const std::size_t length = std::size_t{header.key_bytes} + header.value_bytes;
      if (length > cap_) return false;
      if (pending_.size() - at - sizeof header < length) break;
      const char* text = pending_.data() + at + sizeof header;
      add({text, header.key_bytes}, {text + header.key_bytes, header.value_bytes});
      at += sizeof header + length;
    }
    pending_.erase(0, at);
    return true;
  }

  bool ended() const { return ended_; }
  std::vector<ProbeAnswer> answers() { return std::move(answers_); }

 private:
  static constexpr std::size_t kOverhead = std::size_t{64} << 10;  // headers

  void add(std::string_view key, std::string_view value) {
    if (key == kEndKey) {
      ended_ = true;
    } else {
      answers_.push_back({std::string(key), std::string(value), monotonic_now() - started_at_});
    }
  }

  std::size_t cap_, total_ = 0;
  double started_at_;
  bool ended_ = false;
  std::string pending_;
  std::vector<ProbeAnswer> answers_;
};

enum class Drained { open, closed, flooded };

// Everything that is in the pipe now.
Drained drain(int fd, AnswerReader& reader) {
  char buffer[16384];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return Drained::open;
    if (count <= 0) return Drained::closed;
    if (!reader.take({buffer, static_cast<std::size_t>(count)})) return Drained::flooded;
  }
}

// Whether it has ended; it stays to be collected, so that its process id cannot be given to another meanwhile.
bool has_ended(pid_t child) {
  siginfo_t info{};
  const int result = waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
  return (result == 0 && info.si_pid == child) || (result != 0 && errno == ECHILD);
}

bool wait_until_ended(pid_t child, int exit_notice, double until) {
  while (!has_ended(child)) {
    const double left = until - monotonic_now();
    if (left <= 0) return false;
    pollfd event{exit_notice, POLLIN, 0};
    poll(&event, 1, static_cast<int>(std::ceil(std::min(left, exit_notice >= 0 ? left : kAskInterval) * 1000)));
  }
  return true;
}

// Until the child has ended, the time is over or it said too much. Sets how it ended if that is our doing.
std::optional<ProbeEnd> listen(pid_t child, int exit_notice, int pipe, double deadline, AnswerReader& reader) {
  bool pipe_open = true;
  while (!has_ended(child)) {
    const double left = deadline - monotonic_now();
    if (left <= 0) return ProbeEnd::timed_out;
    pollfd events[2] = {{exit_notice, POLLIN, 0}, {pipe_open ? pipe : -1, POLLIN, 0}};
    poll(events, 2, static_cast<int>(std::ceil((exit_notice >= 0 ? left : std::min(left, kAskInterval)) * 1000)));
    if (events[1].revents == 0) continue;
    const Drained state = drain(pipe, reader);
    if (state == Drained::flooded) return ProbeEnd::flooded;
    pipe_open = state == Drained::open;
  }
  if (pipe_open && drain(pipe, reader) == Drained::flooded) return ProbeEnd::flooded;
  return std::nullopt;
}

// Ends the group and collects the child.
void collect(pid_t child, int exit_notice, ProbeOutcome& outcome) {
  kill(-child, SIGKILL);
  kill(child, SIGKILL);  // it may not have made its group yet
  if (!wait_until_ended(child, exit_notice, monotonic_now() + kUnkillable)) {
    outcome.stuck = true;
    return;
  }
  int status = 0;
  pid_t collected = 0;
  do {
    collected = waitpid(child, &status, 0);
  } while (collected < 0 && errno == EINTR);
  if (collected != child) return;  // SIGCHLD is ignored here: the kernel collected it
  if (WIFSIGNALED(status)) {
    outcome.code = WTERMSIG(status);
    if (outcome.end == ProbeEnd::exited) outcome.end = ProbeEnd::signalled;
  } else {
    outcome.code = WEXITSTATUS(status);
  }
}
}  // namespace

void ProbeReport::add(std::string_view key, std::string_view value) {
  const AnswerHeader header{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += key;
  bytes += value;
  write_all(fd_, bytes);
}

const std::string* ProbeOutcome::find(std::string_view key) const {
  const auto found =
      std::find_if(answers.begin(), answers.end(), [&](const ProbeAnswer& answer) { return answer.key == key; });
  return found == answers.end() ? nullptr : &found->value;
}

std::string ProbeOutcome::end_text() const {
  const std::string still = stuck ? ", and could not be killed: it sleeps in the kernel" : "";
  switch (end) {
    case ProbeEnd::finished:
      return "it finished";
    case ProbeEnd::exited:
      return fmt::format("it ended the process with status {}", code);
    case ProbeEnd::signalled:
      return fmt::format("it crashed (signal {}, {})", code, strsignal(code));
    case ProbeEnd::timed_out:
      return fmt::format("it did not answer within {:.3g} s", seconds) + still;
    case ProbeEnd::flooded:
      return "it answered more than is allowed" + still;
  }
  return {};
}

Result<ProbeOutcome> run_probe(const ProbeLimits& limits, const std::function<void(ProbeReport&)>& probe) {
  const auto failed = [](int error) {
    return Error{"asking in a child process", "", std::strerror(error), "raise the limit of processes or descriptors"};
  };
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return failed(errno);
  const FileHandle output(ends[0]);
  FileHandle input(ends[1]);
  fcntl(output.fd(), F_SETFL, O_NONBLOCK);

  const double started_at = monotonic_now();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return failed(errno);
  if (child == 0) be_child(limits, probe, input.fd(), parent);
  setpgid(child, child);
  input = FileHandle();
  const FileHandle exit_notice(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));

  AnswerReader reader(limits.answer_bytes, started_at);
  ProbeOutcome outcome;
  const auto our_doing = listen(child, exit_notice.fd(), output.fd(), started_at + limits.seconds, reader);
  outcome.seconds = monotonic_now() - started_at;
  outcome.end = our_doing.value_or(ProbeEnd::exited);
  collect(child, exit_notice.fd(), outcome);
  if (!our_doing && reader.ended()) outcome.end = ProbeEnd::finished;
  outcome.answers = reader.answers();
  return outcome;
}

}  // namespace varve
