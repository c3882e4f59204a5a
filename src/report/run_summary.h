#pragma once
#include <string>
#include <vector>

#include "model/run_record.h"

namespace varve {

// What the pages and texts say about the units of a run. Only timing units that ended well are counted: warm-up,
// evidence and failed units are shown as units, never summed.

struct Spread {
  std::string metric, unit;
  Better better = Better::lower;
  int count = 0;  // units that have it
  double median = 0, low = 0, high = 0;
  double deviation = 0;  // standard deviation of ln(value); NaN below two units or with values that are not positive
};

std::vector<const Unit*> timing_units(const Run& run, const std::string& variant);
// Every metric of the run, the primary one first, then in order of appearance, "wall time" and "CPU time" last.
std::vector<std::string> metric_names(const Run& run);
// The values of a metric; count 0 when no unit has it.
Spread spread_of(const std::vector<const Unit*>& units, const std::string& metric);
// The profiles of the units merged; rows by falling seconds.
Profile merged_profile(const std::vector<const Unit*>& units);
// Mean CPU seconds a unit that were used and that the samples account for.
struct CpuTime {
  double used = 0, sampled = 0;
};
CpuTime cpu_time(const std::vector<const Unit*>& units);

std::string end_text(const UnitEnd& end);  // "exit 0", "signal 9", "timed out"
// "10 units a side in blocks A B B A after 1 warm-up a side; margin 1 % …": how the run was planned, as sentences.
std::vector<std::string> protocol_sentences(const Run& run);
// Machine, steal, marks and sampling as (name, value) rows.
struct Remark {
  std::string name, text;
};
std::vector<Remark> measurement_remarks(const Run& run);

}  // namespace varve
