#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/kernels/kernel_display.h"
#include "report/printable.h"
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
constexpr std::size_t kFewestKernels = 5;

// On one line of so many columns: what does not fit is left out of the middle.
std::string fitted(const std::string& text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  const auto is_start = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; };
  const std::size_t tail = columns / 2, head = columns - tail - 1;
  std::string begin, end;
  std::size_t seen = 0;
  const std::size_t all = display_width(text);
  for (const char byte : text) {
    seen += is_start(byte) ? 1 : 0;
    if (seen <= head) begin += byte;
    if (seen > all - tail) end += byte;
  }
  return begin + "…" + end;
}

std::string fitted(const std::string& text, std::size_t columns, const Detail& detail) {
  return detail.explain ? text : fitted(text, columns);
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
  const bool sound = comparison.control == Control::controlled && comparison.primary.speed != Speed::noise;
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

void add_metric(TextTable& table, const MetricComparison& metric, bool primary) {
  table.add({{metric.metric + (primary ? " (primary)" : ""), primary ? Tone::bold : Tone::plain},
             {quantity_text(metric.a_median, metric.unit)},
             {quantity_text(metric.b_median, metric.unit)},
             {change_text(metric.ratio.value)},
             {change_interval_text(metric.ratio.interval)},
             {std::to_string(metric.pairs)},
             {speed_title(metric.speed), speed_tone(metric.speed)}});
}

std::string metrics(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  TextTable table({{"metric"},
                   {"A", true},
                   {"B", true},
                   {"change", true},
                   {"95 % interval", true},
                   {comparison.primary.paired ? "pairs" : "units", true},
                   {"B is"}});
  add_metric(table, comparison.primary, true);
  std::size_t shown = 1;
  for (const MetricComparison& metric : comparison.others) {
    if (!detail.explain && ++shown > detail.metrics) break;
    add_metric(table, metric, false);
  }
  const std::size_t left = comparison.others.size() + 1 > shown ? comparison.others.size() + 1 - shown : 0;
  std::string out = table.render(style);
  const MetricComparison& primary = comparison.primary;
  out += paragraph(
      fmt::format("Medians; change: geometric mean of B / A; {}; margin {}; spread of a {} {}{}",
                  direction_phrase(primary.better), shown_margin(primary.margin), primary.paired ? "pair" : "side",
                  share_text(primary.pair_spread),
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

std::string items_of(const Comparison& comparison, bool quiet, const Detail& detail, const TextStyle& style) {
  constexpr std::size_t kName = 24, kValue = 24;
  TextTable table({{""}, {"what"}, {"layer"}, {"A"}, {"B"}, {""}});
  const std::vector<const ControlItem*> items = items_in_order(comparison, quiet);
  const std::size_t shown = detail.explain ? items.size() : std::min(items.size(), detail.items);
  for (std::size_t i = 0; i < shown; ++i) {
    const ControlItem& item = *items[i];
    std::string state(to_string(item.state));
    if (item.state == ItemState::not_applicable) state = "not applicable";
    if (item.under_test) state = "under test";
    const Tone tone = quiet ? Tone::dim : item_tone(item);
    const bool once = quiet && item.a == item.b;
    table.add({{state_sign(item.state), tone},
               {fitted(shown_item_name(item), kName, detail), tone},
               {layer_title(item.layer), Tone::dim},
               {fitted(item.a, kValue, detail), tone},
               {once ? "" : fitted(item.b, kValue, detail), tone},
               {state, Tone::dim}});
  }
  if (items.empty()) return "";
  std::string out = table.render(style);
  if (shown < items.size()) {
    out += paragraph(fmt::format("{} more (--explain, the page, --json)", items.size() - shown), 2, Tone::dim, style);
  }
  return out;
}

// "of torch 2.1.2 → 2.15.0 and what came with it: torch 2.1.2 → 2.15.0, triton 2.1.0 → 3.9.0 (came along with torch) …"
std::string bundles(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  std::string out;
  for (const Bundle& bundle : comparison.bundles) {
    if (bundle.members.size() < 2) continue;
    std::vector<std::string> names;
    for (const BundleMember& member : bundle.members) {
      const std::string versions = member.a.empty()   ? member.b + " in B only"
                                   : member.b.empty() ? member.a + " in A only"
                                                      : member.a + " → " + member.b;
      names.push_back(member.name + " " + versions +
                      (member.because.empty() ? "" : " (came along with " + member.because + ")"));
    }
    out += paragraph(fmt::format("In the bundle: {}.", list_text(names, detail.explain ? names.size() : 3)), 2,
                     Tone::plain, style);
  }
  return out;
}

std::string items(const Comparison& comparison, const Detail& detail, const TextStyle& style) {
  std::string out = text_heading("What differs", style);
  out += paragraph(difference_sentence(comparison.items), 2, Tone::plain, style);
  out += bundles(comparison, detail, style);
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

// The interval is symmetric (Student's t), so half of its width says it all.
std::string change_with_error(const Estimate& change, const TimeUnit& unit) {
  const double half = (change.interval.high - change.interval.low) / 2;
  return unit.signed_text(change.value) + " ± " + unit.text(half);
}

struct ShownKernel {
  const KernelChange* row = nullptr;
  bool is_part = false;
};

// Operations, each with those of its kernels that have a part in the change; the remainder is not among them.
std::vector<ShownKernel> kernels_in_order(const KernelAccount& account) {
  constexpr double kWorthShowing = 0.05;  // of the change, or of the whole where there is hardly any
  const double least = kWorthShowing * std::max(std::fabs(account.total.value), 0.2 * account.a_seconds);
  std::vector<ShownKernel> shown;
  for (const KernelChange& row : account.rows) {
    if (row.state == KernelState::remainder) continue;
    shown.push_back({&row, false});
    for (const KernelChange& part : row.parts) {
      if (row.parts.size() > 1 && std::fabs(part.change.value) >= least) shown.push_back({&part, true});
    }
  }
  return shown;
}

void add_kernel(TextTable& table, const ShownKernel& shown, std::size_t columns, const TimeUnit& unit, bool shares) {
  const KernelChange& row = *shown.row;
  const Tone tone = row.state == KernelState::remainder || shown.is_part ? Tone::dim : Tone::plain;
  const bool is_name = row.label.find(" → ") == std::string::npos && row.label.find(": ") == std::string::npos;
  const std::size_t room = shown.is_part ? columns - 2 : columns;
  const std::string name = is_name ? display_name(row.label, room) : row.label;
  std::vector<Cell> cells = {{(shown.is_part ? "· " : "") + fitted(name, room), tone},
                             {row.state == KernelState::remainder ? "" : kernel_state_title(row.state), Tone::dim},
                             {unit.text(row.a_seconds), tone},
                             {unit.text(row.b_seconds), tone},
                             {change_with_error(row.change, unit), tone}};
  if (shares) cells.push_back({row.share ? share_text(*row.share) : "–", tone});
  table.add(std::move(cells));
}

// What of the rows is not shown, as one row, so that the column still sums to the total.
KernelChange more_rows(const std::vector<ShownKernel>& all, std::size_t shown) {
  KernelChange more{.label = {}, .state = KernelState::remainder};
  std::size_t count = 0;
  for (std::size_t i = shown; i < all.size(); ++i) {
    if (all[i].is_part) continue;
    ++count;
    more.a_seconds += all[i].row->a_seconds;
    more.b_seconds += all[i].row->b_seconds;
    more.change.value += all[i].row->change.value;
  }
  more.label = fmt::format("({} more)", count);
  more.change.interval = {NAN, NAN};
  return more;
}

std::string kernel_table(const KernelAccount& account, const Detail& detail, const TextStyle& style) {
  const bool shares = account.shares_withheld.empty();
  const TimeUnit unit = time_unit_for(account);
  std::vector<Column> columns = {{account.by_operation ? "operation, · kernel" : "kernel"},
                                 {""},
                                 {"A, " + unit.name, true},
                                 {"B, " + unit.name, true},
                                 {"B − A, " + unit.name, true}};
  if (shares) columns.push_back({"share", true});
  TextTable table(columns);
  const std::size_t name_columns = shares ? 34 : 48;
  const std::vector<ShownKernel> all = kernels_in_order(account);
  const std::size_t most = detail.explain ? all.size() : std::min(all.size(), detail.kernels);
  for (std::size_t i = 0; i < most; ++i) add_kernel(table, all[i], name_columns, unit, shares);
  if (most < all.size()) {
    const KernelChange more = more_rows(all, most);
    std::vector<Cell> cells = {{more.label, Tone::dim},
                               {""},
                               {unit.text(more.a_seconds), Tone::dim},
                               {unit.text(more.b_seconds), Tone::dim},
                               {unit.signed_text(more.change.value), Tone::dim}};
    if (shares) cells.push_back({""});
    table.add(std::move(cells));
  }
  for (const KernelChange& row : account.rows) {
    if (row.state == KernelState::remainder) add_kernel(table, {&row, false}, name_columns, unit, shares);
  }
  std::vector<Cell> total = {{"total", Tone::bold},
                             {""},
                             {unit.text(account.a_seconds), Tone::bold},
                             {unit.text(account.b_seconds), Tone::bold},
                             {change_with_error(account.total, unit), Tone::bold}};
  if (shares) total.push_back({"100 %", Tone::bold});
  table.add(std::move(total));
  return table.render(style);
}

std::string kernels(const KernelAccount& account, const Detail& detail, const TextStyle& style) {
  std::string out = text_heading(account_title(account), style);
  if (!account.available) {
    return out +
           paragraph("No account: " + (account.why.empty() ? "no reason given" : account.why), 2, Tone::dim, style);
  }
  const std::string sentence = exchange_sentence(account);
  if (!sentence.empty()) out += paragraph(sentence, 2, Tone::plain, style);
  if (!account.shares_withheld.empty()) {
    out += paragraph("No shares: " + account.shares_withheld, 2, Tone::caution, style);
  }
  out += kernel_table(account, detail, style);
  out += paragraph(fmt::format("{}{}{}, mean over {}; ±: half of the 95 % interval",
                               quantity_title(account.kind.quantity), account.of.empty() ? "" : " ", account.of,
                               count_text(static_cast<std::size_t>(std::max(account.pairs, 0)), "pair", "pairs")),
                   2, Tone::dim, style);
  if (!detail.explain) return out;
  for (const std::string& note : account.notes) out += paragraph(note, 2, Tone::dim, style);
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
    out += "  " + paint(fitted(line, static_cast<std::size_t>(style.width) - 2), Tone::caution, style) + "\n";
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
  out += paint(speed_title(comparison.primary.speed), speed_tone(comparison.primary.speed), style) + " · " +
         paint(control_title(comparison.control), control_tone(comparison), style) + "\n";
  if (!comparison.quote.empty()) out += paragraph("To quote: “" + comparison.quote + "”", 0, Tone::dim, style);
  out += explanations(comparison, style);
  out += detail.explain ? text_findings(comparison.findings, style)
                        : short_findings(comparison.findings, detail, style);
  out += "\n" + sides(comparison, detail, style);
  out += "\n" + metrics(comparison, detail, style);
  out += items(comparison, detail, style);
  bool first = true;
  for (const KernelAccount& account : comparison.accounts) {
    if (first || detail.explain) out += kernels(account, detail, style);
    first = false;
  }
  if (!detail.explain && comparison.accounts.size() > 1) {
    out += paragraph(count_text(comparison.accounts.size() - 1, "account", "accounts") +
                         " of another quantity beside it (--explain); they are never added",
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
  for (;; --detail.kernels) {
    std::string text = text_with(comparison, detail, style);
    const bool fits = std::count(text.begin(), text.end(), '\n') <= kMostLinesOfComparison;
    if (fits || detail.kernels == kFewestKernels) return text;
    if (detail.kernels == 10) detail.items = 5;
    if (detail.kernels == 7) detail.metrics = detail.findings = 3;
  }
}

std::string text_assumptions(const Comparison& comparison, const TextStyle& style) {
  std::string out = text_heading("What a single number takes for granted here", style);
  for (const std::string& assumption : comparison.assumptions) out += paragraph("• " + assumption, 2, Tone::plain, style);
  return out;
}

}  // namespace varve
