#pragma once
#include "harness/unit/recorder.h"
#include "harness/variant.h"

namespace varve {

// What is known of a side once its timing units are done.
RecordingGround recording_ground(const World& world, const PreparedVariant& variant, const Run& run);

// What the recording of a unit cost: the unit ÷ the median timing unit of its side, by the primary metric, or by wall
// time where the unit has none or nobody knows which way is better. Nothing where no timing unit tells.
void note_recording_cost(const Run& run, const Unit& unit, UnitRecording& recording);

// After how many seconds a recording unit is ended that its recorder, or what that did to the program, keeps from
// ending by itself. 0: never, where neither a limit was given nor a timing unit has ended.
double recording_limit(double timeout_seconds, double fastest_seconds);

}  // namespace varve
