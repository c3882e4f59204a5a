#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "compare/control.h"
#include "compare/verdict.h"
#include "stats/descriptive.h"
#include "stats/paired_verdict.h"
#include "stats/power.h"

namespace varve {

namespace {
double steal_fraction(const Unit& unit, double threads) {
  return unit.steal_seconds && unit.wall_seconds > 0 ? *unit.steal_seconds / (unit.wall_seconds * threads) : 0;
}
Finding finding(std::string id, Severity severity, std::string evidence, std::string consequence, std::string fix,
                std::string source = {}, Layer layer = Layer::os, Mender mender = Mender::application) {
  return {std::move(id),          layer,          severity,         mender, std::move(evidence),
          std::move(consequence), std::move(fix), std::move(source)};
}

constexpr const char* kHoefler = "Hoefler and Belli, SC'15, doi 10.1145/2807591.2807644";

void find_speed(const Comparison& comparison, std::vector<Finding>& found) {
  const MetricComparison& metric = comparison.primary;
  if (metric.speed == Speed::order_confounded) {
    found.push_back(finding("VRV-CMP-ORDER-CONFOUNDED", Severity::warning, "the sides were not measured in turns",
                            "drift of the machine cannot be told from a change of the software; no speed is called",
                            "measure both in one run: varve run --against-env or --against",
                            "simulated: 2 % drift gives 98 % false alarms with A...A B...B, 5 % in turns"));
  }
  if (metric.speed == Speed::too_few) {
    found.push_back(finding("VRV-CMP-TOO-FEW-PAIRS", Severity::warning, pairs_text(metric),
                            "the interval rests on too little to call a speed",
                            fmt::format("run at least {} {}", kFewestPairs, pair_noun(metric, kFewestPairs)),
                            kHoefler));
  }
  if (metric.speed == Speed::no_spread || comparison.a.units < 2 || comparison.b.units < 2) {
    found.push_back(finding("VRV-CMP-NO-SPREAD", Severity::warning, "a single unit on a side",
                            "no difference is called a difference without a spread on both sides", "run more units",
                            kHoefler));
  }
  if (metric.pairs >= 2 && metric.pair_spread == 0) {
    found.push_back(finding(
        "VRV-CMP-ZERO-SPREAD", Severity::warning,
        fmt::format("{} has the same value in every unit of a side", metric.metric),
        "the metric is a count or was rounded; a rounded number hides differences and makes others look certain",
        "write the metric with all its digits"));
  }
}

void find_direction(const Comparison& comparison, std::vector<Finding>& found) {
  const MetricComparison& metric = comparison.primary;
  if (metric.better != Better::unknown) return;
  const std::string line = fmt::format(R"({{"metric": "{}", "value": 12.5, "better": "higher"}})", metric.metric);
  found.push_back(
      finding("VRV-CMP-DIRECTION-UNKNOWN", Severity::warning,
              fmt::format("the program does not say which way of {} is better, and neither do its unit and its name",
                          metric.metric),
              "no side is called faster or slower",
              fmt::format("let the program write it into $VARVE_METRICS: {} (or \"lower\"), and run again", line)));
}

// Mean number of processors that each unit kept busy.
std::vector<double> busy_processors(const std::vector<const Unit*>& units) {
  std::vector<double> busy;
  for (const Unit* unit : units) {
    if (unit->wall_seconds > 0) busy.push_back((unit->user_seconds + unit->system_seconds) / unit->wall_seconds);
  }
  return busy;
}

// Every unit of one side kept more processors busy than every unit of the other: with five units a side, chance does
// that in one of 126 comparisons.
std::string other_threads(const Comparison& comparison, const Sides& sides) {
  constexpr double kClearly = 1.3;   // times as many,
  constexpr double kAtLeast = 0.25;  // and by this many: what waits most of its time has no number of threads
  const std::vector<double> a = busy_processors(sides.units_a), b = busy_processors(sides.units_b);
  if (a.size() < kFewestPairs || b.size() < kFewestPairs) return {};
  const auto [a_low, a_high] = std::minmax_element(a.begin(), a.end());
  const auto [b_low, b_high] = std::minmax_element(b.begin(), b.end());
  if (*a_low <= *b_high && *b_low <= *a_high) return {};
  const double of_a = median(a), of_b = median(b);
  const double more = std::max(of_a, of_b), fewer = std::min(of_a, of_b);
  if (more < kClearly * fewer || more - fewer < kAtLeast) return {};
  return fmt::format("{} kept {:.1f} processors busy, {} {:.1f}", comparison.a.label, of_a, comparison.b.label, of_b);
}

// Kernels that only one side ran, each with a share of its CPU time that sampling cannot have missed on the other.
std::string other_kernels(const Comparison& comparison) {
  constexpr double kNotMissed = 0.05;
  std::vector<std::string> names;
  for (const KernelAccount& account : comparison.accounts) {
    for (const KernelChange& row : account.rows) {
      const bool exchanged = row.state == KernelState::replaced || row.state == KernelState::appeared ||
                             row.state == KernelState::vanished;
      if (!(account.a_seconds > 0 && account.b_seconds > 0)) continue;
      const double share = std::max(row.a_seconds / account.a_seconds, row.b_seconds / account.b_seconds);
      if (exchanged && share >= kNotMissed) names.push_back(fmt::format("{} ({})", row.label, to_string(row.state)));
    }
  }
  if (names.empty()) return {};
  constexpr std::size_t kMost = 3;
  const std::size_t more = names.size() > kMost ? names.size() - kMost : 0;
  names.resize(names.size() - more);
  return "other kernels ran: " + join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "");
}

// What ran tells of a difference that no item does.
void find_unrecorded(const Comparison& comparison, const Sides& sides, std::vector<Finding>& found) {
  const bool recorded = std::any_of(comparison.items.begin(), comparison.items.end(), [](const ControlItem& item) {
    return item.state == ItemState::different || item.state == ItemState::follows;
  });
  if (recorded) return;
  std::vector<std::string> seen;
  for (const std::string& text : {other_kernels(comparison), other_threads(comparison, sides)}) {
    if (!text.empty()) seen.push_back(text);
  }
  if (seen.empty()) return;
  found.push_back(finding("VRV-CMP-UNRECORDED-DIFFERS", Severity::warning,
                          "something not recorded differs: " + join(seen, "; "),
                          "nothing that Varve records differs, so the change cannot be put down to anything",
                          "look for what the command reads by itself: packages, files beside it, configuration"));
}

void find_null(const Comparison& comparison, std::vector<Finding>& found) {
  const MetricComparison& metric = comparison.primary;
  const bool differs = std::any_of(comparison.items.begin(), comparison.items.end(),
                                   [](const ControlItem& item) { return item.state == ItemState::different; });
  if (!metric.paired || differs || metric.pairs < kFewestPairs) return;
  if (metric.speed == Speed::noise) {
    found.push_back(finding(
        "VRV-CMP-NULL-DIFFERS", Severity::warning,
        fmt::format("nothing recorded differs, yet {} changed {}", metric.metric, format_change(metric.ratio.value)),
        "units are not exchangeable on this machine, or something changed that is not recorded: speeds "
        "found here cannot be trusted",
        "repeat the same against the same until it says same"));
  }
  // The change that ten pairs find in nine of ten experiments: (z.975 + z.9) sd / sqrt(10 - 2), from stats/power.h.
  const double resolved = std::expm1(3.2415 * metric.pair_spread / std::sqrt(8.0));
  found.push_back(
      finding("VRV-CMP-NULL-SPREAD", Severity::note,
              fmt::format("the same against the same spreads {} a pair here", format_percent(metric.pair_spread)),
              fmt::format("ten pairs find changes from about {} on; showing sameness within {} takes about {} pairs",
                          format_percent(resolved), margin_text(metric.margin),
                          pairs_for_same(std::log1p(metric.margin), metric.pair_spread)),
              "choose a margin and a number of pairs that this spread allows"));
}

// Two documents between which nothing recorded differs: what they differ by is the method's own noise.
void find_repeat(const Comparison& comparison, std::vector<Finding>& found) {
  const MetricComparison& metric = comparison.primary;
  const bool differs = std::any_of(comparison.items.begin(), comparison.items.end(), [](const ControlItem& item) {
    return item.state == ItemState::different || item.state == ItemState::follows;
  });
  if (comparison.one_document || differs || comparison.control == Control::not_measured) return;
  const Interval& interval = metric.ratio.interval;
  if (!std::isfinite(interval.high)) return;
  const bool moved = interval.low > 1 || interval.high < 1;
  found.push_back(finding(
      "VRV-CMP-REPEAT-SPREAD", moved ? Severity::warning : Severity::note,
      fmt::format(
          "nothing recorded differs between the two measurements, and {} differs by {} (95 % interval {} to {})",
          metric.metric, format_change(metric.ratio.value), format_change(interval.low), format_change(interval.high)),
      "that much is this method's own noise: a change of this size between other documents of this machine says "
      "nothing",
      moved ? "measure both sides in turns, in one document" : ""));
}

void find_benchmarks(const Comparison& comparison, std::vector<Finding>& found) {
  if (comparison.control != Control::not_measured || comparison.reasons.empty()) return;
  if (!comparison.reasons.front().starts_with("these are two different benchmarks")) return;
  found.push_back(finding("VRV-CMP-TWO-BENCHMARKS", Severity::error, comparison.reasons.front(),
                          "a ratio of their numbers says nothing", "compare two runs of one benchmark", {},
                          Layer::settings));
}

void find_work(const Comparison& comparison, std::vector<Finding>& found) {
  for (const ControlItem& item : comparison.items) {
    if (item.id != "work" || item.state != ItemState::different) continue;
    found.push_back(finding("VRV-CMP-WORK-DIFFERS", Severity::error, fmt::format("work {} against {}", item.a, item.b),
                            "rates and times of unequal work cannot be compared", "give both sides the same work", {},
                            Layer::settings));
  }
}

void find_moves(const Comparison& comparison, const Sides& sides, std::vector<Finding>& found) {
  const auto add = [&](const Run& run, const std::string& label) {
    for (const FactChange& change : run.stack_changes) {
      const auto item = std::find_if(comparison.items.begin(), comparison.items.end(),
                                     [&](const ControlItem& each) { return each.id == change.id; });
      if (item == comparison.items.end()) continue;
      found.push_back(finding("VRV-CMP-STACK-MOVED", Severity::warning,
                              fmt::format("{} changed while {} ran: {} to {}", item->title, label,
                                          fact_text(change.before), fact_text(change.after)),
                              "units before and after it ran on different stacks", "keep it still and run again", {},
                              item->layer, Mender::platform));
    }
  };
  add(*sides.run_a, sides.one_document ? "the benchmark" : sides.label_a);
  if (!sides.one_document) add(*sides.run_b, sides.label_b);
}

// /proc/stat counts the steal of all processors, so a unit's part is of wall time times processors.
void find_steal(const Sides& sides, std::vector<Finding>& found) {
  constexpr double kTolerated = 0.05;
  std::vector<double> fractions;
  const auto add = [&](const Run& run, const std::vector<const Unit*>& units) {
    const auto threads = run.stack.facts.find("cpu.threads");
    const auto* known = threads != run.stack.facts.end() && threads->second.is_known()
                            ? std::get_if<std::int64_t>(&*threads->second.value)
                            : nullptr;
    const double processors = known != nullptr && *known > 0 ? static_cast<double>(*known) : 1;
    for (const Unit* unit : units) fractions.push_back(steal_fraction(*unit, processors));
  };
  add(*sides.run_a, sides.units_a);
  add(*sides.run_b, sides.units_b);
  std::sort(fractions.begin(), fractions.end());
  const double middle = fractions[fractions.size() / 2];
  if (middle <= kTolerated) return;
  found.push_back(
      finding("VRV-CMP-STEAL", Severity::warning,
              fmt::format("in the median unit other guests took {} of the processors", format_percent(middle)),
              "wall time wanders with the neighbours; CPU time less so",
              "use a quieter machine, more pairs, or CPU time as the metric", {}, Layer::hardware, Mender::platform));
}

void find_control(const Comparison& comparison, std::vector<Finding>& found) {
  if (comparison.control == Control::confounded) {
    std::string differs = name_items(comparison.items, ItemState::different, 8);
    Layer layer = Layer::os;
    std::string fix = "change one at a time, in turns with the base";
    for (const ControlItem& item : comparison.items) {
      if (item.state != ItemState::different || item.unrecorded.empty()) continue;
      differs += fmt::format(" (of {}, {})", item_name(item), item.unrecorded);
      layer = item.layer;
      if (item.id == "packages") {
        fix = "exchange one package at a time, or name all of them with --variable packages";
        continue;
      }
      fix = "give both sides one command and change one setting (--against-env), or one program or file in its folder";
    }
    found.push_back(finding("VRV-CMP-CONFOUNDED", Severity::warning, "differs: " + differs,
                            "the change cannot be put down to one thing", fix, {}, layer));
  }
  if (comparison.control == Control::undecidable) {
    found.push_back(
        finding("VRV-CMP-PAIR-UNKNOWN", Severity::warning,
                "a GPU was used; its kernel driver or the runtime loaded is not known",
                "driver and runtime together decide which kernels can run: nobody can say whether they differ",
                "record both on both sides", {}, Layer::kernel_driver, Mender::platform));
  }
}
}  // namespace

std::vector<Finding> comparison_findings(const Comparison& comparison, const Sides& sides) {
  std::vector<Finding> found;
  find_benchmarks(comparison, found);
  find_work(comparison, found);
  find_control(comparison, found);
  find_speed(comparison, found);
  find_direction(comparison, found);
  find_moves(comparison, sides, found);
  find_steal(sides, found);
  find_unrecorded(comparison, sides, found);
  find_null(comparison, found);
  find_repeat(comparison, found);
  find_modes(comparison, sides, found);
  if (!sides.left_out.empty()) {
    found.push_back(
        finding("VRV-CMP-UNITS-LEFT-OUT", Severity::warning,
                fmt::format("{} unit{} did not finish or lost {} partner", sides.left_out.size(),
                            sides.left_out.size() == 1 ? "" : "s", sides.left_out.size() == 1 ? "its" : "their"),
                "if they failed because they were slow, the rest looks faster than the truth",
                "find out why they failed and run again"));
  }
  return found;
}

}  // namespace varve
