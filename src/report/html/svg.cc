#include "report/html/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html/html_writer.h"

namespace varve {

double Scale::at(double value) const {
  constexpr double kEdge = 1.5;  // room for half a mark
  const double span = high - low;
  const double part = span > 0 ? (value - low) / span : 0.5;
  return kEdge + std::clamp(part, 0.0, 1.0) * (100 - 2 * kEdge);
}

std::string percent(double place) { return fmt::format("{:.2f}%", place); }

Scale scale_over(const std::vector<double>& values, double widen) {
  bool any = false;
  Scale scale;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    scale.low = any ? std::min(scale.low, value) : value;
    scale.high = any ? std::max(scale.high, value) : value;
    any = true;
  }
  if (!any) return {};
  double room = (scale.high - scale.low) * widen;
  if (!(scale.high > scale.low)) room = std::max(std::fabs(scale.high) * 0.05, 1e-12);
  if (!std::isfinite(room)) return scale;
  return {scale.low - room, scale.high + room};
}

std::vector<double> round_ticks(double low, double high, int count) {
  std::vector<double> ticks;
  const double span = high - low;
  if (!std::isfinite(span) || !(span > 0) || count < 1) return ticks;
  const double rough = span / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double fraction = rough / power;
  const double step = power * (fraction < 1.5 ? 1 : fraction < 3.5 ? 2 : fraction < 7.5 ? 5 : 10);
  if (!(step > 0) || !std::isfinite(step)) return ticks;
  const double first = std::ceil(low / step);
  for (int i = 0; i <= 4 * count; ++i) {
    const double tick = (first + i) * step;
    if (tick > high) break;
    ticks.push_back(std::fabs(tick) < step * 1e-9 ? 0 : tick);
  }
  return ticks;
}

std::string side_mark(SideMark side) {
  HtmlWriter out;
  out.open("svg", {{"class", "mark"}, {"width", "12"}, {"height", "12"}, {"aria-hidden", "true"}});
  if (side == SideMark::a) out.empty("circle", {{"class", "fill-a"}, {"cx", "6"}, {"cy", "6"}, {"r", "5"}});
  if (side == SideMark::b) {
    out.empty("rect", {{"class", "fill-b"}, {"x", "1.5"}, {"y", "1.5"}, {"width", "9"}, {"height", "9"}});
  }
  return out.take();
}

}  // namespace varve
