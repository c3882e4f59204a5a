#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
struct Badge {
  const char *kind, *sign;
};

Badge badge_of(Speed speed) {
  switch (speed) {
    case Speed::faster:
      return {"good", "▲"};
    case Speed::slower:
      return {"bad", "▼"};
    case Speed::same:
      return {"good", "="};
    case Speed::faster_touching_margin:
      return {"open", "△"};
    case Speed::slower_touching_margin:
      return {"open", "▽"};
    case Speed::noise:
      return {"open", "≈"};
    default:
      return {"open", "?"};
  }
}

Badge control_badge(const Comparison& comparison) {
  switch (comparison.control) {
    case Control::controlled:
      return {comparison.primary.speed == Speed::noise ? "open" : "good", "✓"};
    case Control::controlled_with_gaps:
      return {"open", "○"};
    case Control::confounded:
      return {"bad", "≠"};
    case Control::undecidable:
      return {"open", "?"};
    case Control::not_measured:
      return {"bad", "✗"};
  }
  return {"open", "?"};
}

void write_badge(HtmlWriter& out, const Badge& badge, const std::string& title, const std::string& value,
                 const std::string& meaning) {
  Element card(out, "div", {{"class", "badge " + std::string(badge.kind)}});
  out.leaf("p", {{"class", "badge-title"}}, title);
  {
    Element line(out, "p", {{"class", "badge-value"}});
    out.leaf("span", {{"class", "sign"}}, badge.sign);
    out.text(value);
  }
  out.leaf("p", {{"class", "badge-meaning"}}, meaning);
}

void write_side_card(HtmlWriter& out, SideMark mark, const char* name, const SideSummary& side,
                     const MetricComparison& metric) {
  Element card(out, "div", {{"class", "side"}});
  {
    Element head(out, "p", {{"class", "side-name"}});
    write_side(out, mark, side.label.empty() || side.label == name ? name : name + (" · " + side.label));
  }
  {
    Element command(out, "p");
    out.leaf("code", {}, side.command);
  }
  const std::string spread = side.units > 1 ? "spread " + share_text(side.spread) : "no spread: a single unit";
  out.leaf("p", {{"class", "note"}},
           fmt::format("{} {} (median of {}, {})", metric.metric,
                       quantity_text(mark == SideMark::a ? metric.a_median : metric.b_median, metric.unit),
                       count_text(static_cast<std::size_t>(std::max(side.units, 0)), "unit", "units"), spread));
}

void write_list(HtmlWriter& out, const std::string& title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return;
  Element details(out, "details");
  out.leaf("summary", {}, title);
  Element list(out, "ul");
  for (const std::string& sentence : sentences) out.leaf("li", {}, sentence);
}

void write_verdict(HtmlWriter& out, const Comparison& comparison) {
  Element section(out, "section", {{"class", "verdict"}});
  out.leaf("p", {{"class", "verdict-sentence"}}, comparison.verdict);
  if (!comparison.quote.empty()) {
    Element line(out, "blockquote", {{"class", "quote"}});
    out.leaf("span", {{"class", "quote-title"}}, "To quote");
    out.text(comparison.quote);
  }
  {
    Element badges(out, "div", {{"class", "badges"}});
    const MetricComparison& primary = comparison.primary;
    write_badge(out, badge_of(primary.speed), "Speed: B is", speed_title(primary), speed_meaning(primary));
    write_badge(out, control_badge(comparison), "Comparison is", control_title(comparison.control),
                control_meaning(comparison));
  }
  {
    Element sides(out, "div", {{"class", "sides"}});
    write_side_card(out, SideMark::a, "A", comparison.a, comparison.primary);
    write_side_card(out, SideMark::b, "B", comparison.b, comparison.primary);
  }
  write_list(out, "Why, and what would decide", comparison.reasons);
  write_list(out, "What a single number takes for granted here", comparison.assumptions);
}

void write_explanations(HtmlWriter& out, const Comparison& comparison) {
  if (comparison.explanations.empty()) return;
  Section section(out, "explanations", "What explains most of the change");
  Element list(out, "ol");
  for (const std::string& explanation : comparison.explanations) out.leaf("li", {}, explanation);
}

void write_figure_number(HtmlWriter& out, const std::string& value, const std::string& name) {
  Element box(out, "div", {{"class", "key-number"}});
  out.leaf("p", {{"class", "key-value"}}, value);
  out.leaf("p", {{"class", "note"}}, name);
}

void write_pairs(HtmlWriter& out, const Comparison& comparison, const Run* run) {
  const MetricComparison& primary = comparison.primary;
  if (run != nullptr) {
    write_unit_picture(out, *run, primary.metric, false);
    return;
  }
  if (primary.log_ratios.empty()) {
    out.leaf("p", {{"class", "note"}},
             primary.paired ? "There are no pairs to show."
                            : "The sides were not measured in pairs, so there are no ratios of pairs to show.");
    return;
  }
  Element figure(out, "figure");
  out.raw(ratio_picture(primary));
  out.leaf("figcaption", {}, "The change in each " + pair_noun(primary, 1) + ", in the order they ran.");
}

void write_measured(HtmlWriter& out, const Comparison& comparison, const Run* run) {
  const MetricComparison& primary = comparison.primary;
  Section section(out, "picture", "The measurement");
  {
    Element numbers(out, "div", {{"class", "key-numbers"}});
    write_figure_number(out, change_text(primary.ratio.value),
                        fmt::format("{}, B against A ({})", primary.metric, direction_phrase(primary.better)));
    write_figure_number(out, change_interval_text(primary.ratio.interval), "95 % interval of the change");
    const char* counted = primary.by_block ? "blocks, with a server each" : "pairs";
    write_figure_number(out, std::to_string(primary.pairs), primary.paired ? counted : "units on the smaller side");
    write_figure_number(out, shown_margin(primary.margin), "margin, declared beforehand");
    if (std::isfinite(primary.pair_spread) && primary.pairs > 1) {
      write_figure_number(out, share_text(primary.pair_spread),
                          primary.paired ? "spread of the " + pair_noun(primary, 2) : "spread of a side");
    }
  }
  {
    Element figure(out, "figure");
    out.raw(forest_picture(primary));
    std::string caption = "Change of " + primary.metric +
                          ", B against A. Diamond: the estimate; thin line: 95 % "
                          "interval; thick: 90 %, for the test of sameness; shaded: the margin.";
    if (!primary.log_ratios.empty()) caption += " Rings: the " + pair_noun(primary, 2) + ".";
    out.leaf("figcaption", {}, caption);
  }
  write_pairs(out, comparison, run);
}

void write_metric_row(HtmlWriter& out, const MetricComparison& metric, bool primary, const Scale& range) {
  Element row(out, "tr", {{"class", primary ? "primary" : "other"}});
  {
    Element name(out, "th", {{"scope", "row"}});
    out.text(metric.metric + " ");
    out.leaf("span", {{"class", "chip"}}, primary ? "primary" : "exploratory");
  }
  for (const SideMark side : {SideMark::a, SideMark::b}) {
    const std::string text = quantity_text(side == SideMark::a ? metric.a_median : metric.b_median, metric.unit);
    out.leaf("td", {}, text);
  }
  out.leaf("td", {}, change_text(metric.ratio.value));
  out.leaf("td", {}, change_interval_text(metric.ratio.interval));
  {
    Element cell(out, "td", {{"class", "picture-cell"}});
    out.raw(small_interval(metric, range));
  }
  out.leaf("td", {}, std::to_string(metric.pairs));
  out.leaf("td", {{"class", "state"}}, speed_title(metric));
}

void write_metrics(HtmlWriter& out, const Comparison& comparison) {
  Section section(out, "metrics", "All metrics");
  std::vector<double> ends;
  for (const MetricComparison& metric : comparison.others) {
    const Scale range = log_range(metric);
    ends.insert(ends.end(), {range.low, range.high});
  }
  const Scale own = log_range(comparison.primary);
  ends.insert(ends.end(), {own.low, own.high});
  const Scale range = scale_over(ends, 0);
  {
    ScrollTable table(out, "numbers",
                      {"metric", "A", "B", "change", "95 % interval", "", pairs_heading(comparison.primary), "B is"});
    Element body(out, "tbody");
    write_metric_row(out, comparison.primary, true, range);
    for (const MetricComparison& metric : comparison.others) {
      write_metric_row(out, metric, false, range);
    }
  }
  out.leaf("p", {{"class", "note"}},
           "A and B are medians, the change is that of the geometric mean of the ratios. Only the primary metric was "
           "chosen before measuring; a verdict on any other is exploratory.");
}

std::vector<Remark> footer_of(const Comparison& comparison, const Run* run, const std::string& digest) {
  std::vector<Remark> rows = {{"comparison", "sha256:" + digest}};
  if (run != nullptr) {
    rows.push_back({"run", "sha256:" + digest_of_document(*run)});
    rows.push_back({"stack", "sha256:" + stack_digest(run->stack)});
    for (const Variant& variant : run->variants) {
      const bool known = !variant.program_digest.empty();
      rows.push_back({"program of " + variant.name, known ? "sha256:" + variant.program_digest : "could not be read"});
    }
  }
  rows.push_back({"compared by", "Varve " + comparison.tool_version});
  return rows;
}
}  // namespace

std::string html_page(const Comparison& comparison, const Run* run) {
  HtmlWriter out;
  write_verdict(out, comparison);
  write_explanations(out, comparison);
  write_findings(out, comparison.findings);
  write_measured(out, comparison, run);
  write_items(out, comparison.items, comparison.bundles);
  for (const KernelAccount& account : comparison.accounts) write_account(out, account, comparison.primary);
  write_metrics(out, comparison);
  if (run != nullptr) {
    write_measurement(out, *run);
    write_changes(out, run->stack_changes);
    write_folded_stack(out, *run);
  } else {
    Section section(out, "measurement", "How it was measured");
    out.leaf("p", {{"class", "prose"}},
             comparison.one_document
                 ? "Both sides stand in one run, in which they took turns. Its units, protocol and stack stand in the "
                   "document of that run, which was not at hand when this page was written."
                 : "The sides stand in two documents. Units, protocol and stack of each stand there; what differs "
                   "between them is listed above.");
  }
  const std::string digest = digest_of_document(comparison);
  return make_page({.kind = "comparison",
                    .title = comparison.title.empty() ? "Comparison" : comparison.title,
                    .subtitle = when_text(comparison.created_at),
                    .digest = digest,
                    .footer = footer_of(comparison, run, digest)},
                   out.take());
}

}  // namespace varve
