#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace varve {

// Asking foreign code (a driver's library) in a child process that may crash, hang or talk too much without harm.

struct ProbeLimits {
  double seconds = 10;                              // wall clock; then the child and what it started are killed
  std::size_t answer_bytes = std::size_t{1} << 20;  // of all answers together
  // Take the rights from the child to make device nodes and to load kernel modules, and to get them back by a setuid
  // program. As root, NVML makes /dev/nvidiactl where it is missing, and nvidia-modprobe loads the driver for anybody:
  // looking at a machine must not do that.
  bool leave_machine_alone = false;
};

// The child's side: hands over answers one by one. What was added before a crash or a hang is known to the parent.
class ProbeReport {
 public:
  explicit ProbeReport(int fd) : fd_(fd) {}  // lent
  void add(std::string_view key, std::string_view value);

 private:
  int fd_;
};

enum class ProbeEnd {
  finished,   // the function returned
  exited,     // the process ended by itself before that: a library called exit
  signalled,  // a signal ended it; SIGABRT where an exception left the function
  timed_out,
  flooded,  // more answers than allowed
};

struct ProbeAnswer {
  std::string key, value;
  double seconds = 0;  // when it arrived, since the start
};

struct ProbeOutcome {
  std::vector<ProbeAnswer> answers;  // in the order in which they were given
  ProbeEnd end = ProbeEnd::finished;
  int code = 0;        // exit status, or the signal
  bool stuck = false;  // even SIGKILL did not end it in time (asleep in a driver); it goes when the driver lets it
  double seconds = 0;  // wall clock, from the start to the end

  // The first answer with the key, or nullptr.
  const std::string* find(std::string_view key) const;
  // In words, for an end other than `finished`: "it did not answer within 10 s", "it crashed (signal 11)".
  std::string end_text() const;
};

// Runs `probe` in a forked child that leads a process group of its own: standard streams are /dev/null, no other
// descriptor of ours is open, signals have their defaults, no core is written. The calling process should have one
// thread: another's locks stay locked in the child for ever. Returns when the child has ended or was killed; never
// leaves a zombie except for a child that is `stuck`. Error: no process can be made.
Result<ProbeOutcome> run_probe(const ProbeLimits& limits, const std::function<void(ProbeReport&)>& probe);

}  // namespace varve
