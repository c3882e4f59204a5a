#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/printable.h"
#include "report/text/comparison_account.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
// What stands on the screen without --explain; the page and --json have all of it.
struct Detail {
  bool explain = false;
  std::size_t kernels = 15;  // rows of the account
  std::size_t items = 8, metrics = 4, findings = 4;
};
constexpr std::ptrdiff_t kMostLinesOfComparison = 60;
constexpr std::size_t kFewestKernels = 5, kFewestItems = 1;

// Without --explain on one line of so many columns: what does not fit is left out of the middle.
std::string fitted(const std::string& text, std::size_t columns, const Detail& detail) {
  return detail.explain ? text : without_middle(text, columns);
}

// The same, cut at its end.
std::string begun(const std::string& text, std::size_t columns, const Detail& detail) {
  return detail.explain ? text : without_end(text, columns);
}

Tone speed_tone(Speed speed) {
  switch (speed) {
    case Speed::faster:
    case Speed::same:
      return Tone::good;
    case Speed::slower:
      return Tone::bad;
    default:
      return Tone::caution;
  }
}

Tone control_tone(const Comparison& comparison) {
  const bool sound = comparison.control == Control::controlled && comparison.primary.speed != Speed::noise &&
                     comparison.primary.speed != Speed::not_measured;
  return sound ? Tone::good : Tone::caution;
}

std::string sides(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  TextTable table({{""}, {""}, {""}});
  const auto add = [&](const char* name, const SideSummary& side, Tone tone) {
    const std::string label = side.label == name ? "" : side.label;
    const std::size_t taken = 8 + display_width(label);
    const std::size_t room = static_cast<std::size_t>(style.width) > taken + 20 ? style.width - taken : 20;
    table.add({{name, tone}, {label}, {fitted(side.command, room, detail)}});
  };
  add("A", comparison.a, Tone::side_a);
  add("B", comparison.b, Tone::side_b);
  return table.render(style);
}

void add_metric(TextTable& table, const MetricComparison& metric, bool primary, const Detail& detail) {
  constexpr std::size_t kName = 24;
  const std::string mark = primary ? " (primary)" : "";
  table.add({{fitted(metric.metric, kName - mark.size(), detail) + mark, primary ? Tone::bold : Tone::plain},
             {quantity_text(metric.a_median, metric.unit)},
             {quantity_text(metric.b_median, metric.unit)},
             {change_text(metric.ratio.value)},
             {change_interval_text(metric.ratio.interval)},
             {std::to_string(metric.pairs)},
             {speed_title(metric), speed_tone(metric.speed)}});
}

std::string metrics(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  TextTable table({{"metric"},
                   {"A", true},
                   {"B", true},
                   {"change", true},
                   {"95 % interval", true},
                   {pairs_heading(comparison.primary), true},
                   {"B is"}});
  add_metric(table, comparison.primary, true, detail);
  std::size_t shown = 1;
  for (const MetricComparison& metric : comparison.others) {
    if (!detail.explain && ++shown > detail.metrics) break;
    add_metric(table, metric, false, detail);
  }
  const std::size_t left = comparison.others.size() + 1 > shown ? comparison.others.size() + 1 - shown : 0;
  std::string out = table.render(style);
  const MetricComparison& primary = comparison.primary;
  const std::string spread = fmt::format("; spread of a {} {}", primary.paired ? pair_noun(primary, 1) : "side",
                                         share_text(primary.pair_spread));
  out += paragraph(
      fmt::format("Medians; change: geometric mean of B / A; {}; margin {}{}{}", direction_phrase(primary.better),
                  shown_margin(primary.margin), primary.pairs > 1 ? spread : "",
                  comparison.others.empty() ? "" : "; all but the primary metric exploratory"),
      2, Tone::dim, style);
  if (!detail.explain && left > 0) {
    out += paragraph(count_text(left, "more metric", "more metrics") + " (--explain)", 2, Tone::dim, style);
  }
  return out;
}

Tone item_tone(const ControlItem& item) {
  if (item.state == ItemState::different) return item.under_test ? Tone::bold : Tone::caution;
  return item.state == ItemState::unknown ? Tone::dim : Tone::plain;
}

bool is_quiet(ItemState state) {
  return state == ItemState::same || state == ItemState::shared || state == ItemState::not_applicable;
}

// What is under test first, then what else differs, what is unknown, and what follows; in each the layers in order.
std::vector<const ControlItem*> items_in_order(const Comparison& comparison, bool quiet) {
  std::vector<const ControlItem*> items;
  for (const ControlItem& item : comparison.items) {
    if (is_quiet(item.state) == quiet) items.push_back(&item);
  }
  const auto rank = [](const ControlItem* item) {
    if (item->under_test) return 0;
    return item->state == ItemState::different ? 1 : item->state == ItemState::unknown ? 2 : 3;
  };
  std::stable_sort(items.begin(), items.end(), [&](const ControlItem* left, const ControlItem* right) {
    return std::pair(rank(left), left->layer) < std::pair(rank(right), right->layer);
  });
  return items;
}

bool is_library_that_follows(const ControlItem& item) {
  return item.state == ItemState::follows && item.id.starts_with("library.");
}

// Libraries that another setting or command brought, kernel libraries first: "libopenblas.so.0 and 2 more only in A".
std::string libraries_that_follow(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  constexpr std::size_t kRowsOfTheirOwn = 2;  // so many stand in the table
  std::vector<const ControlItem*> libraries;
  for (const ControlItem& item : comparison.items) {
    if (is_library_that_follows(item)) libraries.push_back(&item);
  }
  if (detail.explain || libraries.size() <= kRowsOfTheirOwn) return "";
  std::stable_partition(libraries.begin(), libraries.end(),
                        [](const ControlItem* item) { return item->layer == Layer::kernel_library; });
  std::vector<std::string> in_a, in_b, exchanged;
  for (const ControlItem* item : libraries) {
    auto& side = item->b == "(not loaded)" ? in_a : item->a == "(not loaded)" ? in_b : exchanged;
    side.push_back(shown_item_name(*item));
  }
  std::vector<std::string> clauses;
  if (!in_a.empty()) clauses.push_back(list_text(in_a, 4) + " only in A");
  if (!in_b.empty()) clauses.push_back(list_text(in_b, 4) + " only in B");
  if (!exchanged.empty()) clauses.push_back(list_text(exchanged, 4) + " in another build");
  return paragraph("Libraries that follow: " + join(clauses, "; ") + ".", 2, Tone::plain, style);
}

std::string items_of(const Comparison& comparison, bool quiet, const Detail& detail, const TextStyle& style) {
  constexpr std::size_t kName = 22, kValue = 19;
  TextTable table({{""}, {"what"}, {"layer"}, {"A"}, {"B"}, {""}});
  std::vector<const ControlItem*> items = items_in_order(comparison, quiet);
  if (!libraries_that_follow(comparison, detail, style).empty()) {
    std::erase_if(items, [](const ControlItem* item) { return is_library_that_follows(*item); });
  }
  const std::size_t shown = detail.explain ? items.size() : std::min(items.size(), detail.items);
  for (std::size_t i = 0; i < shown; ++i) {
    const ControlItem& item = *items[i];
    std::string state(to_string(item.state));
    if (item.state == ItemState::not_applicable) state = "not applicable";
    if (item.under_test) state = "under test";
    const Tone tone = quiet ? Tone::dim : item_tone(item);
    const bool once = quiet && item.a == item.b;
    const auto value = item.id == "command" ? fitted : begun;  // of two commands the ends differ most often
    table.add({{state_sign(item.state), tone},
               {begun(shown_item_name(item), kName, detail), tone},
               {layer_title(item.layer), Tone::dim},
               {value(item.a, kValue, detail), tone},
               {once ? "" : value(item.b, kValue, detail), tone},
               {state, Tone::dim}});
  }
  if (items.empty()) return "";
  std::string out = table.render(style);
  if (shown < items.size()) {
    out += paragraph(fmt::format("{} more (--explain, the page, --json)", items.size() - shown), 2, Tone::dim, style);
  }
  return out;
}

std::string items(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  std::string out = text_heading("What differs", style);
  out += paragraph(difference_sentence(comparison.items), 2, Tone::plain, style);
  out += text_bundles(comparison.bundles, detail.explain, style);
  out += libraries_that_follow(comparison, detail, style);
  out += items_of(comparison, false, detail, style);
  std::size_t same = 0, inapplicable = 0;
  for (const ControlItem& item : comparison.items) {
    same += item.state == ItemState::same || item.state == ItemState::shared ? 1 : 0;
    inapplicable += item.state == ItemState::not_applicable ? 1 : 0;
  }
  std::string count = fmt::format("{} the same", count_text(same, "item is", "items are"));
  if (inapplicable > 0) {
    count += fmt::format(", {} not apply", count_text(inapplicable, "does", "do"));
  }
  out += paragraph("= " + count + (detail.explain || same + inapplicable == 0 ? "" : " (--explain names them)"), 2,
                   Tone::dim, style);
  if (detail.explain) out += items_of(comparison, true, detail, style);
  return out;
}

std::string explanations(const Comparison& comparison, const TextStyle& style) {
  if (comparison.explanations.empty()) return "";
  std::string out = text_heading("What explains most", style);
  for (std::size_t i = 0; i < comparison.explanations.size(); ++i) {
    out += paragraph(fmt::format("{}. {}", i + 1, comparison.explanations[i]), 2, Tone::plain, style);
  }
  return out;
}

// One line a finding; --explain has what they mean and what to do.
std::string short_findings(const std::vector<Finding>& findings, const Detail& detail, const TextStyle& style) {
  if (findings.empty()) return "";
  std::string out = text_heading("Findings", style);
  const std::size_t shown = std::min(findings.size(), detail.findings);
  for (std::size_t i = 0; i < shown; ++i) {
    const Finding& finding = findings[i];
    const std::string line =
        fmt::format("{}  {}  {}", to_string(finding.severity), finding.id, printable(finding.evidence));
    out += paragraph(line, 2, Tone::caution, style);
  }
  const std::string more = shown < findings.size() ? fmt::format("{} more; ", findings.size() - shown) : "";
  return out + paragraph(more + "--explain says what they mean and what to do", 2, Tone::dim, style);
}

std::string why(const Comparison& comparison, const TextStyle& style) {
  std::string out = text_heading("Why", style);
  out += paragraph(speed_meaning(comparison.primary), 2, Tone::plain, style);
  out += paragraph(control_meaning(comparison), 2, Tone::plain, style);
  for (const std::string& reason : comparison.reasons) out += paragraph("• " + reason, 2, Tone::plain, style);
  return out;
}

std::string text_with(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  std::string out;
  if (!comparison.title.empty()) out += paragraph(comparison.title, 0, Tone::plain, style);
  out += paragraph(comparison.verdict, 0, Tone::bold, style);
  out += paint(speed_title(comparison.primary), speed_tone(comparison.primary.speed), style) + " · " +
         paint(control_title(comparison.control), control_tone(comparison), style) + "\n";
  if (!comparison.without_marked.empty()) out += paragraph(comparison.without_marked, 0, Tone::caution, style);
  if (!comparison.quote.empty()) out += paragraph("To quote: “" + comparison.quote + "”", 0, Tone::dim, style);
  out += explanations(comparison, style);
  out +=
      detail.explain ? text_findings(comparison.findings, style) : short_findings(comparison.findings, detail, style);
  out += "\n" + sides(comparison, detail, style);
  out += "\n" + metrics(comparison, detail, style);
  out += items(comparison, detail, style);
  bool first = true;
  for (const KernelAccount& account : comparison.accounts) {
    if (first || detail.explain)
      out += text_account(account, comparison.primary, {detail.explain, detail.kernels}, style);
    first = false;
  }
  const auto beside = static_cast<std::size_t>(std::count_if(
      comparison.accounts.begin(), comparison.accounts.end(),
      [&](const KernelAccount& each) { return &each != &comparison.accounts.front() && each.available; }));
  if (!detail.explain && beside > 0) {
    out += paragraph(
        count_text(beside, "account", "accounts") + " of another quantity beside it (--explain); they are never added",
        2, Tone::dim, style);
  }
  if (detail.explain) out += why(comparison, style);
  return out;
}
}  // namespace

std::string text_comparison(const Comparison& comparison, bool explain, const TextStyle& style) {
  Detail detail{.explain = explain};
  if (explain) return text_with(comparison, detail, style);
  // As many rows as one screen has room for.
  for (;;) {
    std::string text = text_with(comparison, detail, style);
    const bool fits = std::count(text.begin(), text.end(), '\n') <= kMostLinesOfComparison;
    if (fits || (detail.kernels == kFewestKernels && detail.items == kFewestItems)) return text;
    if (detail.kernels == 10) detail.items = 5;
    if (detail.kernels == 7) detail.metrics = detail.findings = 3;
    --(detail.kernels > kFewestKernels ? detail.kernels : detail.items);
  }
}

std::string text_assumptions(const Comparison& comparison, const TextStyle& style) {
  std::string out = text_heading("What a single number takes for granted here", style);
  for (const std::string& assumption : comparison.assumptions)
    out += paragraph("• " + assumption, 2, Tone::plain, style);
  return out;
}

}  // namespace varve
