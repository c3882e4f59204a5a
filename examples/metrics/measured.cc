// A benchmark in C++ that tells Varve what it measured, and when. On Linux steady_clock is CLOCK_MONOTONIC.
#include <chrono>
#include <cstdlib>
#include <fstream>

using Clock = std::chrono::steady_clock;

static long long nanoseconds(Clock::time_point moment) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(moment.time_since_epoch()).count();
}

static void report(const char* metric, double work, Clock::time_point start, Clock::time_point end) {
  const char* path = std::getenv("VARVE_METRICS");
  if (path == nullptr) return;
  std::ofstream(path, std::ios::app) << "{\"metric\": \"" << metric
                                     << "\", \"value\": " << work / std::chrono::duration<double>(end - start).count()
                                     << ", \"start_ns\": " << nanoseconds(start) << ", \"end_ns\": " << nanoseconds(end)
                                     << ", \"work\": " << work << "}\n";
}

int main() {
  constexpr int work = 50'000'000;
  double sum = 0;
  volatile double& slow = sum;
  const auto start = Clock::now();
  for (int i = 0; i < work; ++i) slow = slow + i;
  report("additions/s", work, start, Clock::now());
}
