#pragma once
#include <optional>
#include <vector>

#include "compare/sides/sides.h"
#include "model/kernels/profile.h"
#include "stats/interval.h"

namespace varve {

// A unit that a witness saw. What it used is multiplied by `scale`, so that all units speak of one amount of work.
struct SeenUnit {
  const Unit* unit = nullptr;
  const Profile* profile = nullptr;
  double scale = 1;

  double seconds(std::int64_t ns) const { return static_cast<double>(ns) * 1e-9 * scale; }
};

// The units an account rests on; in one document still partner by partner.
struct SeenUnits {
  std::vector<SeenUnit> a, b;
  bool paired = true;
  std::vector<int> blocks;  // of which block each pair is, where blocks are what counts (sides.h); else empty
  int left_out = 0;
  std::optional<double> work;  // that all of them are scaled to; empty: each did what it did
};

// The units with a profile of this kind. Where every one of them says how much work its metric speaks of, and not all
// did the same, they are scaled to the median of A.
SeenUnits seen_units(const Sides& sides, ProfileKind kind, const std::string& metric);

// A row's time in every unit of a side, and how uncertain it is by counting, summed over units.
struct Series {
  std::vector<double> seconds;
  double variance = 0;  // in square seconds
};

struct RowSeries {
  Series a, b;
  std::vector<int> blocks{};  // as in SeenUnits
};

// Rows of nothing, for so many units; and one row put on top of another.
RowSeries empty_series(const SeenUnits& seen);
void add_series(RowSeries& to, const RowSeries& more);

// The change from A to B; `paired`: over partners.
std::optional<MeanEstimate> estimate_change(const RowSeries& row, bool paired);
std::vector<double> differences(const RowSeries& row);  // of partners, or their means over blocks
// Mean seconds of a side; over blocks as `differences` are, so that the means of the sides differ by theirs.
double mean_seconds(const RowSeries& row, const Series& side);

// All there was of the quantity in each unit.
RowSeries whole_series(const SeenUnits& seen);

std::vector<const Unit*> units_of(const std::vector<SeenUnit>& seen);
std::vector<const Profile*> profiles_of(const std::vector<SeenUnit>& seen);

}  // namespace varve
