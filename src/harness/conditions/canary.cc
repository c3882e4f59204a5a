#include "harness/conditions/canary.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/text.h"
#include "harness/conditions/machine_time.h"
#include "world/child_probe.h"

namespace varve {

namespace {
constexpr int kMultiplications = 2'000'000;  // each waits for the one before: some 3 cycles
constexpr std::size_t kCopied = std::size_t{24} << 20;
constexpr int kCopies = 3;

double multiply_for_a_while() {
  const double start = monotonic_now();
  volatile std::uint64_t seed = 0x9e3779b97f4a7c15u;
  std::uint64_t product = seed;
  for (int i = 0; i < kMultiplications; ++i) product = product * 0xbf58476d1ce4e5b9u + 1;
  seed = product;
  return monotonic_now() - start;
}

double copy_for_a_while() {
  std::vector<char> from(kCopied, 1), to(kCopied, 2);
  const double start = monotonic_now();
  volatile char last = 0;
  for (int i = 0; i < kCopies; ++i) {
    from[static_cast<std::size_t>(i)] = static_cast<char>(i);
    std::memcpy(to.data(), from.data(), kCopied);
    last = to[kCopied - 1];
  }
  (void)last;
  return monotonic_now() - start;
}
}  // namespace

std::optional<Canary> take_canary() {
  const Result<ProbeOutcome> outcome = run_probe({.seconds = 10}, [](ProbeReport& report) {
    report.add("cpu", fmt::format("{:.9f}", multiply_for_a_while()));
    report.add("memory", fmt::format("{:.9f}", copy_for_a_while()));
  });
  if (!outcome) return std::nullopt;
  const auto seconds = [&](const char* part) {
    const std::string* text = outcome->find(part);
    return text != nullptr ? parse_number(*text).value_or(0) : 0;
  };
  Canary canary;
  canary.cpu_seconds = seconds("cpu");
  canary.memory_seconds = seconds("memory");
  if (canary.cpu_seconds <= 0 || canary.memory_seconds <= 0) return std::nullopt;
  return canary;
}

}  // namespace varve
