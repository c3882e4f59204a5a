#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/window.h"

namespace varve {

// Where a library for other programs stands ("libvarve-cuda.so"): installed, or beside this program where that was
// built; empty: neither.
std::string injected_library(std::string_view name);

// What a unit's program is asked to tell of the steps that it marks.
enum class MarksAsked : std::uint8_t { nothing, by_nvtx, by_nvtx_and_torch };

// The steps that a unit's program marked, by ranges of NVTX or PyTorch's record_function, by CLOCK_MONOTONIC.
struct MarkedSteps {
  std::string annotation;   // "step_N"
  std::uint64_t count = 0;  // of all processes and threads together
  std::vector<Stretch>
      stretches;               // from the beginning of a thread's first to the end of its last; those of several united
  double telling_seconds = 0;  // what telling of them cost the program, at most
};

// Where the steps that are marked are put down: by the library that a program's NVTX loads (src/inject/marks/marks.cc),
// and by a hook in Python (marks_hook.py).
class MarksFolder {
 public:
  // Makes the folder. Where there is none, or `wanted` is false, nothing is asked of any program.
  MarksFolder(std::string path, bool wanted);

  // Adds what tells a program of it: of the library, unless the environment names another listener or asks our own for
  // ranges; of the hook, where PyTorch is asked.
  void add_to(std::vector<std::string>& environment, MarksAsked asked) const;
  // What a unit that was asked so left there, which is removed. Nothing: no step was marked twice, or none inside of
  // its life.
  std::optional<MarkedSteps> take(const Stretch& life, MarksAsked asked);

 private:
  void add_hook_to(std::vector<std::string>& environment) const;

  std::string path_;
  bool is_there_ = false, has_hook_ = false;
  std::int64_t empty_since_ = 0;  // when the folder last changed, where no mark was in it then; 0: look
  std::string library_;
};

// One file of theirs (src/inject/marks/marks.h); rows that make no sense are passed over. Exposed for tests and
// fuzzing.
struct MarksRow {
  std::string annotation;
  Stretch from_first_to_last;
  std::uint64_t count = 0;
  std::int64_t total_ns = 0;
};
std::vector<MarksRow> parse_marks(std::string_view bytes);
// What telling of the ranges in one file cost, at most.
double telling_seconds(std::string_view bytes, MarksAsked asked);
// Of all rows the annotation that covers most, PyTorch's own steps before any other.
std::optional<MarkedSteps> steps_of(const std::vector<MarksRow>& rows, const Stretch& life);

}  // namespace varve
