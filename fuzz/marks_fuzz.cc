// What libvarve-marks.so leaves in a program that marks its steps: a mapped file that whatever runs there may spoil.
#include <cstdint>
#include <cstdlib>

#include "harness/marks/marked_steps.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const varve::Stretch life{1'000'000, 9'000'000};
  const auto rows = varve::parse_marks({reinterpret_cast<const char*>(data), size});
  const auto steps = varve::steps_of(rows, life);
  if (!steps) return 0;
  if (steps->annotation.empty() || steps->stretches.empty()) std::abort();
  std::int64_t end = life.start_ns - 1;
  for (const varve::Stretch& stretch : steps->stretches) {
    if (stretch.start_ns <= end || stretch.end_ns <= stretch.start_ns || stretch.end_ns > life.end_ns) std::abort();
    end = stretch.end_ns;
  }
  return 0;
}
