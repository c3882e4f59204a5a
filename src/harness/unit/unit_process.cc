#include "harness/unit/unit_process.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <limits>
#include <set>

#include "base/text.h"
#include "harness/conditions/machine_time.h"
#include "harness/unit/interrupt.h"

namespace varve {

namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kGrace = 2.0;          // seconds between SIGTERM and SIGKILL
constexpr double kLeftoverGrace = 0.2;  // the same for what a program that ended by itself left behind
constexpr double kHelperGrace = 0.5;    // for helpers that end by themselves, also where CPUs are short
constexpr double kUnkillable = 10.0;    // seconds after SIGKILL until we go on without it
constexpr double kAskInterval = 0.002;  // without a pidfd
constexpr double kLongestSleep = 0.25;  // so that an interrupt that came at a bad moment is seen
constexpr std::size_t kLastOutput = 8192;
constexpr int kReadsAtOnce = 16;  // before other events get their turn

constexpr double kLeftoverUnkillable = 2.0;

std::string names_of(const std::vector<ProcessNode>& processes) {
  std::set<std::string> names;
  for (const ProcessNode& process : processes) names.insert(process.name);
  constexpr std::size_t kMost = 5;
  std::vector<std::string> shown(names.begin(), names.end());
  const std::size_t more = shown.size() > kMost ? shown.size() - kMost : 0;
  shown.resize(shown.size() - more);
  return join(shown, ", ") + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

void signal_all(const std::vector<ProcessNode>& processes, int signal) {
  for (const ProcessNode& process : processes) kill(process.process, signal);
}

void sleep_seconds(double seconds) { poll(nullptr, 0, static_cast<int>(std::ceil(seconds * 1000))); }

}  // namespace

UnitProcess::UnitProcess(SpawnedProcess spawned, double started_at, const UnitRequest& request,
                         std::vector<char>& buffer)
    : spawned_(std::move(spawned)),
      request_(request),
      buffer_(buffer),
      deadline_(request.timeout_seconds > 0 ? started_at + request.timeout_seconds : kNever) {}

double UnitProcess::wait_for_end(KernelWitness& witness) {
  double next_look = monotonic_now() + witness.unit_started(spawned_.process);
  while (true) {
    double now = monotonic_now();
    double wake = std::min({deadline_, next_look, now + kLongestSleep});
    if (!spawned_.exit_notice) wake = std::min(wake, now + kAskInterval);
    pollfd events[4] = {{spawned_.exit_notice.fd(), POLLIN, 0},
                        {output_open_ ? spawned_.output.fd() : -1, POLLIN, 0},
                        {interrupt_fd(), POLLIN, 0},
                        {request_.watched, POLLIN, 0}};
    poll(events, 4, static_cast<int>(std::ceil(std::max(0.0, wake - now) * 1000)));
    now = monotonic_now();
    if (events[0].revents != 0 || (!spawned_.exit_notice && has_ended())) {
      ended_ = true;
      return now;
    }
    if (events[1].revents != 0) pass_output_on();
    if (events[2].revents != 0) clear_interrupt_fd();
    if (events[3].revents != 0 && request_.readable) request_.readable();
    if (interrupt_count() > 0 && !ending_) {
      interrupted_ = true;
      begin_ending();
    } else if (now >= deadline_ && !ending_) {
      timed_out_ = true;
      begin_ending();
    } else if (ending_ && !killed_ && (now >= deadline_ || interrupt_count() > 1)) {
      signal_group(SIGKILL);
      killed_ = true;
      deadline_ = now + kUnkillable;
    } else if (killed_ && now >= deadline_) {
      return now;
    }
    if (now >= next_look) next_look = now + witness.look();
  }
}

void UnitProcess::begin_ending() {
  ending_ = true;
  deadline_ = monotonic_now() + kGrace;
  signal_group(SIGTERM);
  signal_group(SIGCONT);  // a stopped process would not see the other
}

void UnitProcess::signal_group(int signal) const { kill(-spawned_.process, signal); }

bool UnitProcess::has_ended() const {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(spawned_.process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == spawned_.process;
}

bool UnitProcess::reap(UnitEnd& end, rusage& used) {
  end.timed_out = timed_out_;
  end.interrupted = interrupted_;
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = wait4(spawned_.process, &status, ended_ ? 0 : WNOHANG, &used);
  } while (reaped < 0 && errno == EINTR);
  if (reaped != spawned_.process) return false;
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
  } else {
    end.exit_code = WEXITSTATUS(status);
  }
  return true;
}

std::vector<UnitMark> UnitProcess::clean_up(const Leftovers& leftovers) {
  std::vector<UnitMark> marks;
  spawned_.writer = FileHandle();
  pass_output_on();
  std::vector<ProcessNode> left = leftovers.living();
  if (!left.empty() && !ending_) left = wait_for_helpers(leftovers, std::move(left));
  if (!left.empty()) {
    if (!ending_) marks.push_back({Mark::leftovers, "left processes behind, which Varve ended: " + names_of(left)});
    const std::vector<ProcessNode> alive = end_what_is_left(leftovers, left);
    if (!alive.empty()) {
      marks.push_back({Mark::leftovers, "a process that outlived it did not end after SIGKILL: " + names_of(alive)});
    }
    pass_output_on();
  }
  if (output_open_) marks.push_back({Mark::leftovers, "a process that outlived it held its output open"});
  hand_on({});
  return marks;
}

// What a program has for itself ends a moment after it: the process that Python's multiprocessing cleans up with, say.
std::vector<ProcessNode> UnitProcess::wait_for_helpers(const Leftovers& leftovers, std::vector<ProcessNode> left) {
  const double deadline = monotonic_now() + kHelperGrace;
  for (double step = 0.001; !left.empty() && monotonic_now() < deadline; step *= 2) {
    sleep_seconds(std::min(step, 0.02));
    left = leftovers.living();
    pass_output_on();  // behind that look: of what has ended the output has ended too
  }
  return left;
}

// SIGTERM, some time, SIGKILL. What a process started meanwhile is found at the next look.
std::vector<ProcessNode> UnitProcess::end_what_is_left(const Leftovers& leftovers,
                                                       const std::vector<ProcessNode>& left) {
  signal_all(left, SIGTERM);
  signal_all(left, SIGCONT);
  const double deadline = ending_ && !killed_ ? deadline_ : monotonic_now() + kLeftoverGrace;
  std::vector<ProcessNode> alive = leftovers.living();
  for (double step = 0.001; !alive.empty() && monotonic_now() < deadline; step *= 2) {
    sleep_seconds(std::min(step, 0.05));
    pass_output_on();
    alive = leftovers.living();
  }
  const double last = monotonic_now() + kLeftoverUnkillable;
  for (double step = 0.001; !alive.empty() && monotonic_now() < last; step *= 2) {
    signal_all(alive, SIGKILL);
    sleep_seconds(std::min(step, 0.05));
    alive = leftovers.living();
  }
  return alive;
}

void UnitProcess::pass_output_on() {
  for (int i = 0; i < kReadsAtOnce && output_open_; ++i) {
    const ssize_t count = read(spawned_.output.fd(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      output_open_ = false;
      return;
    }
    hand_on({buffer_.data(), static_cast<std::size_t>(count)});
  }
}

void UnitProcess::hand_on(std::string_view bytes) {
  if (request_.own_output) bytes = request_.own_output(bytes);
  if (bytes.empty()) return;
  keep_last(bytes);
  if (request_.output) request_.output(bytes);
}

void UnitProcess::keep_last(std::string_view bytes) {
  if (bytes.size() > kLastOutput) bytes.remove_prefix(bytes.size() - kLastOutput);
  last_output_.append(bytes);
  if (last_output_.size() > 2 * kLastOutput) last_output_.erase(0, last_output_.size() - kLastOutput);
}

}  // namespace varve
