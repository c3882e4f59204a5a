#include "compare/account/account_series.h"

#include <algorithm>

#include "stats/descriptive.h"

namespace varve {

namespace {
std::optional<double> work_of(const SeenUnit& seen, const std::string& metric) {
  const std::optional<Metric> found = find_metric(*seen.unit, metric);
  return found && found->work && *found->work > 0 ? found->work : std::nullopt;
}

// Nothing where a unit does not say, or where all did the same.
std::optional<double> common_work(const SeenUnits& seen, const std::string& metric) {
  std::vector<double> of_a, all;
  for (const auto* units : {&seen.a, &seen.b}) {
    for (const SeenUnit& each : *units) {
      const std::optional<double> work = work_of(each, metric);
      if (!work) return std::nullopt;
      all.push_back(*work);
      if (units == &seen.a) of_a.push_back(*work);
    }
  }
  if (of_a.empty() || std::all_of(all.begin(), all.end(), [&](double work) { return work == all.front(); })) {
    return std::nullopt;
  }
  return median(of_a);
}

std::vector<double> wholes(const std::vector<SeenUnit>& units) {
  std::vector<double> seconds;
  for (const SeenUnit& seen : units) seconds.push_back(seen.seconds(seen.profile->whole_ns));
  return seconds;
}

void add_side(Series& to, const Series& more) {
  for (std::size_t i = 0; i < to.seconds.size(); ++i) to.seconds[i] += more.seconds[i];
  to.variance += more.variance;
}
}  // namespace

SeenUnits seen_units(const Sides& sides, ProfileKind kind, const std::string& metric) {
  SeenUnits seen;
  seen.paired = sides.one_document;
  if (sides.one_document) {
    for (std::size_t i = 0; i < sides.units_a.size(); ++i) {
      const Profile* a = sides.units_a[i]->profiles.find(kind);
      const Profile* b = sides.units_b[i]->profiles.find(kind);
      if (a != nullptr && b != nullptr) {
        seen.a.push_back({sides.units_a[i], a});
        seen.b.push_back({sides.units_b[i], b});
        if (counts_blocks(sides)) seen.blocks.push_back(sides.units_a[i]->block);
      } else {
        ++seen.left_out;
      }
    }
  } else {
    for (const auto& [units, to] : {std::pair{&sides.units_a, &seen.a}, std::pair{&sides.units_b, &seen.b}}) {
      for (const Unit* unit : *units) {
        if (const Profile* profile = unit->profiles.find(kind)) to->push_back({unit, profile});
      }
      seen.left_out += static_cast<int>(units->size() - to->size());
    }
  }
  seen.work = common_work(seen, metric);
  if (!seen.work) return seen;
  for (auto* units : {&seen.a, &seen.b}) {
    for (SeenUnit& each : *units) each.scale = *seen.work / *work_of(each, metric);
  }
  return seen;
}

RowSeries empty_series(const SeenUnits& seen) {
  RowSeries row;
  row.a.seconds.assign(seen.a.size(), 0);
  row.b.seconds.assign(seen.b.size(), 0);
  row.blocks = seen.blocks;
  return row;
}

void add_series(RowSeries& to, const RowSeries& more) {
  add_side(to.a, more.a);
  add_side(to.b, more.b);
}

std::vector<double> differences(const RowSeries& row) {
  std::vector<double> values;
  for (std::size_t i = 0; i < row.a.seconds.size(); ++i) values.push_back(row.b.seconds[i] - row.a.seconds[i]);
  return block_means(values, row.blocks);
}

double mean_seconds(const RowSeries& row, const Series& side) { return mean(block_means(side.seconds, row.blocks)); }

std::optional<MeanEstimate> estimate_change(const RowSeries& row, bool paired) {
  return paired ? estimate_mean(differences(row)) : estimate_difference(row.a.seconds, row.b.seconds);
}

RowSeries whole_series(const SeenUnits& seen) { return {{wholes(seen.a)}, {wholes(seen.b)}, seen.blocks}; }

std::vector<const Unit*> units_of(const std::vector<SeenUnit>& seen) {
  std::vector<const Unit*> units;
  for (const SeenUnit& each : seen) units.push_back(each.unit);
  return units;
}

std::vector<const Profile*> profiles_of(const std::vector<SeenUnit>& seen) {
  std::vector<const Profile*> profiles;
  for (const SeenUnit& each : seen) profiles.push_back(each.profile);
  return profiles;
}

}  // namespace varve
