#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/html_writer.h"
#include "report/html/svg.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr int kBarHeight = 16;

// A line across the row, from one height to another in percent of the row's.
void whisker_upright(HtmlWriter& out, const char* kind, double at, const char* from, const char* to) {
  out.empty("line", {{"class", kind}, {"x1", percent(at)}, {"x2", percent(at)}, {"y1", from}, {"y2", to}});
}

// The end of a whisker, in the middle of the row.
void cap(HtmlWriter& out, double at) {
  out.open("svg", {{"x", percent(at)}, {"y", "50%"}, {"overflow", "visible"}});
  out.empty("line", {{"class", "whisker"}, {"x1", "0"}, {"x2", "0"}, {"y1", "-3"}, {"y2", "3"}});
  out.close();
}
}  // namespace

Scale step_scale(const std::vector<Step>& steps) {
  std::vector<double> values = {0};
  double reach = 0;
  for (const Step& step : steps) {
    for (const double value : {step.start, step.end}) {
      if (!std::isfinite(value)) continue;
      values.push_back(value);
      reach = std::max(reach, std::fabs(value));
    }
  }
  // Intervals may stretch the picture, but not so far that the bars vanish.
  for (const Step& step : steps) {
    for (const double value : {step.interval.low, step.interval.high}) {
      if (std::isfinite(value)) values.push_back(std::clamp(value, -1.6 * reach, 1.6 * reach));
    }
  }
  return scale_over(values, 0.04);
}

std::string step_picture(const Step& step, const Scale& scale) {
  HtmlWriter out;
  out.open("svg", {{"class", "step"}, {"aria-hidden", "true"}});
  whisker_upright(out, "zero", scale.at(0), "0", "100%");
  if (!std::isfinite(step.start) || !std::isfinite(step.end)) return out.take();
  const double from = scale.at(std::min(step.start, step.end)), to = scale.at(std::max(step.start, step.end));
  if (!step.is_total) whisker_upright(out, "connector", scale.at(step.start), "0", "50%");
  whisker_upright(out, "connector", scale.at(step.end), "50%", step.is_total ? "50%" : "100%");
  const char* kind = step.is_quiet ? "bar quiet" : step.end >= step.start ? "bar more" : "bar less";
  out.empty("rect", {{"class", kind},
                     {"x", percent(from)},
                     {"width", percent(std::max(to - from, 0.15))},
                     {"y", "50%"},
                     {"height", std::to_string(kBarHeight)},
                     {"transform", fmt::format("translate(0 {})", -kBarHeight / 2)}});
  const double low = std::max(step.interval.low, scale.low), high = std::min(step.interval.high, scale.high);
  if (!(low < high)) return out.take();
  out.empty("line", {{"class", "whisker"},
                     {"x1", percent(scale.at(low))},
                     {"x2", percent(scale.at(high))},
                     {"y1", "50%"},
                     {"y2", "50%"}});
  // An end without a cap goes on beyond the picture.
  if (scale.contains(step.interval.low)) cap(out, scale.at(low));
  if (scale.contains(step.interval.high)) cap(out, scale.at(high));
  return out.take();
}

std::string step_axis(const Scale& scale, const TimeUnit& unit) {
  HtmlWriter out;
  out.open("svg", {{"class", "axis-strip"}, {"height", "18"}, {"aria-hidden", "true"}});
  for (const double tick : round_ticks(scale.low, scale.high, 4)) {
    const double at = scale.at(tick);
    const bool at_edge = at < 5 || at > 94;
    if (at_edge && tick != 0) continue;  // the unit stands at 0
    std::string digits = fmt::format("{:+.6g}", tick / unit.factor);
    if (digits.starts_with('-')) digits = "−" + digits.substr(1);
    out.leaf("text",
             {{"class", "tick"},
              {"text-anchor", !at_edge  ? "middle"
                              : at < 50 ? "start"
                                        : "end"},
              {"x", percent(at)},
              {"y", "13"}},
             tick == 0 ? "0 " + unit.name : digits);
  }
  return out.take();
}

}  // namespace varve
