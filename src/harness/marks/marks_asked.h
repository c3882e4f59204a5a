#pragma once
#include <string>
#include <vector>

#include "harness/marks/marked_steps.h"
#include "model/run_record.h"

namespace varve {

// What warm-up units, and those that are recorded, are asked to tell of the steps that they mark: of PyTorch's too
// where one before them loaded it.
MarksAsked marks_of_others(const std::vector<Unit>& units);

struct TimingMarks {
  MarksAsked asked = MarksAsked::nothing;
  std::string why_not;  // empty, unless the program marks its steps and is not asked
};

// What timing units are asked: what the others are, where the warm-up showed that the window is of marked steps and
// that telling of them costs next to nothing; on all sides alike, also those of a run that is taken up again.
// `most_telling`: what telling cost a unit of the warm-up at most, as a share of it.
TimingMarks marks_of_timing(const std::vector<Unit>& units, double most_telling);

}  // namespace varve
