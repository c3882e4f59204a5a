#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/conditions/unit_conditions.h"
#include "world/files.h"

namespace varve {

// Reads how the machine fares: load, clocks, heat, slow-downs for heat. At most twice a second: most are a file a CPU,
// and Linux counts load anew every five seconds.
class MachineWatch {
 public:
  explicit MachineWatch(const Files& files);  // with /proc and /sys; lent

  void begin(double now);  // before a unit, on the monotonic clock
  void finish(double now, UnitConditions& conditions);

 private:
  struct Slow {
    std::optional<double> load, mhz, celsius;
    std::optional<std::uint64_t> throttles;
  };
  const Slow& slow(double now);

  std::optional<FileReader> load_;
  std::vector<FileReader> clocks_, throttles_, zones_;
  std::optional<Slow> last_;
  double last_at_ = 0;
  std::optional<std::uint64_t> throttles_before_;
};

// The first number of /proc/loadavg (proc_loadavg(5)).
std::optional<double> parse_load(std::string_view text);

}  // namespace varve
