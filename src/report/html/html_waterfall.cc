#include "report/html/html_parts.h"

namespace varve {

void write_waterfall(HtmlWriter& out, const std::vector<WaterfallRow>& rows, const TimeUnit& unit,
                     const std::string& caption) {
  std::vector<Step> steps;
  for (const WaterfallRow& row : rows) steps.push_back(row.step);
  const Scale scale = step_scale(steps);
  Element figure(out, "figure");
  {
    Element waterfall(out, "div", {{"class", "waterfall"}});
    {
      Element head(out, "div", {{"class", "step-row axis-row"}});
      out.leaf("div", {{"class", "step-label"}}, "");
      Element plot(out, "div", {{"class", "step-plot"}});
      out.raw(step_axis(scale, unit));
    }
    for (const WaterfallRow& row : rows) {
      Element line(out, "div",
                   {{"class", row.step.is_total   ? "step-row total"
                              : row.step.is_quiet ? "step-row quiet"
                                                  : "step-row"}});
      if (row.title.empty()) {
        out.leaf("div", {{"class", "step-label"}}, row.label);
      } else {
        out.leaf("div", {{"class", "step-label"}, {"title", row.title}}, row.label);
      }
      {
        Element plot(out, "div", {{"class", "step-plot"}});
        out.raw(step_picture(row.step, scale));
      }
      out.leaf("div", {{"class", "step-value"}}, unit.signed_text(row.change) + " " + unit.name);
    }
  }
  out.leaf("figcaption", {}, caption);
}

}  // namespace varve
