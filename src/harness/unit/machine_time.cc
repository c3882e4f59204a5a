#include "harness/unit/machine_time.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <vector>

#include "base/text.h"

namespace varve {

double monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::optional<MachineTime> parse_machine_time(std::string_view text, double ticks_per_second) {
  const std::vector<std::string_view> words = split_words(text.substr(0, text.find('\n')));
  // cpu user nice system idle iowait irq softirq steal …
  if (words.size() < 9 || words[0] != "cpu") return std::nullopt;
  double ticks[9] = {};
  for (std::size_t i = 1; i < 9; ++i) {
    const std::optional<std::int64_t> count = parse_integer(words[i]);
    if (!count || *count < 0) return std::nullopt;
    ticks[i] = static_cast<double>(*count);
  }
  return MachineTime{(ticks[1] + ticks[2] + ticks[3] + ticks[6] + ticks[7]) / ticks_per_second,
                     ticks[8] / ticks_per_second};
}

MachineClock::MachineClock() : file_(open("/proc/stat", O_RDONLY | O_CLOEXEC)) {
  const long ticks = sysconf(_SC_CLK_TCK);
  if (ticks > 0) ticks_per_second_ = static_cast<double>(ticks);
}

std::optional<MachineTime> MachineClock::read() const {
  char buffer[512];  // the first line is all we need
  const ssize_t count = file_ ? pread(file_.fd(), buffer, sizeof buffer, 0) : -1;
  if (count <= 0) return std::nullopt;
  return parse_machine_time({buffer, static_cast<std::size_t>(count)}, ticks_per_second_);
}

}  // namespace varve
