#pragma once
#include <csignal>

namespace varve {

// While it lives, SIGINT, SIGTERM and SIGHUP no longer end Varve: they are counted, so that the run can end its unit
// and still write what it measured. A signal that was ignored before (nohup, a background job) stays ignored. The old
// handlers come back at the end of its life. One at a time in a process.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction old_[3] = {};
  bool installed_[3] = {};
};

// How many interrupts came since the guard was made; 0 without a guard.
int interrupt_count();

// The first of them (SIGINT, SIGTERM, SIGHUP); 0: none came.
int interrupt_signal();

// Readable (an eventfd) once an interrupt came; -1 without a guard. clear_interrupt_fd() makes it unreadable again.
int interrupt_fd();
void clear_interrupt_fd();

}  // namespace varve
