#pragma once
#include <string>
#include <vector>

namespace varve {

// One thing that makes measurements spread, as it is on this machine.
struct NoiseItem {
  enum class Grade { good, look, bad, unknown };
  std::string name, found;
  Grade grade = Grade::unknown;
  std::string mend;  // what to do; empty: nothing
};

// How noisy this machine is just now, by a fixed piece of work done again and again.
struct NoiseReport {
  int canaries = 0;
  double seconds = 0;     // that it took
  double cpu_spread = 0;  // standard deviation of the logarithms, one to the next
  double memory_spread = 0;
  double resolved = 0;  // the change that ten pairs of such units would tell apart in nine of ten experiments
  std::vector<NoiseItem> items;
};

// "quiet", "usable", "noisy" or "too noisy": below 1, 5 and 20 % resolved.
inline const char* noise_level(const NoiseReport& report) {
  if (report.resolved < 0.01) return "quiet";
  if (report.resolved < 0.05) return "usable";
  return report.resolved < 0.2 ? "noisy" : "too noisy";
}

}  // namespace varve
