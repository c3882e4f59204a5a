#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/recordings.h"
#include "report/run_summary.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr std::size_t kMostKernels = 6;  // a family

void write_summary(HtmlWriter& out, const Run& run) {
  Element section(out, "section", {{"class", "verdict"}});
  for (const Variant& variant : run.variants) {
    const Spread spread = spread_of(timing_units(run, variant.name), run.protocol.primary_metric);
    const std::string who = run.variants.size() > 1 ? variant.name + " – " : "";
    out.leaf("p", {{"class", "verdict-sentence"}},
             spread.count == 0 ? who + "no unit ended well with a value of " + run.protocol.primary_metric + "."
                               : fmt::format("{}{}: {}, the median of {}; spread {}.", who, run.protocol.primary_metric,
                                             quantity_text(spread.median, spread.unit),
                                             count_text(static_cast<std::size_t>(spread.count), "unit", "units"),
                                             share_text(spread.deviation)));
  }
  if (run.variants.empty()) out.leaf("p", {{"class", "verdict-sentence"}}, "Nothing was executed.");
  if (!run.complete) out.leaf("p", {{"class", "warning-line"}}, "Incomplete: " + run.incomplete_reason);
  Element sides(out, "div", {{"class", "sides"}});
  for (const Variant& variant : run.variants) {
    Element side(out, "div", {{"class", "side"}});
    {
      Element name(out, "p", {{"class", "side-name"}});
      write_side(out, side_of(run, variant.name), variant.name);
    }
    {
      Element command(out, "p");
      out.leaf("code", {}, command_text(variant));
    }
    std::string program = "program " + variant.program;
    program += variant.program_digest.empty() ? ", could not be read" : ", sha256:" + variant.program_digest;
    out.leaf("p", {{"class", "note"}}, program);
  }
}

void write_unit_metrics(HtmlWriter& out, const Run& run) {
  Section section(out, "metrics", "Metrics");
  {
    ScrollTable table(out, "numbers", {"metric", "side", "units", "median", "spread", "lowest", "highest"});
    Element body(out, "tbody");
    for (const std::string& name : metric_names(run)) {
      for (const Variant& variant : run.variants) {
        const Spread spread = spread_of(timing_units(run, variant.name), name);
        const bool any = spread.count > 0;
        Element row(out, "tr", {{"class", name == run.protocol.primary_metric ? "primary" : "other"}});
        {
          Element head(out, "th", {{"scope", "row"}});
          out.text(name);
          if (name == run.protocol.primary_metric) out.leaf("span", {{"class", "chip"}}, "primary");
        }
        {
          Element cell(out, "td");
          write_side(out, side_of(run, variant.name), variant.name);
        }
        out.leaf("td", {}, std::to_string(spread.count));
        out.leaf("td", {}, any ? quantity_text(spread.median, spread.unit) : "–");
        out.leaf("td", {}, any ? share_text(spread.deviation) : "–");
        out.leaf("td", {}, any ? quantity_text(spread.low, spread.unit) : "–");
        out.leaf("td", {}, any ? quantity_text(spread.high, spread.unit) : "–");
      }
    }
  }
  out.leaf("p", {{"class", "note"}},
           "Spread: the standard deviation of the logarithms between units. Only timing units that ended well count.");
}

struct FamilyRows {
  Family family = Family::other;
  std::int64_t ns = 0;
  std::vector<const ProfileRow*> rows;  // by falling time
};

std::vector<FamilyRows> by_family(const SideProfile& side, const KernelTable& kernels) {
  std::map<Family, FamilyRows> families;
  for (const ProfileRow& row : side.rows) {
    const Family name = kernels[row.key.kernel].meaning.family;
    FamilyRows& family = families[name];
    family.family = name;
    family.ns = add_ns(family.ns, row.time.total_ns);
    family.rows.push_back(&row);
  }
  std::vector<FamilyRows> sorted;
  for (auto& [name, family] : families) sorted.push_back(std::move(family));
  std::stable_sort(sorted.begin(), sorted.end(), [](const FamilyRows& a, const FamilyRows& b) { return a.ns > b.ns; });
  return sorted;
}

struct BarScale {
  double whole = 0;  // seconds a unit
  TimeUnit unit;
};

void write_bar(HtmlWriter& out, const std::string& kind, const std::string& label, const std::string& where,
               double seconds, const BarScale& scale) {
  Element row(out, "div", {{"class", "bar-row " + kind}});
  {
    Element name(out, "div", {{"class", "bar-label"}, {"title", where}});
    out.text(label);
  }
  const double share = scale.whole > 0 ? seconds / scale.whole : 0;
  {
    Element track(out, "div", {{"class", "track"}});
    Element bar(out, "div", {{"style", fmt::format("width:{:.2f}%", std::clamp(share, 0.0, 1.0) * 100)}});
  }
  out.leaf("div", {{"class", "bar-value"}}, scale.unit.text(seconds) + " " + scale.unit.name);
  out.leaf("div", {{"class", "bar-share"}}, scale.whole > 0 ? share_text(share) : "–");
}

void write_family(HtmlWriter& out, const FamilyRows& family, const Run& run, const SideProfile& side,
                  const BarScale& scale) {
  write_bar(out, "family", std::string(to_string(family.family)), "", side.mean_seconds(family.ns), scale);
  std::int64_t rest = 0;
  for (std::size_t i = 0; i < family.rows.size(); ++i) {
    const ProfileRow& row = *family.rows[i];
    const KernelKey& kernel = run.kernels[row.key.kernel].key;
    if (i < kMostKernels) {
      const std::string served = served_name(run, row);
      const std::string label = short_name(kernel.name) + (served.empty() ? "" : " for " + served);
      write_bar(out, "kernel", label, kernel.library, side.mean_seconds(row.time.total_ns), scale);
    } else {
      rest = add_ns(rest, row.time.total_ns);
    }
  }
  if (family.rows.size() > kMostKernels) {
    write_bar(out, "kernel quiet", fmt::format("{} more", family.rows.size() - kMostKernels), "",
              side.mean_seconds(rest), scale);
  }
}

void write_kernels(HtmlWriter& out, const Run& run, const Variant& variant, const SideProfile& side) {
  Section section(out, "kernels", profile_title(run, variant, side.kind));
  if (side.rows.empty()) {
    out.leaf("p", {{"class", "prose"}}, why_no_rows(run, variant, side));
    return;
  }
  const std::string quantity = quantity_title(side.kind.quantity);
  const double whole = side.mean_seconds(side.base_ns());
  const BarScale scale{whole, time_unit_for(whole)};
  {
    Element bars(out, "div", {{"class", side_of(run, variant.name) == SideMark::b ? "bars side-b" : "bars"}});
    for (const FamilyRows& family : by_family(side, run.kernels)) write_family(out, family, run, side, scale);
    write_bar(out, "family quiet", remainder_title(side), "", side.mean_seconds(side.profile.remainder_ns()), scale);
    write_bar(out, "family total", side.profile.outside_ns() > 0 ? quantity + " of the window" : quantity, "",
              side.mean_seconds(side.profile.whole_ns), scale);
  }
  out.leaf("p", {{"class", "note"}},
           fmt::format("Mean {} a unit and its share. Families and the remainder add up to all.", quantity));
  if (const std::string outside = outside_text(run, variant, side); !outside.empty()) {
    out.leaf("p", {{"class", "note"}}, "Not in these bars, " + outside + ".");
  }
  if (const std::string served = served_sentence(side); !served.empty()) out.leaf("p", {{"class", "note"}}, served);
  for (const std::string& reason : side.unseen) out.leaf("p", {{"class", "note"}}, "Unseen: " + reason);
}

void write_remarks(HtmlWriter& out, const std::string& id, const std::string& title,
                   const std::vector<Remark>& remarks) {
  if (remarks.empty()) return;
  Section section(out, id, title);
  ScrollTable table(out, "facts", {"", ""});
  Element body(out, "tbody");
  for (const Remark& remark : remarks) {
    Element row(out, "tr");
    out.leaf("td", {}, remark.name);
    out.leaf("td", {}, remark.text);
  }
}

// What was seen of a side on units of their own, and what its process said of itself.
void write_recorded(HtmlWriter& out, const Run& run, const Variant& variant) {
  const std::string of_side = run.variants.size() > 1 ? " of " + variant.name : "";
  write_remarks(out, "recorded", "Recorded" + of_side, recording_remarks(run, variant));
  for (const SideProfile& side : recorded_profiles(run, variant)) write_kernels(out, run, variant, side);
  write_remarks(out, "framework", "What the framework was told" + of_side, framework_remarks(variant));
  if (const std::string text = packages_text(variant); !text.empty()) {
    write_remarks(out, "packages", "What the interpreter could import" + of_side, {{variant.name, text}});
  }
}

void write_unit_row(HtmlWriter& out, const Run& run, const Unit& unit) {
  Element row(out, "tr", {{"class", unit.end.ok() ? "fine" : "failed"}});
  out.leaf("td", {}, std::to_string(unit.index));
  {
    Element cell(out, "td");
    write_side(out, side_of(run, unit.variant), unit.variant);
  }
  out.leaf("td", {}, to_string(unit.role));
  const std::optional<Metric> primary = find_metric(unit, run.protocol.primary_metric);
  out.leaf("td", {}, primary ? quantity_text(primary->value, primary->unit) : "–");
  out.leaf("td", {}, quantity_text(unit.wall_seconds, "s"));
  out.leaf("td", {}, quantity_text(unit.user_seconds + unit.system_seconds, "s"));
  out.leaf("td", {}, unit.steal_seconds ? quantity_text(*unit.steal_seconds, "s") : "not known");
  out.leaf("td", {},
           unit.peak_memory_bytes ? quantity_text(static_cast<double>(*unit.peak_memory_bytes), "bytes")
                                  : "not known: " + unit.peak_memory_note);
  out.leaf("td", {}, std::to_string(unit.involuntary_switches));
  out.leaf("td", {}, end_text(unit.end));
  out.leaf("td", {{"class", "marks"}}, marks_text(unit, "; "));
}

void write_units(HtmlWriter& out, const Run& run) {
  Section section(out, "units", "The units, in the order they ran");
  write_unit_picture(out, run, run.protocol.primary_metric, true);
  if (run.units.empty()) return;
  Element details(out, "details");
  out.leaf("summary", {}, "All " + count_text(run.units.size(), "unit", "units"));
  ScrollTable table(out, "numbers units",
                    {"unit", "side", "role", run.protocol.primary_metric, "wall time", "CPU time", "steal",
                     "peak memory", "forced switches", "end", "marks"});
  Element body(out, "tbody");
  for (const Unit& unit : run.units) write_unit_row(out, run, unit);
}
}  // namespace

std::string html_page(const Run& run) {
  HtmlWriter out;
  write_summary(out, run);
  write_units(out, run);
  write_unit_metrics(out, run);
  for (const Variant& variant : run.variants) {
    for (const SideProfile& side : side_profiles(timing_units(run, variant.name))) {
      write_kernels(out, run, variant, side);
    }
    write_recorded(out, run, variant);
  }
  write_findings(out, run.findings);
  write_measurement(out, run);
  write_changes(out, run.stack_changes);
  write_folded_stack(out, run);
  const std::string digest = digest_of_document(run);
  return make_page({.kind = "run",
                    .title = run.name.empty() ? "Run" : run.name,
                    .subtitle = when_text(run.created_at),
                    .digest = digest,
                    .footer = {{"run", "sha256:" + digest},
                               {"stack", "sha256:" + stack_digest(run.stack)},
                               {"measured by", "Varve " + run.tool_version}}},
                   out.take());
}

}  // namespace varve
