#include <fmt/format.h>

#include <cmath>

#include "report/printable.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
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

std::string sides(const Comparison& comparison, const TextStyle& style) {
  TextTable table({{""}, {""}, {""}});
  const auto add = [&](const char* name, const SideSummary& side, Tone tone) {
    table.add({{name, tone}, {side.label == name ? "" : side.label}, {side.command}});
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

std::string metrics(const Comparison& comparison, const TextStyle& style) {
  TextTable table({{"metric"},
                   {"A", true},
                   {"B", true},
                   {"change", true},
                   {"95 % interval", true},
                   {comparison.primary.paired ? "pairs" : "units", true},
                   {"B is"}});
  add_metric(table, comparison.primary, true);
  for (const MetricComparison& metric : comparison.others) add_metric(table, metric, false);
  std::string out = table.render(style);
  const MetricComparison& primary = comparison.primary;
  out += paragraph(
      fmt::format("A and B: medians; change: geometric mean of B / A over the {}; {}; margin {}; "
                  "spread of a {} {}",
                  primary.paired ? "pairs" : "units", direction_phrase(primary.better), shown_margin(primary.margin),
                  primary.paired ? "pair" : "side", share_text(primary.pair_spread)),
      2, Tone::dim, style);
  if (!comparison.others.empty()) {
    out += paragraph("All but the primary metric are exploratory.", 2, Tone::dim, style);
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

std::string items_of(const Comparison& comparison, bool quiet, const TextStyle& style) {
  TextTable table({{""}, {"what"}, {"layer"}, {"A"}, {"B"}, {""}});
  std::size_t count = 0;
  constexpr int kLayers = static_cast<int>(Layer::kernels) + 1;
  for (const bool under_test : {true, false}) {
    for (int layer = 0; layer < kLayers; ++layer) {
      for (const ControlItem& item : comparison.items) {
        if (static_cast<int>(item.layer) != layer || is_quiet(item.state) != quiet || item.under_test != under_test) {
          continue;
        }
        std::string state(to_string(item.state));
        if (item.state == ItemState::not_applicable) state = "not applicable";
        if (item.under_test) state += ", under test";
        const Tone tone = quiet ? Tone::dim : item_tone(item);
        const bool once = quiet && item.a == item.b;
        table.add({{state_sign(item.state), tone},
                   {shown_item_name(item), tone},
                   {layer_title(item.layer), Tone::dim},
                   {item.a, tone},
                   {once ? "" : item.b, tone},
                   {state, Tone::dim}});
        ++count;
      }
    }
  }
  return count > 0 ? table.render(style) : "";
}

std::string items(const Comparison& comparison, bool explain, const TextStyle& style) {
  std::string out = text_heading("What differs", style);
  out += paragraph(difference_sentence(comparison.items), 2, Tone::plain, style);
  out += items_of(comparison, false, style);
  std::size_t same = 0, inapplicable = 0;
  for (const ControlItem& item : comparison.items) {
    same += item.state == ItemState::same || item.state == ItemState::shared ? 1 : 0;
    inapplicable += item.state == ItemState::not_applicable ? 1 : 0;
  }
  std::string count = fmt::format("{} the same", count_text(same, "item is", "items are"));
  if (inapplicable > 0) {
    count += fmt::format(", {} not apply", count_text(inapplicable, "does", "do"));
  }
  out += paragraph("= " + count + (explain || same + inapplicable == 0 ? "" : " (--explain names them)"), 2, Tone::dim,
                   style);
  if (explain) out += items_of(comparison, true, style);
  return out;
}

// The interval is symmetric (Student's t), so half of its width says it all.
std::string change_with_error(const Estimate& change, const TimeUnit& unit) {
  const double half = (change.interval.high - change.interval.low) / 2;
  return unit.signed_text(change.value) + " ± " + unit.text(half);
}

void add_kernel(TextTable& table, const KernelChange& row, const TimeUnit& unit, bool shares) {
  const Tone tone = row.state == KernelState::remainder ? Tone::dim : Tone::plain;
  std::vector<Cell> cells = {{row.label, tone},
                             {row.state == KernelState::remainder ? "" : std::string(to_string(row.state)), Tone::dim},
                             {unit.text(row.a_seconds), tone},
                             {unit.text(row.b_seconds), tone},
                             {change_with_error(row.change, unit), tone},
                             {unit.text(row.sampling_error), Tone::dim}};
  if (shares) cells.push_back({row.share ? share_text(*row.share) : "–", tone});
  table.add(std::move(cells));
}

std::string kernels(const KernelAccount& account, const TextStyle& style) {
  std::string out = text_heading(account_title(account), style);
  if (!account.available) {
    return out +
           paragraph("No account: " + (account.why.empty() ? "no reason given" : account.why), 2, Tone::dim, style);
  }
  const bool shares = account.shares_withheld.empty();
  const std::string sentence = exchange_sentence(account);
  if (!sentence.empty()) out += paragraph(sentence, 2, Tone::plain, style);
  if (!shares) out += paragraph("No shares: " + account.shares_withheld, 2, Tone::caution, style);
  const TimeUnit unit = time_unit_for(account);
  const std::string& name = unit.name;
  std::vector<Column> columns = {
      {"kernel"}, {""}, {"A, " + name, true}, {"B, " + name, true}, {"B − A, " + name, true}, {"sampling", true}};
  if (shares) columns.push_back({"share", true});
  TextTable table(columns);
  for (const KernelChange& row : account.rows) add_kernel(table, row, unit, shares);
  std::vector<Cell> total = {{"total", Tone::bold},
                             {""},
                             {unit.text(account.a_seconds), Tone::bold},
                             {unit.text(account.b_seconds), Tone::bold},
                             {change_with_error(account.total, unit), Tone::bold},
                             {""}};
  if (shares) total.push_back({"100 %", Tone::bold});
  table.add(std::move(total));
  out += table.render(style);
  out += paragraph(fmt::format("{} a unit, mean over {}; ±: half of the 95 % interval; sampling: standard error "
                               "of the change from counting samples alone",
                               quantity_title(account.kind.quantity),
                               count_text(static_cast<std::size_t>(std::max(account.pairs, 0)), "pair", "pairs")),
                   2, Tone::dim, style);
  for (const std::string& note : account.notes) out += paragraph(note, 2, Tone::dim, style);
  return out;
}
}  // namespace

std::string text_comparison(const Comparison& comparison, bool explain, const TextStyle& style) {
  std::string out = paragraph(comparison.verdict, 0, Tone::bold, style);
  out += paint(speed_title(comparison.primary.speed), speed_tone(comparison.primary.speed), style) + " · " +
         paint(control_title(comparison.control), control_tone(comparison), style) + "\n";
  out += "\n" + sides(comparison, style);
  out += "\n" + metrics(comparison, style);
  out += items(comparison, explain, style);
  for (const KernelAccount& account : comparison.accounts) out += kernels(account, style);
  out += text_findings(comparison.findings, style);
  if (explain) {
    out += text_heading("Why", style);
    out += paragraph(speed_meaning(comparison.primary), 2, Tone::plain, style);
    out += paragraph(control_meaning(comparison), 2, Tone::plain, style);
    for (const std::string& reason : comparison.reasons) out += paragraph("• " + reason, 2, Tone::plain, style);
  }
  return out;
}

}  // namespace varve
