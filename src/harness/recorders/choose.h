#pragma once
#include <memory>
#include <vector>

#include "harness/recorders/kernels_way.h"
#include "harness/unit/recorder.h"

namespace varve {

// Every recorder there is, the best first. A new one is one file and one row.
std::vector<std::unique_ptr<Recorder>> all_recorders();

// Which recorders a side gets. Of those that need CUPTI, which serves one at a time, only one records: the others stand
// behind it and are tried, each on a unit of its own, as long as those before them saw nothing.
struct ChosenRecorders {
  std::vector<std::vector<const Recorder*>> used;  // for each the alternatives, never empty; lent
  std::vector<RecorderChoice> choices;             // of all of them, for the document
};
ChosenRecorders choose_recorders(KernelsWay way, const std::vector<std::unique_ptr<Recorder>>& recorders,
                                 const RecordingGround& ground);

}  // namespace varve
