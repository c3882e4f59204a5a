#include "compare/sides/sides.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr const char* kDoing = "comparing";

const Variant* find_variant(const Run& run, const std::string& name) {
  const auto found = std::find_if(run.variants.begin(), run.variants.end(),
                                  [&](const Variant& variant) { return variant.name == name; });
  return found == run.variants.end() ? nullptr : &*found;
}

std::string end_text(const UnitEnd& end) {
  if (end.interrupted) return "was interrupted";
  if (end.timed_out) return "ran into the time limit";
  if (end.signal != 0) return fmt::format("was ended by signal {}", end.signal);
  return fmt::format("ended with exit status {}", end.exit_code);
}

std::string unit_text(const Unit& unit) { return fmt::format("unit {} ({})", unit.index, unit.variant); }

// The finished timing units of one variant; what is not finished is named in `left_out`.
std::vector<const Unit*> finished_units(const Run& run, const std::string& variant, std::vector<std::string>& left_out,
                                        int& failed) {
  std::vector<const Unit*> units;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::timing || unit.variant != variant) continue;
    if (unit.end.ok()) {
      units.push_back(&unit);
    } else {
      left_out.push_back(fmt::format("{} {}: left out", unit_text(unit), end_text(unit.end)));
      failed += unit.end.interrupted ? 0 : 1;
    }
  }
  return units;
}

Error no_variant(const std::string& where, const std::string& name) {
  return {kDoing, where, fmt::format("there is no variant {}", name),
          "run two variants with varve run --against-env or --against, or name two documents"};
}

bool has_server_of_block(const Variant& variant) { return variant.server && variant.server->lives == "block"; }

bool usable(const std::optional<Metric>& metric) { return metric && std::isfinite(metric->value) && metric->value > 0; }
}  // namespace

Result<Sides> sides_of(const Run& run, const std::string& a_name, const std::string& b_name) {
  Sides sides{.run_a = &run,
              .run_b = &run,
              .variant_a = find_variant(run, a_name),
              .variant_b = find_variant(run, b_name),
              .label_a = a_name,
              .label_b = b_name,
              .one_document = true,
              .units_a = {},
              .units_b = {},
              .left_out = {},
              .failed = 0};
  if (sides.variant_a == nullptr) return no_variant(run.name, a_name);
  if (sides.variant_b == nullptr) return no_variant(run.name, b_name);
  const auto a = finished_units(run, a_name, sides.left_out, sides.failed);
  const auto b = finished_units(run, b_name, sides.left_out, sides.failed);
  std::map<int, const Unit*> partners;
  for (const Unit* unit : b) {
    if (unit->pair >= 0) partners.emplace(unit->pair, unit);
  }
  for (const Unit* unit : a) {
    const auto partner = unit->pair < 0 ? partners.end() : partners.find(unit->pair);
    if (partner == partners.end()) {
      sides.left_out.push_back(unit_text(*unit) + " has no finished partner: left out");
      continue;
    }
    sides.units_a.push_back(unit);
    sides.units_b.push_back(partner->second);
    partners.erase(partner);
  }
  for (const Unit* unit : b) {
    if (std::find(sides.units_b.begin(), sides.units_b.end(), unit) == sides.units_b.end()) {
      sides.left_out.push_back(unit_text(*unit) + " has no finished partner: left out");
    }
  }
  if (sides.units_a.empty()) {
    return Error{kDoing, run.name, "there is no finished pair of timing units", "look at the run with varve report"};
  }
  return sides;
}

Result<Sides> sides_of(const Side& a, const Side& b) {
  Sides sides{.run_a = a.run,
              .run_b = b.run,
              .variant_a = find_variant(*a.run, a.variant),
              .variant_b = find_variant(*b.run, b.variant),
              .label_a = a.label,
              .label_b = b.label,
              .one_document = false,
              .units_a = {},
              .units_b = {},
              .left_out = {},
              .failed = 0};
  if (sides.variant_a == nullptr) return no_variant(a.label, a.variant);
  if (sides.variant_b == nullptr) return no_variant(b.label, b.variant);
  sides.units_a = finished_units(*a.run, a.variant, sides.left_out, sides.failed);
  sides.units_b = finished_units(*b.run, b.variant, sides.left_out, sides.failed);
  for (const auto& [units, label] : {std::pair{&sides.units_a, a.label}, std::pair{&sides.units_b, b.label}}) {
    if (units->empty()) return Error{kDoing, label, "no timing unit finished", "run it again and see why it fails"};
  }
  return sides;
}

bool counts_blocks(const Sides& sides) {
  return has_server_of_block(*sides.variant_a) || has_server_of_block(*sides.variant_b);
}

std::vector<double> block_means(const std::vector<double>& values, const std::vector<int>& blocks) {
  if (blocks.empty()) return values;
  std::map<int, std::vector<double>> of_block;
  for (std::size_t i = 0; i < values.size(); ++i) of_block[blocks[i]].push_back(values[i]);
  std::vector<double> means;
  for (const auto& [block, inside] : of_block) means.push_back(mean(inside));
  return means;
}

MetricValues metric_values(const Sides& sides, const std::string& name) {
  MetricValues values;
  bool kind_known = false;
  const auto value_of = [&](const Unit& unit) {
    auto metric = find_metric(unit, name);
    if (metric && !kind_known) {
      values.kind = *metric;
      kind_known = true;
    }
    if (metric && metric->better != values.kind.better) values.kind.better = Better::unknown;
    return metric;
  };
  if (sides.one_document) {
    const bool by_block = counts_blocks(sides);
    for (std::size_t i = 0; i < sides.units_a.size(); ++i) {
      const auto a = value_of(*sides.units_a[i]), b = value_of(*sides.units_b[i]);
      if (!usable(a) || !usable(b)) {
        ++values.left_out;
        continue;
      }
      values.a.push_back(a->value);
      values.b.push_back(b->value);
      if (by_block) values.blocks_a.push_back(sides.units_a[i]->block);
    }
    values.blocks_b = values.blocks_a;
    return values;
  }
  const auto take = [&](const Variant& variant, const std::vector<const Unit*>& units, std::vector<double>& to,
                        std::vector<int>& blocks) {
    for (const Unit* unit : units) {
      const auto metric = value_of(*unit);
      if (!usable(metric) || metric->unit != values.kind.unit) {
        ++values.left_out;
        continue;
      }
      to.push_back(metric->value);
      if (has_server_of_block(variant)) blocks.push_back(unit->block);
    }
  };
  take(*sides.variant_a, sides.units_a, values.a, values.blocks_a);
  take(*sides.variant_b, sides.units_b, values.b, values.blocks_b);
  return values;
}

std::vector<std::string> common_metrics(const Sides& sides) {
  std::vector<std::string> names{sides.run_a->protocol.primary_metric, sides.run_b->protocol.primary_metric};
  for (const Unit* unit : sides.units_a) {
    for (const Metric& metric : unit->metrics) names.push_back(metric.name);
  }
  names.insert(names.end(), built_in_metrics().begin(), built_in_metrics().end());
  const auto has = [](const std::vector<const Unit*>& units, const std::string& name) {
    return std::any_of(units.begin(), units.end(),
                       [&](const Unit* unit) { return find_metric(*unit, name).has_value(); });
  };
  std::vector<std::string> common;
  for (const std::string& name : names) {
    const bool known = std::find(common.begin(), common.end(), name) != common.end();
    if (!name.empty() && !known && has(sides.units_a, name) && has(sides.units_b, name)) common.push_back(name);
  }
  return common;
}

std::vector<const Unit*> units_with_libraries(std::vector<const Unit*> units) {
  std::erase_if(units, [](const Unit* unit) { return unit->libraries.empty(); });
  return units;
}

std::vector<double> threads_at_work(const std::vector<const Unit*>& units) {
  std::vector<double> threads;
  for (const Unit* unit : units) {
    if (unit->threads_at_work) threads.push_back(*unit->threads_at_work);
  }
  return threads;
}

int side_with_more_threads(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double kClearly = 1.3;
  if (a.empty() || b.empty()) return 0;
  const auto [a_low, a_high] = std::minmax_element(a.begin(), a.end());
  const auto [b_low, b_high] = std::minmax_element(b.begin(), b.end());
  if (*a_high * kClearly <= *b_low) return 1;
  return *b_high * kClearly <= *a_low ? -1 : 0;
}

}  // namespace varve
