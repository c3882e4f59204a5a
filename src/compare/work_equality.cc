#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "compare/not_measured.h"

namespace varve {

namespace {

struct SideUnits {
  const std::string* label;
  const std::vector<const Unit*>* units;
};

std::vector<SideUnits> both_sides(const Sides& sides) {
  return {{&sides.label_a, &sides.units_a}, {&sides.label_b, &sides.units_b}};
}

// What the protocols of both documents name, without repeats.
std::vector<std::string> named_in_protocols(const Sides& sides, std::vector<std::string> Protocol::*names) {
  std::vector<std::string> all = sides.run_a->protocol.*names;
  for (const std::string& name : sides.run_b->protocol.*names) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  return all;
}

std::string range_text(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *low == *high ? fmt::format("{}", *low) : fmt::format("{} to {}", *low, *high);
}

std::string count_difference(const Sides& sides, const std::string& name, double tolerance) {
  std::vector<std::vector<double>> values;
  for (const auto& [label, units] : both_sides(sides)) {
    values.emplace_back();
    for (const Unit* unit : *units) {
      const std::optional<Metric> metric = find_metric(*unit, name);
      if (!metric) return fmt::format("unit {} of {} did not report {}", unit->index, *label, name);
      values.back().push_back(metric->value);
    }
  }
  double low = values[0][0], high = low;
  for (const std::vector<double>& side : values) {
    for (const double value : side) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  constexpr double kRounding = 1e-12;
  if (high - low <= std::max(tolerance, kRounding) * std::max(std::fabs(low), std::fabs(high))) return "";
  return fmt::format("{} is {} on {} and {} on {}", name, range_text(values[0]), sides.label_a, range_text(values[1]),
                     sides.label_b);
}

const OutputCheck* find_output(const Unit& unit, const std::string& name) {
  const auto found = std::find_if(unit.outputs.begin(), unit.outputs.end(),
                                  [&](const OutputCheck& output) { return output.name == name; });
  return found == unit.outputs.end() ? nullptr : &*found;
}

std::string output_title(const std::string& name) { return name == "-" ? "what is printed" : name; }

std::string output_difference(const Sides& sides, const std::string& name) {
  std::set<std::string> digests;
  for (const auto& [label, units] : both_sides(sides)) {
    std::size_t differing = 0;
    std::string how;
    for (const Unit* unit : *units) {
      const OutputCheck* output = find_output(*unit, name);
      if (output == nullptr)
        return fmt::format("nobody looked at {} in unit {} of {}", output_title(name), unit->index, *label);
      if (!output->equal && differing++ == 0) how = output->text;
      digests.insert(output->digest);
    }
    if (differing > 0) {
      return fmt::format("{} of {} is another in {} of {} units ({})", output_title(name), *label, differing,
                         units->size(), how);
    }
  }
  if (sides.one_document || digests.size() == 1) return "";
  return fmt::format("{} has other bytes in the two documents, and only bytes can be compared between them",
                     output_title(name));
}

std::string fault_in_units(const Sides& sides) {
  for (const auto& [label, units] : both_sides(sides)) {
    for (const Unit* unit : *units) {
      if (!unit->work_fault.empty()) return fmt::format("in unit {} of {} {}", unit->index, *label, unit->work_fault);
    }
  }
  return "";
}

std::string lines_difference(const Sides& sides, const std::string& primary) {
  std::set<int> counts;
  for (const auto& [label, units] : both_sides(sides)) {
    for (const Unit* unit : *units) {
      const std::optional<Metric> metric = find_metric(*unit, primary);
      if (metric && metric->combined == Combined::sum) counts.insert(metric->count);
      if (metric && metric->combined == Combined::none) counts.insert(1);
    }
  }
  if (counts.size() < 2) return "";
  return fmt::format("{} is the sum of {} lines in one unit and of {} in another", primary, *counts.begin(),
                     *counts.rbegin());
}

// What a unit of each side reported, lowest and highest; nothing where one of them did not.
struct Reported {
  std::vector<double> a, b;
};
std::optional<Reported> reported_by_all(const Sides& sides, std::string_view name) {
  Reported reported;
  for (const auto& [units, values] : {std::pair(&sides.units_a, &reported.a), std::pair(&sides.units_b, &reported.b)}) {
    for (const Unit* unit : *units) {
      const std::optional<Metric> metric = find_metric(*unit, std::string(name));
      if (!metric) return std::nullopt;
      values->push_back(metric->value);
    }
  }
  return reported;
}

bool is_apart(const std::vector<double>& less, const std::vector<double>& more, double tolerance) {
  const double highest = *std::max_element(less.begin(), less.end());
  const double lowest = *std::min_element(more.begin(), more.end());
  return lowest - highest > tolerance * lowest;
}

// As many requests on both sides, and no unit of one asked for or got as many tokens as any of the other: these were
// other requests. By the names that readers of results give (serving.cc, aiperf.cc …) and programs most often write.
std::string requests_of_other_size(const Sides& sides, double tolerance) {
  constexpr double kAlike = 0.01;  // sampling of what is generated ends requests a token sooner or later
  for (const std::string_view requests : {"requests", "completed requests"}) {
    const std::optional<Reported> counts = reported_by_all(sides, requests);
    if (!counts) continue;
    const auto is_the_same = [&](double count) { return count == counts->a.front(); };
    const bool alike = std::all_of(counts->a.begin(), counts->a.end(), is_the_same) &&
                       std::all_of(counts->b.begin(), counts->b.end(), is_the_same);
    if (!alike) continue;
    for (const std::string_view tokens : {"tokens", "input tokens", "output tokens"}) {
      const std::optional<Reported> totals = reported_by_all(sides, tokens);
      const double apart = std::max(tolerance, kAlike);
      if (!totals || !(is_apart(totals->a, totals->b, apart) || is_apart(totals->b, totals->a, apart))) continue;
      return fmt::format("{} is {} on both sides, and {} is {} on {} and {} on {}", requests, counts->a.front(), tokens,
                         range_text(totals->a), sides.label_a, range_text(totals->b), sides.label_b);
    }
  }
  return "";
}

}  // namespace

std::vector<std::string> work_differences(const Sides& sides, const std::string& primary) {
  std::vector<std::string> differences;
  const auto add = [&](std::string difference) {
    if (!difference.empty()) differences.push_back(std::move(difference));
  };
  const double tolerance = std::min(sides.run_a->protocol.output_tolerance, sides.run_b->protocol.output_tolerance);
  for (const std::string& name : named_in_protocols(sides, &Protocol::work_metrics)) {
    add(count_difference(sides, name, tolerance));
  }
  for (const std::string& name : named_in_protocols(sides, &Protocol::outputs)) add(output_difference(sides, name));
  if (!is_built_in_metric(primary)) add(fault_in_units(sides));
  add(lines_difference(sides, primary));
  if (differences.empty()) add(requests_of_other_size(sides, tolerance));
  return differences;
}

}  // namespace varve
