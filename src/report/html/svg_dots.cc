#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "report/html/html_writer.h"
#include "report/html/svg.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr int kHeight = 220, kTop = 10, kBottom = 206;
constexpr std::size_t kMostDots = 2000;  // beyond it dots would only cover each other

// A round one_decimal of the upright axis; its digits are few, so that none are cut.
std::string tick_text(double tick, const std::string& unit, const Scale& scale) {
  const double largest = std::max(std::fabs(scale.low), std::fabs(scale.high));
  std::string text;
  if (unit == "s") {
    const TimeUnit time = time_unit_for(largest);
    text = fmt::format("{:.5g} {}", tick / time.factor, time.name);
  } else if (unit == "bytes") {
    return quantity_text(tick, unit);
  } else {
    text = fmt::format("{:.7g}", tick);
    if (!unit.empty()) text += unit.starts_with("1/") ? unit.substr(1) : " " + unit;
  }
  return text.starts_with('-') ? "−" + text.substr(1) : text;
}

struct Upright {
  Scale scale;
  double at(double value) const {
    const double span = scale.high - scale.low;
    const double part = span > 0 ? std::clamp((value - scale.low) / span, 0.0, 1.0) : 0.5;
    return kBottom - part * (kBottom - kTop);
  }
};

std::string one_decimal(double value) { return fmt::format("{:.1f}", value); }

double place_of(std::size_t index, std::size_t count) {
  return 100 * (static_cast<double>(index) + 0.5) / static_cast<double>(std::max<std::size_t>(count, 1));
}

const char* fill_of(const Dot& dot) {
  if (dot.side == SideMark::a) return dot.hollow ? "line-a" : "fill-a";
  if (dot.side == SideMark::b) return dot.hollow ? "line-b" : "fill-b";
  return dot.hollow ? "pair" : "fill-ink";
}

void draw_dot(HtmlWriter& out, const Dot& dot, double x, double y, double radius) {
  if (dot.marked) {
    out.empty("circle",
              {{"class", "ring"}, {"cx", percent(x)}, {"cy", one_decimal(y)}, {"r", one_decimal(radius + 4)}});
  }
  if (dot.side == SideMark::b) {
    out.open("svg", {{"x", percent(x)}, {"y", one_decimal(y)}, {"overflow", "visible"}});
    const double half = radius * 0.9;
    out.open("rect", {{"class", fill_of(dot)},
                      {"x", one_decimal(-half)},
                      {"y", one_decimal(-half)},
                      {"width", one_decimal(2 * half)},
                      {"height", one_decimal(2 * half)}});
    out.leaf("title", {}, dot.title);
    out.close();
    out.close();
    return;
  }
  out.open("circle", {{"class", fill_of(dot)}, {"cx", percent(x)}, {"cy", one_decimal(y)}, {"r", one_decimal(radius)}});
  out.leaf("title", {}, dot.title);
  out.close();
}

using Ticks = std::vector<std::pair<double, std::string>>;

// Numbers of the upright axis in a column of their own, then the picture that takes the rest of the width.
std::string with_axis(const Scale& scale, const Ticks& ticks, const std::string& caption,
                      const std::function<void(HtmlWriter&, const Upright&)>& draw) {
  const Upright axis{scale};
  HtmlWriter out;
  out.open("div", {{"class", "axis-and-plot"}});
  out.open("svg", {{"class", "upright"}, {"height", std::to_string(kHeight)}, {"aria-hidden", "true"}});
  for (const auto& [place, text] : ticks) {
    out.leaf("text", {{"class", "tick"}, {"text-anchor", "end"}, {"x", "100%"}, {"y", one_decimal(axis.at(place) + 4)}},
             text);
  }
  out.close();
  out.open("svg", {{"class", "plot"}, {"height", std::to_string(kHeight)}, {"role", "img"}, {"aria-label", caption}});
  for (const auto& [place, text] : ticks) {
    const std::string y = one_decimal(axis.at(place));
    out.empty("line", {{"class", "grid"}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
  }
  draw(out, axis);
  return out.take();
}
}  // namespace

std::string dot_picture(const DotPicture& picture) {
  std::vector<double> values;
  for (const Dot& dot : picture.dots) values.push_back(dot.value);
  const std::size_t count = std::min(picture.dots.size(), kMostDots);
  const double radius = count <= 60 ? 5 : count <= 200 ? 3.5 : 2;
  const auto draw = [&](HtmlWriter& out, const Upright& axis) {
    for (const auto& [side, value] : picture.levels) {
      if (!std::isfinite(value)) continue;
      const std::string y = one_decimal(axis.at(value));
      const char* kind = side == SideMark::a ? "level-a" : side == SideMark::b ? "level-b" : "level";
      out.empty("line", {{"class", kind}, {"x1", "0"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    }
    for (const auto& [from, to] : picture.links) {
      if (from >= count || to >= count) continue;
      const double a = picture.dots[from].value, b = picture.dots[to].value;
      if (!std::isfinite(a) || !std::isfinite(b)) continue;
      out.empty("line", {{"class", "link"},
                         {"x1", percent(place_of(from, count))},
                         {"y1", one_decimal(axis.at(a))},
                         {"x2", percent(place_of(to, count))},
                         {"y2", one_decimal(axis.at(b))}});
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Dot& dot = picture.dots[i];
      if (std::isfinite(dot.value)) draw_dot(out, dot, place_of(i, count), axis.at(dot.value), radius);
    }
  };
  const Scale scale = scale_over(values, 0.08);
  Ticks ticks;
  for (const double tick : round_ticks(scale.low, scale.high, 5)) {
    ticks.emplace_back(tick, tick_text(tick, picture.unit, scale));
  }
  return with_axis(scale, ticks, picture.caption, draw);
}

std::string ratio_picture(const MetricComparison& metric) {
  std::vector<double> values = metric.log_ratios;
  values.push_back(0);
  const std::size_t count = std::min(metric.log_ratios.size(), kMostDots);
  const auto draw = [&](HtmlWriter& out, const Upright& axis) {
    const std::string zero = one_decimal(axis.at(0));
    out.empty("line", {{"class", "zero"}, {"x1", "0"}, {"x2", "100%"}, {"y1", zero}, {"y2", zero}});
    for (std::size_t i = 0; i < count; ++i) {
      const double value = metric.log_ratios[i];
      if (!std::isfinite(value)) continue;
      const std::string x = percent(place_of(i, count));
      out.empty("line", {{"class", "link"}, {"x1", x}, {"x2", x}, {"y1", zero}, {"y2", one_decimal(axis.at(value))}});
      draw_dot(out,
               {.value = value,
                .title = fmt::format("{} {}: {}", pair_noun(metric, 1), i + 1, change_text(std::exp(value)))},
               place_of(i, count), axis.at(value), count <= 60 ? 5 : 3);
    }
  };
  const Scale scale = scale_over(values, 0.08);
  return with_axis(scale, ratio_ticks(scale, 5),
                   "The change of " + metric.metric + " in each " + pair_noun(metric, 1) + ", in the order they ran",
                   draw);
}

}  // namespace varve
