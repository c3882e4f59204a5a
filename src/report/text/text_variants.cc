#include <fmt/format.h>

#include <algorithm>

#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
Tone verdict_tone(const Comparison& comparison) {
  const bool controlled =
      comparison.control == Control::controlled || comparison.control == Control::controlled_with_gaps;
  if (!controlled) return Tone::caution;
  if (comparison.primary.speed == Speed::faster || comparison.primary.speed == Speed::same) return Tone::good;
  return comparison.primary.speed == Speed::slower ? Tone::bad : Tone::caution;
}

// What the speed alone does not say.
std::string verdict_text(const Comparison& comparison) {
  std::string text = speed_title(comparison.primary);
  if (comparison.control != Control::controlled) text += ", " + control_title(comparison.control);
  return text;
}
}  // namespace

std::string text_variants(const std::vector<Comparison>& comparisons, const std::string& name, const TextStyle& style) {
  const Comparison& first = comparisons.front();
  const MetricComparison& metric = first.primary;
  const bool one_document =
      std::all_of(comparisons.begin(), comparisons.end(), [](const Comparison& each) { return each.one_document; });
  // Beside runs of other files a variant is called by its file as well.
  const auto label = [&](const SideSummary& side, const Comparison& each) {
    return each.one_document && !one_document ? name + "@" + side.label : side.label;
  };
  const std::string whose = one_document ? printable(name) + ": " : "";
  std::string out = paint(fmt::format("{}{} {} by {}", whose, comparisons.size() + 1,
                                      one_document ? "variants" : "subjects", metric.metric),
                          Tone::bold, style) +
                    "\n\n";
  TextTable table({{""},
                   {"variant"},
                   {"median", true},
                   {"change", true},
                   {"95 % interval", true},
                   {pairs_heading(metric), true},
                   {"is"}});
  table.add({{label(first.a, first), Tone::side_a}, {first.a.command}, {quantity_text(metric.a_median, metric.unit)}});
  for (const Comparison& each : comparisons) {
    table.add({{label(each.b, each), Tone::side_b},
               {each.b.command},
               {quantity_text(each.primary.b_median, each.primary.unit)},
               {change_text(each.primary.ratio.value)},
               {change_interval_text(each.primary.ratio.interval)},
               {std::to_string(each.primary.pairs)},
               {verdict_text(each), verdict_tone(each)}});
  }
  out += table.render(style);
  out += paragraph(
      fmt::format(
          "Each is compared with {}{}; {}; margin {}. An interval is of 95 % by itself: of {} variants that are "
          "the same as {}, up to {} % of runs show one that seems to differ.",
          label(first.a, first), one_document ? " over the rounds in which both ended well" : "",
          direction_phrase(metric.better), shown_margin(metric.margin), comparisons.size(), label(first.a, first),
          5 * comparisons.size()),
      2, Tone::dim, style);
  const std::string prefix = one_document ? name + "@" : "";
  out += paragraph(fmt::format("What differs between two of them, and which kernels: varve compare {0}{1} {0}{2}",
                               prefix, label(first.a, first), label(comparisons.back().b, comparisons.back())),
                   2, Tone::dim, style);
  return out;
}

}  // namespace varve
