// Pictures and tables of units, for the pages of runs and comparisons.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>

#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
Dot dot_of(const Run& run, const Unit& unit, const std::string& metric) {
  const std::optional<Metric> found = find_metric(unit, metric);
  Dot dot;
  dot.value = found && unit.end.ok() ? found->value : std::numeric_limits<double>::quiet_NaN();
  dot.side = side_of(run, unit.variant);
  dot.hollow = unit.role != UnitRole::timing;
  dot.marked = !unit.marks.empty();
  dot.title = fmt::format("unit {}, {}, {}: {}", unit.index, unit.variant, to_string(unit.role),
                          found ? quantity_text(found->value, found->unit) : "no value");
  for (const UnitMark& mark : unit.marks) dot.title += "; " + mark.text;
  return dot;
}

void write_legend(HtmlWriter& out, const Run& run, bool with_warmup, bool any_marked) {
  Element legend(out, "p", {{"class", "legend"}});
  if (run.variants.size() > 1) {
    const char* others = run.variants.size() == 2 ? "B" : "the others";
    for (const auto& [side, name] : {std::pair{SideMark::a, "A"}, std::pair{SideMark::b, others}}) {
      Element item(out, "span");
      write_side(out, side, name);
    }
    out.leaf("span", {}, "thin line: a pair");
  }
  out.leaf("span", {}, "dashed: median");
  if (with_warmup) out.leaf("span", {}, "hollow: warm-up, never counted");
  if (any_marked) out.leaf("span", {}, "ringed: marked, see how it was measured");
}
}  // namespace

void write_unit_picture(HtmlWriter& out, const Run& run, const std::string& metric, bool with_warmup) {
  DotPicture picture;
  picture.caption = metric + " of each unit, in the order they ran";
  std::map<std::pair<int, int>, std::vector<std::size_t>> pairs;
  bool any_warmup = false, any_marked = false;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::timing && !(with_warmup && unit.role == UnitRole::warmup)) continue;
    const Dot dot = dot_of(run, unit, metric);
    any_warmup = any_warmup || dot.hollow;
    any_marked = any_marked || dot.marked;
    if (unit.pair >= 0 && unit.role == UnitRole::timing) pairs[{unit.block, unit.pair}].push_back(picture.dots.size());
    picture.dots.push_back(dot);
  }
  for (const auto& [pair, dots] : pairs) {
    if (dots.size() == 2) picture.links.emplace_back(dots[0], dots[1]);
  }
  for (const Variant& variant : run.variants) {
    const Spread spread = spread_of(timing_units(run, variant.name), metric);
    if (spread.count == 0) continue;
    picture.unit = spread.unit;
    picture.levels.emplace_back(side_of(run, variant.name), spread.median);
  }
  Element figure(out, "figure");
  if (picture.levels.empty()) {
    out.leaf("p", {{"class", "note"}}, "No unit ended well with a value of " + metric + ", so there is no picture.");
    return;
  }
  out.raw(dot_picture(picture));
  write_legend(out, run, any_warmup, any_marked);
  Element caption(out, "figcaption");
  out.leaf("b", {}, metric);
  out.text(" of each unit, in the order they ran. Drift would show as a slope, a disturbed machine as outliers.");
}

}  // namespace varve
