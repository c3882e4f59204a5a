#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "report/run_summary.h"
#include "report/wording.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
// Medians over the units that have a window, in seconds.
struct TypicalWindow {
  std::size_t units = 0;
  double start = 0, length = 0, wall = 0;
  int most_stretches = 1;
};

TypicalWindow typical_window(const std::vector<const Unit*>& units) {
  std::vector<double> starts, lengths, walls;
  TypicalWindow typical;
  for (const Unit* unit : units) {
    if (!unit->window) continue;
    starts.push_back(static_cast<double>(unit->window->start_ns) * 1e-9);
    lengths.push_back(static_cast<double>(unit->window->length_ns) * 1e-9);
    walls.push_back(unit->wall_seconds);
    typical.most_stretches = std::max(typical.most_stretches, unit->window->stretches);
  }
  typical.units = starts.size();
  if (starts.empty()) return typical;
  typical.start = median(starts);
  typical.length = median(lengths);
  typical.wall = median(walls);
  return typical;
}

std::string why_all(const Run& run, const std::vector<const Unit*>& units) {
  if (is_built_in_metric(run.protocol.primary_metric)) return run.protocol.primary_metric + " is of all of it";
  const bool faulty =
      std::any_of(units.begin(), units.end(), [](const Unit* unit) { return !unit->window_fault.empty(); });
  if (faulty) return "what the program says of its window is not used";
  return "no line of " + run.protocol.primary_metric + " says when it was measured (start_ns, end_ns)";
}

std::string of_side(const Run& run, const Variant& variant, const std::string& title) {
  return run.variants.size() > 1 ? title + " of " + variant.name : title;
}

std::string threads_text(const std::vector<const Unit*>& units) {
  std::vector<double> threads;
  std::set<std::string> cpus;
  for (const Unit* unit : units) {
    if (unit->threads_at_work) threads.push_back(*unit->threads_at_work);
    if (!unit->cpus.empty()) cpus.insert(unit->cpus);
  }
  if (threads.empty()) return "";
  const auto [fewest, most] = std::minmax_element(threads.begin(), threads.end());
  std::string text = *fewest == *most ? count_text(static_cast<std::size_t>(*most), "thread", "threads")
                                      : fmt::format("{:.0f} to {:.0f} threads", *fewest, *most);
  text += " at work in a unit";
  if (cpus.size() == 1) return text + ", on CPUs " + *cpus.begin();
  return cpus.empty() ? text : text + ", on CPUs " + join({cpus.begin(), cpus.end()}, " or ");
}
}  // namespace

std::string window_text(const Run& run, const Variant& variant) {
  const std::vector<const Unit*> units = timing_units(run, variant.name);
  if (units.empty()) return "";
  const TypicalWindow window = typical_window(units);
  if (window.units == 0) return "all of a unit: " + why_all(run, units);
  std::string text =
      fmt::format("{} speaks of {} of the {} of a unit, from {} on", run.protocol.primary_metric,
                  quantity_text(window.length, "s"), quantity_text(window.wall, "s"), quantity_text(window.start, "s"));
  if (window.most_stretches > 1) text += fmt::format(", in up to {} stretches", window.most_stretches);
  if (window.units < units.size()) {
    text += fmt::format("; of {} of {} units, the others are taken whole: {}", window.units, units.size(),
                        why_all(run, units));
  }
  return text;
}

std::string outside_text(const Run& run, const Variant& variant, const SideProfile& side) {
  if (side.kind != kCpuSamples || typical_window(timing_units(run, variant.name)).units == 0) return "";
  const Profile& profile = side.profile;
  std::vector<std::string> parts;
  const auto add = [&](std::int64_t ns, const char* where) {
    if (ns > 0) parts.push_back(fmt::format("{} {}", quantity_text(side.mean_seconds(ns), "s"), where));
  };
  add(profile.before_ns, "before");
  add(profile.between_ns, "between");
  add(profile.after_ns, "after");
  const std::string what = "outside of what " + run.protocol.primary_metric + " speaks of: ";
  if (parts.empty()) return what + "no sample";
  return fmt::format("{}{} of CPU time a unit ({})", what, quantity_text(side.mean_seconds(profile.outside_ns()), "s"),
                     join(parts, ", "));
}

std::vector<Remark> measured_part_remarks(const Run& run) {
  std::vector<Remark> remarks;
  for (const Variant& variant : run.variants) {
    if (std::string text = window_text(run, variant); !text.empty()) {
      remarks.push_back({of_side(run, variant, "evidence"), std::move(text)});
    }
  }
  for (const Variant& variant : run.variants) {
    if (std::string text = threads_text(timing_units(run, variant.name)); !text.empty()) {
      remarks.push_back({of_side(run, variant, "threads"), std::move(text)});
    }
  }
  return remarks;
}

}  // namespace varve
