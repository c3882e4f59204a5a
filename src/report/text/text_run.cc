#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/printable.h"
#include "report/recordings.h"
#include "report/run_summary.h"
#include "report/text/text_parts.h"
#include "report/text/text_report.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostKernels = 12;

Tone side_tone(const Run& run, const std::string& variant) {
  if (run.variants.size() < 2) return Tone::plain;
  return variant == "A" ? Tone::side_a : Tone::side_b;
}

std::string commands(const Run& run, const TextStyle& style) {
  TextTable table({{""}, {""}});
  for (const Variant& variant : run.variants) {
    table.add({{variant.name, side_tone(run, variant.name)}, {command_text(variant)}});
  }
  return table.render(style);
}

std::string run_metrics(const Run& run, const TextStyle& style) {
  TextTable table(
      {{"metric"}, {"side"}, {"units", true}, {"median", true}, {"spread", true}, {"lowest", true}, {"highest", true}});
  for (const std::string& name : metric_names(run)) {
    for (const Variant& variant : run.variants) {
      const Spread spread = spread_of(timing_units(run, variant.name), name);
      const bool primary = name == run.protocol.primary_metric;
      const std::string title = name + (primary ? " (primary)" : "");
      if (spread.count == 0) {
        table.add({{title, Tone::dim}, {variant.name, Tone::dim}, {"0"}, {"–"}, {"–"}, {"–"}, {"–"}});
        continue;
      }
      table.add({{title, primary ? Tone::bold : Tone::plain},
                 {variant.name, side_tone(run, variant.name)},
                 {std::to_string(spread.count)},
                 {quantity_text(spread.median, spread.unit)},
                 {share_text(spread.deviation)},
                 {quantity_text(spread.low, spread.unit)},
                 {quantity_text(spread.high, spread.unit)}});
    }
  }
  return text_heading("Metrics", style) + table.render(style) +
         paragraph("spread: standard deviation of the logarithms, between units", 2, Tone::dim, style);
}

std::string side_kernels(const Run& run, const Variant& variant, const SideProfile& side, const TextStyle& style) {
  const std::string heading = text_heading(profile_title(run, variant, side.kind), style);
  if (side.rows.empty()) {
    return heading + paragraph(why_no_rows(run, variant, side), 2, Tone::dim, style);
  }
  const std::string quantity = quantity_title(side.kind.quantity);
  const double whole = side.mean_seconds(side.base_ns());
  const TimeUnit unit = time_unit_for(whole);
  const std::string served = served_sentence(side);
  std::vector<Column> columns = {{row_title(side.kind)}, {"family"}};
  if (!served.empty()) columns.push_back({"for"});
  columns.push_back({unit.name + " a unit", true});
  columns.push_back({"of " + quantity, true});
  TextTable table(columns);
  const auto add = [&](const std::string& name, const std::string& family, std::int64_t ns, Tone tone,
                       const std::string& whom = "") {
    const double seconds = side.mean_seconds(ns);
    std::vector<Cell> cells = {{name, tone}, {family, Tone::dim}};
    if (!served.empty()) cells.push_back({whom});
    cells.push_back({unit.text(seconds), tone});
    cells.push_back({whole > 0 ? share_text(seconds / whole) : "–", tone});
    table.add(std::move(cells));
  };
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < side.rows.size(); ++i) {
    const ProfileRow& row = side.rows[i];
    const Kernel& kernel = run.kernels[row.key.kernel];
    if (i < kMostKernels) {
      add(short_name(kernel.key.name), std::string(to_string(kernel.meaning.family)), row.time.total_ns, Tone::plain,
          served_name(run, row));
    } else {
      rest = add_ns(rest, row.time.total_ns);
    }
  }
  if (side.rows.size() > kMostKernels)
    add(fmt::format("({} more)", side.rows.size() - kMostKernels), "", rest, Tone::dim);
  add(remainder_title(side), "", side.profile.remainder_ns(), Tone::dim);
  const bool of_window = side.profile.outside_ns() > 0;
  add(of_window ? quantity + " of the window" : quantity, "", side.profile.whole_ns, Tone::bold);
  std::string out = heading + table.render(style);
  if (const std::string outside = outside_text(run, variant, side); !outside.empty()) {
    out += paragraph(outside, 2, Tone::dim, style);
  }
  if (!served.empty()) out += paragraph(served, 2, Tone::dim, style);
  for (const std::string& reason : side.unseen) out += paragraph("unseen: " + reason, 2, Tone::dim, style);
  return out;
}

std::string remark_table(const std::string& title, const std::vector<Remark>& remarks, const TextStyle& style) {
  if (remarks.empty()) return "";
  TextTable table({{""}, {""}});
  for (const Remark& remark : remarks) table.add({{remark.name, Tone::dim}, {remark.text}});
  return text_heading(title, style) + table.render(style);
}

std::string of_side(const Run& run, const Variant& variant, const std::string& title) {
  return run.variants.size() > 1 ? title + " of " + variant.name : title;
}

std::string run_kernels(const Run& run, const Variant& variant, const TextStyle& style) {
  std::string out;
  for (const SideProfile& side : side_profiles(timing_units(run, variant.name)))
    out += side_kernels(run, variant, side, style);
  out += remark_table(of_side(run, variant, "Recorded"), recording_remarks(run, variant), style);
  for (const SideProfile& side : recorded_profiles(run, variant)) out += side_kernels(run, variant, side, style);
  return out + remark_table(of_side(run, variant, "What the framework was told"), framework_remarks(variant), style);
}

std::string imported(const Run& run, const TextStyle& style) {
  std::vector<Remark> remarks;
  for (const Variant& variant : run.variants) {
    if (std::string text = packages_text(variant); !text.empty()) remarks.push_back({variant.name, std::move(text)});
  }
  return remark_table("What the interpreter could import", remarks, style);
}

std::string distrusted_units(const Run& run, const TextStyle& style) {
  TextTable failed({{"unit", true}, {"side"}, {"role"}, {"end"}});
  bool any_failed = false;
  for (const Unit& unit : run.units) {
    if (unit.end.ok()) continue;
    any_failed = true;
    failed.add({{std::to_string(unit.index)},
                {unit.variant, side_tone(run, unit.variant)},
                {std::string(to_string(unit.role))},
                {end_text(unit.end), Tone::bad}});
  }
  std::string out = any_failed ? text_heading("Units that failed", style) + failed.render(style) : "";
  const std::vector<std::string> causes = marks_by_cause(run);
  if (causes.empty()) return out;
  out += text_heading("Units to look at", style);
  for (const std::string& cause : causes) out += paragraph(cause, 2, Tone::plain, style);
  return out;
}
}  // namespace

std::string text_run(const Run& run, const TextStyle& style) {
  std::string out = paint(run.name.empty() ? "Run" : "Run " + printable(run.name), Tone::bold, style) + "\n";
  out +=
      paragraph(fmt::format("{}, Varve {}, stack sha256:{}", run.created_at, run.tool_version, stack_digest(run.stack)),
                0, Tone::dim, style);
  if (!run.complete) out += paragraph("Incomplete: " + run.incomplete_reason, 0, Tone::bad, style);
  out += "\n" + commands(run, style);
  if (run.variants.empty()) out += paragraph("no variant was executed", 2, Tone::dim, style);
  out += run_metrics(run, style);
  for (const Variant& variant : run.variants) out += run_kernels(run, variant, style);
  out += imported(run, style);
  out += distrusted_units(run, style);
  out += text_changes(run.stack_changes, style);
  out += text_findings(run.findings, style);
  out += text_heading("How it was measured", style);
  for (const std::string& sentence : protocol_sentences(run)) out += paragraph(sentence, 2, Tone::plain, style);
  TextTable table({{""}, {""}});
  for (const Remark& remark : measurement_remarks(run)) table.add({{remark.name, Tone::dim}, {remark.text}});
  return out + table.render(style);
}

}  // namespace varve
