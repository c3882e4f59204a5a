#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

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
  return differences;
}

}  // namespace varve
