#pragma once
#include <cstddef>
#include <cstdint>

// The steps that a program marks by NVTX ranges, added up in place into a file that is mapped: whatever ends the
// process leaves it. Names that count steps ("step_3", "ProfilerStep#12", "iter 7"; "train_step") are one row a thread,
// so that the file does not grow with the number of steps; other ranges are passed over.
namespace varve::inject {

struct StepRow {
  std::uint64_t first_ns,
      last_ns;  // CLOCK_MONOTONIC: beginning of the first, end of the last that has ended; 0: none has
  std::uint64_t total_ns, count;
  std::uint32_t thread;  // of the process, from 1 on; ranges that may end on another thread: 0
  std::uint32_t has_number;
  char name[64];  // up to the number
};

// A file of this and nothing else, as the machine lays it out: "DIRECTORY/marks-PID", of a process that marked a step.
struct MarksFile {
  static constexpr std::uint32_t kMostRows = 256;
  char magic[16];  // "varve-marks 1"
  std::uint32_t process;
  std::uint32_t rows, lost;  // that are there; ranges for which there was no room
  std::uint32_t passed;      // ranges of any name since there is a file
  StepRow steps[kMostRows];
};
static_assert(sizeof(StepRow) == 104 && sizeof(MarksFile) == 32 + 256 * 104);

// How much of a name stands in front of the number of a step, or all of it where it is the word for one; 0: it marks
// none. As Varve's readers of traces tell steps (kernels/analysis/steps.h).
std::size_t step_name_size(const char* name, std::size_t size, bool& has_number);

}  // namespace varve::inject
