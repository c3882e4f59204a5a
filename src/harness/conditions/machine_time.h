#pragma once
#include <optional>
#include <string_view>

#include "world/files.h"

namespace varve {

double monotonic_now();  // CLOCK_MONOTONIC in seconds

// Where all CPUs of the machine together have spent their time since boot, in seconds.
struct MachineTime {
  double busy = 0;   // user, nice, system, interrupts; guests are part of user
  double steal = 0;  // runnable, but the hypervisor ran somebody else
};

// The "cpu" line of /proc/stat (proc_stat(5)). Nothing for any other text.
std::optional<MachineTime> parse_machine_time(std::string_view text, double ticks_per_second);

// Reads /proc/stat again and again through one descriptor.
class MachineClock {
 public:
  explicit MachineClock(const Files& files);
  std::optional<MachineTime> read() const;

 private:
  std::optional<FileReader> file_;
  double ticks_per_second_ = 100;
};

}  // namespace varve
