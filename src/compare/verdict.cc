#include "compare/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "compare/control.h"
#include "stats/paired_verdict.h"
#include "stats/power.h"

namespace varve {

std::string margin_text(double margin) {
  std::string text = format_percent(margin);
  if (const std::size_t at = text.find(".0 "); at != std::string::npos) text.erase(at, 2);
  return text;
}

std::string direction_text(Better better) {
  if (better == Better::unknown) return "whether higher or lower is better is not known";
  return fmt::format("{} is better", to_string(better));
}

namespace {
std::string count_text(const MetricComparison& metric, const Comparison& comparison) {
  if (!metric.paired) return fmt::format("{} and {} units", comparison.a.units, comparison.b.units);
  return pairs_text(metric);
}

// "tokens/s +8.1 % (higher is better, 95 % interval +6.9 % to +9.3 %, 10 pairs, margin 1 %)"
std::string numbers_text(const Comparison& comparison) {
  const MetricComparison& metric = comparison.primary;
  const Interval& interval = metric.ratio.interval;
  const std::string spread =
      std::isfinite(interval.high)
          ? fmt::format("95 % interval {} to {}", format_change(interval.low), format_change(interval.high))
          : "no interval";
  const std::string of_what =
      comparison.metric_note.empty() ? "" : " of the whole process, since " + comparison.metric_note + ",";
  return fmt::format("{}{} {} ({}, {}, {}, margin {})", metric.metric, of_what, format_change(metric.ratio.value),
                     direction_text(metric.better), spread, count_text(metric, comparison), margin_text(metric.margin));
}

std::string more_pairs_text(const MetricComparison& metric) {
  const auto noun = [&](int count) { return pair_noun(metric, count); };
  // Which side is better no pair can tell where nobody said what better is.
  const char* what = metric.better == Better::unknown ? " whether it changed" : "";
  if (!metric.pairs_needed) return fmt::format("more {} would decide{}", noun(2), what);
  if (*metric.pairs_needed >= kPairsCap) {
    return fmt::format("no practical number of {} would decide at this spread", noun(2));
  }
  constexpr int kMostForetold = 1000;  // above, a number would only seem to be one
  const int more = *metric.pairs_needed - metric.pairs;
  if (more > kMostForetold) return fmt::format("more than {} more {} would be needed", kMostForetold, noun(more));
  return fmt::format("about {} more {} would decide{}", more, noun(more), what);
}

std::string confounding_text(const std::vector<ControlItem>& items, const std::string& names) {
  std::size_t differing = 0;
  const ControlItem* opaque = nullptr;
  for (const ControlItem& item : items) {
    if (item.state != ItemState::different) continue;
    ++differing;
    if (!item.unrecorded.empty()) opaque = &item;
  }
  if (differing > 1) {
    const std::string inside = opaque == nullptr ? "" : "; of " + item_name(*opaque) + ", " + opaque->unrecorded;
    return fmt::format("{} things differ ({}{})", differing, names, inside);
  }
  if (opaque != nullptr) return fmt::format("{} differs, and {}", item_name(*opaque), opaque->unrecorded);
  return fmt::format("1 thing differs that was not under test ({})", names);
}

// "one bundle differs (torch 2.1.2 → 2.15.0 and what came with it, 26 packages), none of whose members is established
// as the cause"
std::string bundle_phrase(const Bundle& bundle) {
  if (!bundle.unknown.empty()) {
    return fmt::format(
        "one bundle differs ({}), of which nothing inside is recorded and so nothing is established as "
        "the cause",
        bundle.title);
  }
  if (bundle.members.size() == 1) return fmt::format("only {} differs", bundle.title);
  return fmt::format("one bundle differs ({}, {} components), and no member of it is established as the cause",
                     bundle.title, bundle.members.size());
}
}  // namespace

std::string speed_sentence(const Comparison& comparison) {
  const MetricComparison& metric = comparison.primary;
  const std::string numbers = numbers_text(comparison);
  const std::string& a = comparison.a.label;
  const std::string& b = comparison.b.label;
  switch (metric.speed) {
    case Speed::faster:
      return fmt::format("{} is {}: {}", b, better_word(metric), numbers);
    case Speed::slower:
      return fmt::format("{} is {}: {}", b, worse_word(metric), numbers);
    case Speed::faster_touching_margin:
      return fmt::format("{} is {}, but the edge of the interval touches the margin: {}", b, better_word(metric),
                         numbers);
    case Speed::slower_touching_margin:
      return fmt::format("{} is {}, but the edge of the interval touches the margin: {}", b, worse_word(metric),
                         numbers);
    case Speed::same:
      return fmt::format("{} and {} are the same within the margin: {}", a, b, numbers);
    case Speed::ambiguous:
      return fmt::format("Ambiguous: {}; {}", numbers, more_pairs_text(metric));
    case Speed::too_few:
      return fmt::format("Too few {} for a verdict: {}; {}", pair_noun(metric, 2), numbers, more_pairs_text(metric));
    case Speed::no_spread:
      return fmt::format("No verdict, a single pair has no spread: {}", numbers);
    case Speed::order_confounded:
      return fmt::format("No verdict on speed, {} and {} were measured one after the other: {}", a, b, numbers);
    case Speed::direction_unknown:
      return fmt::format("No verdict on speed, the program does not say which way is better: {}", numbers);
    case Speed::noise:
      return fmt::format("Noise: nothing was changed, yet {}", numbers);
    case Speed::not_measured:
      return fmt::format("No verdict on speed: {}", numbers);
  }
  return numbers;
}

std::string control_phrase(const Comparison& comparison) {
  const auto count = [&](ItemState state) {
    return std::count_if(comparison.items.begin(), comparison.items.end(),
                         [&](const ControlItem& item) { return item.state == state; });
  };
  const auto differing = count(ItemState::different);
  const std::string names = name_items(comparison.items, ItemState::different);
  std::string differs = differing == 0 ? "nothing recorded differs"
                                       : fmt::format("only {} {}", names, differing == 1 ? "differs" : "differ");
  const Bundle* bundle = bundle_under_test(comparison);
  if (bundle != nullptr && differing == 1) differs = bundle_phrase(*bundle);
  switch (comparison.control) {
    case Control::controlled:
      return "controlled: " + differs;
    case Control::not_measured:
      return "not measured: " +
             (comparison.reasons.empty() ? "the numbers are not of the same thing" : comparison.reasons.front());
    case Control::controlled_with_gaps: {
      const auto unknown = count(ItemState::unknown);
      if (unknown == 0) return fmt::format("controlled with gaps: {}, yet what ran does", differs);
      return fmt::format("controlled with gaps: {}, {} {} unknown ({})", differs, unknown,
                         unknown == 1 ? "thing is" : "things are", name_items(comparison.items, ItemState::unknown));
    }
    case Control::confounded:
      return "but confounded: " + confounding_text(comparison.items, names);
    case Control::undecidable:
      return "but undecidable: a GPU was used, and its kernel driver or the runtime loaded is unknown";
  }
  return {};
}
const Bundle* bundle_under_test(const Comparison& comparison) {
  for (const Bundle& bundle : comparison.bundles) {
    if (bundle.under_test) return &bundle;
  }
  return nullptr;
}

std::string verdict_sentence(const Comparison& comparison) {
  const Speed speed = comparison.primary.speed;
  const char* link = speed == Speed::ambiguous || speed == Speed::too_few ? "; " : ", ";
  return speed_sentence(comparison) + link + control_phrase(comparison) + ".";
}

std::vector<std::string> speed_reasons(const Comparison& comparison) {
  const MetricComparison& metric = comparison.primary;
  std::vector<std::string> reasons;
  const Interval& interval = metric.ratio.interval;
  const std::string bounds = fmt::format("{} to {}", format_change(interval.low), format_change(interval.high));
  const std::string margin = margin_text(metric.margin);
  switch (metric.speed) {
    case Speed::faster:
    case Speed::slower:
      reasons.push_back(fmt::format("the 95 % interval ({}) lies beyond the margin of {}", bounds, margin));
      break;
    case Speed::faster_touching_margin:
    case Speed::slower_touching_margin:
      reasons.push_back(
          fmt::format("the 95 % interval ({}) excludes no change but overlaps the margin of {}", bounds, margin));
      break;
    case Speed::direction_unknown:
      reasons.push_back(
          fmt::format("the 95 % interval ({}) excludes no change; neither the program nor the unit and the "
                      "name of {} say whether that is better",
                      bounds, metric.metric));
      break;
    case Speed::noise:
      reasons.push_back(
          fmt::format("the 95 % interval ({}) excludes no change, and no recorded thing differs: chance "
                      "(one in twenty), the machine, or something that is not recorded",
                      bounds));
      break;
    case Speed::same:
      reasons.push_back(
          fmt::format("the 90 % interval ({} to {}) lies within the margin of {}: two one-sided tests at 5 %",
                      format_change(metric.ratio_90.low), format_change(metric.ratio_90.high), margin));
      break;
    case Speed::ambiguous:
      reasons.push_back(
          fmt::format("the 95 % interval ({}) allows no change and a change beyond the margin of {}", bounds, margin));
      break;
    case Speed::too_few:
      reasons.push_back(fmt::format("{}; a verdict takes at least {}", pairs_text(metric), kFewestPairs));
      break;
    case Speed::no_spread:
      reasons.push_back("one pair says nothing about how much pairs differ");
      break;
    case Speed::not_measured:
      break;  // the control verdict says why
    case Speed::order_confounded:
      reasons.push_back(
          "two documents: what drifted between the measurements (neighbours, heat, clocks) is in the ratio. "
          "Measure both sides in turns: varve run --against-env or --against");
      break;
  }
  if (metric.pairs_needed) {
    reasons.push_back(fmt::format("if estimate and spread hold ({} a {}), {}", format_percent(metric.pair_spread),
                                  pair_noun(metric, 1), more_pairs_text(metric)));
  }
  if (metric.by_block) {
    reasons.push_back(
        "one server served all units of a block, which share its luck: the mean of a block is one value, and blocks "
        "are what is counted");
  }
  return reasons;
}

}  // namespace varve
