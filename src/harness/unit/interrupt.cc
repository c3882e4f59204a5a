#include "harness/unit/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace varve {

namespace {

constexpr int kSignals[3] = {SIGINT, SIGTERM, SIGHUP};

// What a signal handler may touch: lock-free and alive as long as the program.
std::atomic<int> interrupts{0};
std::atomic<int> first_signal{0};
std::atomic<int> wake_fd{-1};

void count_interrupt(int signal) {
  const int saved = errno;
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  interrupts.fetch_add(1);
  const std::uint64_t one = 1;
  // When this fails the count stands, and the executor looks at it at every wake-up.
  [[maybe_unused]] const ssize_t written = write(wake_fd.load(), &one, sizeof one);
  errno = saved;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupts = 0;
  first_signal = 0;
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (int i = 0; i < 3; ++i) {
    if (sigaction(kSignals[i], nullptr, &old_[i]) != 0 || old_[i].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = count_interrupt;
    sigemptyset(&action.sa_mask);
    installed_[i] = sigaction(kSignals[i], &action, nullptr) == 0;
  }
}

InterruptGuard::~InterruptGuard() {
  for (int i = 0; i < 3; ++i) {
    if (installed_[i]) sigaction(kSignals[i], &old_[i], nullptr);
  }
  interrupts = 0;
  const int fd = wake_fd.exchange(-1);
  if (fd >= 0) close(fd);
}

int interrupt_count() { return interrupts.load(); }

int interrupt_signal() { return first_signal.load(); }

int interrupt_fd() { return wake_fd.load(); }

void clear_interrupt_fd() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(wake_fd.load(), &count, sizeof count);
}

}  // namespace varve
