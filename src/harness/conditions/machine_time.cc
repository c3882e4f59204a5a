#include "harness/conditions/machine_time.h"

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

MachineClock::MachineClock(const Files& files) {
  if (Looked<FileReader> file = files.open("/proc/stat"); file) file_ = std::move(*file);
  const long ticks = sysconf(_SC_CLK_TCK);
  if (ticks > 0) ticks_per_second_ = static_cast<double>(ticks);
}

std::optional<MachineTime> MachineClock::read() const {
  const std::optional<std::string> text = file_ ? file_->start(0, 512) : std::nullopt;  // the first line is all we need
  return text ? parse_machine_time(*text, ticks_per_second_) : std::nullopt;
}

}  // namespace varve
