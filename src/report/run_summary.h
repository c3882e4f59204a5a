#pragma once
#include <algorithm>
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
// What one witness saw of one quantity in the units of a side, merged.
struct SideProfile {
  ProfileKind kind;
  Profile profile;
  std::vector<ProfileRow> rows;     // those of `profile`, by falling time
  std::vector<std::string> unseen;  // what it could not see, and why units have no such profile
  double units = 0;                 // that have it

  double mean_seconds(std::int64_t ns) const;  // a unit; 0 without units
  // What a share is a share of, in nanoseconds: the whole, or all rows where the whole is not known.
  std::int64_t base_ns() const { return profile.whole_ns > 0 ? profile.whole_ns : profile.rows_ns(); }
  // Where no remainder stands beside the shares: they do not come to more than all of it.
  std::int64_t closed_base_ns() const { return std::max(base_ns(), profile.rows_ns()); }
};
// That of CPU samples comes first, seen or not.
std::vector<SideProfile> side_profiles(const std::vector<const Unit*>& units);
std::string profile_title(const Run& run, const Variant& variant, ProfileKind kind);  // "Kernels of A"
const char* row_title(ProfileKind kind);                                              // "kernel", "operator"
// "(not sampled)"; of a remainder below zero what that is: parts that ran at the same time, or samples, which count
// whole periods, beyond what the clocks did.
const char* remainder_title(const SideProfile& side);
// "no evidence: REASON" of a profile without rows.
std::string why_no_rows(const Run& run, const Variant& variant, const SideProfile& side);
// On whose behalf a row ran: "aten::mm"; "" where nobody can tell.
std::string served_name(const Run& run, const ProfileRow& row);
// How much of the rows is known to have served somebody and how; "" where nothing is known of any row.
std::string served_sentence(const SideProfile& side);

// Why units are to be distrusted, once for each cause: "other programs took the CPUs: load 3.6 on 2 (7 of 20 timing
// units)". First units of a side are left out: every run has them.
std::vector<std::string> marks_by_cause(const Run& run);
// The texts of what gives cause to distrust the unit, joined.
std::string marks_text(const Unit& unit, std::string_view separator);
std::string end_text(const UnitEnd& end);  // "exit 0", "signal 9", "timed out"
// "10 units a side after 1 warm-up a side, in rounds … drawn …; margin 1 % …": how the run was planned, as sentences
// (in protocol_sentences.cc).
std::vector<std::string> protocol_sentences(const Run& run);
// Machine, steal, marks and sampling as (name, value) rows.
struct Remark {
  std::string name, text;
};
std::vector<Remark> measurement_remarks(const Run& run);

// Which part of the units their evidence is of, and where they ran.

// "tokens/s speaks of 2.0 s of the 6.1 s of a unit, from 4.0 s on"; "all of a unit: …" and why.
std::string window_text(const Run& run, const Variant& variant);
// "outside of what tokens/s speaks of: 3.9 s of CPU time a unit (3.8 s before, 100 ms after)"; empty where there is no
// window.
std::string outside_text(const Run& run, const Variant& variant, const SideProfile& side);
// The window of each side, its threads and CPUs, as rows.
std::vector<Remark> measured_part_remarks(const Run& run);

}  // namespace varve
