#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/html/html_writer.h"
#include "report/html/svg.h"
#include "report/wording.h"

namespace varve {

namespace {
constexpr int kForestTop = 26, kForestBottom = 112, kPairsAt = 48, kIntervalAt = 88, kForestHeight = 136;

double log_of(double ratio) { return ratio > 0 ? std::log(ratio) : -std::numeric_limits<double>::infinity(); }

std::string number(double value) { return fmt::format("{:g}", value); }

void line(HtmlWriter& out, const char* kind, double from, double to, double y) {
  out.empty("line",
            {{"class", kind}, {"x1", percent(from)}, {"x2", percent(to)}, {"y1", number(y)}, {"y2", number(y)}});
}

void upright(HtmlWriter& out, const char* kind, double at, double from, double to) {
  out.empty("line",
            {{"class", kind}, {"x1", percent(at)}, {"x2", percent(at)}, {"y1", number(from)}, {"y2", number(to)}});
}

void label(HtmlWriter& out, const std::string& kind, const std::string& anchor, double at, double y,
           const std::string& text) {
  out.leaf("text", {{"class", kind}, {"text-anchor", anchor}, {"x", percent(at)}, {"y", number(y)}}, text);
}

// A shape drawn around (0, 0), put at a place along the width.
void shape(HtmlWriter& out, const char* kind, const char* path, double at, double y) {
  out.open("svg", {{"x", percent(at)}, {"y", number(y)}, {"overflow", "visible"}});
  out.empty("path", {{"class", kind}, {"d", path}});
  out.close();
}

// An end of an interval: a cap where it is known, an arrow where it leaves the picture.
void interval_end(HtmlWriter& out, double value, bool low, const Scale& scale, double y) {
  if (std::isfinite(value) && scale.contains(value)) {
    upright(out, "interval", scale.at(value), y - 6, y + 6);
  } else {
    shape(out, "arrow", low ? "M-2 0L7 -5L7 5Z" : "M2 0L-7 -5L-7 5Z", low ? 0.8 : 99.2, y);
  }
}

void draw_frame(HtmlWriter& out, const MetricComparison& metric, const Scale& scale) {
  const double margin = std::log1p(std::max(metric.margin, 0.0));
  if (std::isfinite(margin)) {
    const double from = scale.at(-margin);
    out.empty("rect", {{"class", "band"},
                       {"x", percent(from)},
                       {"width", percent(scale.at(margin) - from)},
                       {"y", number(kForestTop)},
                       {"height", number(kForestBottom - kForestTop)}});
  }
  auto ticks = ratio_ticks(scale, 6);
  // A label at the very edge would be cut.
  std::erase_if(ticks, [&](const auto& tick) { return scale.at(tick.first) < 4 || scale.at(tick.first) > 96; });
  const auto origin = std::find_if(ticks.begin(), ticks.end(), [](const auto& tick) { return tick.first == 0; });
  for (auto tick = ticks.begin(); tick != ticks.end(); ++tick) {
    // Every second label gives way on a narrow screen; that of no change stays.
    const auto from_origin = origin == ticks.end() ? tick - ticks.begin() : tick - origin;
    upright(out, "grid", scale.at(tick->first), kForestTop, kForestBottom);
    label(out, from_origin % 2 == 0 ? "tick" : "tick minor", "middle", scale.at(tick->first), kForestBottom + 16,
          tick->second);
  }
  if (scale.contains(0)) upright(out, "zero", scale.at(0), kForestTop - 4, kForestBottom);
  line(out, "axis", 0, 100, kForestBottom);
  if (metric.better == Better::unknown) {
    label(out, "side-label", "start", 0, 14, "← less in B");
    label(out, "side-label", "end", 100, 14, "more in B →");
    return;
  }
  const bool more = metric.better == Better::higher;
  const std::string better = better_word(metric), worse = worse_word(metric);
  label(out, "side-label", "start", 0, 14, "← B " + (more ? worse : better));
  label(out, "side-label", "end", 100, 14, "B " + (more ? better : worse) + " →");
}
}  // namespace

std::vector<std::pair<double, std::string>> ratio_ticks(const Scale& scale, int count) {
  std::vector<std::pair<double, std::string>> ticks;
  if (scale.high - scale.low > std::log(5.0)) {
    const double span = std::max(1.0, std::ceil((scale.high - scale.low) / std::log(2.0) / 7));
    for (double power = -30; power <= 30; power += 1) {
      if (std::fmod(power, span) == 0) ticks.emplace_back(power * std::log(2.0), "×" + number(std::exp2(power)));
    }
  } else {
    for (const double change : round_ticks(std::expm1(scale.low), std::expm1(scale.high), count)) {
      const std::string digits = fmt::format("{:+g} %", std::round(change * 1e6) / 1e4);
      const std::string text = digits.starts_with('-') ? "−" + digits.substr(1) : digits;
      ticks.emplace_back(std::log1p(change), change == 0 ? "0" : text);
    }
  }
  std::erase_if(ticks, [&](const auto& tick) { return !scale.contains(tick.first); });
  return ticks;
}

Scale log_range(const MetricComparison& metric) {
  const double margin = std::log1p(std::max(metric.margin, 0.0));
  std::vector<double> values = {0,
                                margin,
                                -margin,
                                log_of(metric.ratio.value),
                                log_of(metric.ratio.interval.low),
                                log_of(metric.ratio.interval.high)};
  return scale_over(values, 0.08);
}

std::string forest_picture(const MetricComparison& metric) {
  const Interval interval{log_of(metric.ratio.interval.low), log_of(metric.ratio.interval.high)};
  const Interval narrow{log_of(metric.ratio_90.low), log_of(metric.ratio_90.high)};
  const Scale inner = log_range(metric);
  std::vector<double> values = metric.log_ratios;
  values.push_back(inner.low);
  values.push_back(inner.high);
  const Scale scale = scale_over(values, 0.04);
  HtmlWriter out;
  out.open("svg", {{"class", "plot"},
                   {"height", number(kForestHeight)},
                   {"role", "img"},
                   {"aria-label", "Change of " + metric.metric + ": " + change_text(metric.ratio.value) +
                                      ", 95 % interval " + change_interval_text(metric.ratio.interval)}});
  draw_frame(out, metric, scale);
  const std::size_t pairs = metric.log_ratios.size();
  for (std::size_t i = 0; i < pairs; ++i) {
    const double value = metric.log_ratios[i];
    if (!std::isfinite(value)) continue;
    out.open("circle", {{"class", pairs > 60 ? "pair faint" : "pair"},
                        {"cx", percent(scale.at(value))},
                        {"cy", number(kPairsAt + static_cast<int>(i % 3) * 6 - 6)},
                        {"r", "4"}});
    out.leaf("title", {}, fmt::format("{} {}: {}", pair_noun(metric, 1), i + 1, change_text(std::exp(value))));
    out.close();
  }
  if (std::isfinite(metric.ratio.value) && metric.ratio.value > 0) {
    line(out, "interval", scale.at(std::max(interval.low, scale.low)), scale.at(std::min(interval.high, scale.high)),
         kIntervalAt);
    line(out, "interval-90", scale.at(std::max(narrow.low, scale.low)), scale.at(std::min(narrow.high, scale.high)),
         kIntervalAt);
    interval_end(out, interval.low, true, scale, kIntervalAt);
    interval_end(out, interval.high, false, scale, kIntervalAt);
    const double at = scale.at(log_of(metric.ratio.value));
    shape(out, "estimate", "M0 -8L8 0L0 8L-8 0Z", at, kIntervalAt);
    label(out, "estimate-label",
          at < 10   ? "start"
          : at > 90 ? "end"
                    : "middle",
          at, kIntervalAt - 14, change_text(metric.ratio.value));
  } else {
    label(out, "tick", "middle", 50, kIntervalAt, "no estimate");
  }
  return out.take();
}

std::string small_interval(const MetricComparison& metric, const Scale& range) {
  HtmlWriter out;
  out.open("svg", {{"class", "small-interval"}, {"height", "20"}, {"aria-hidden", "true"}});
  if (range.contains(0)) upright(out, "zero", range.at(0), 0, 20);
  const double low = log_of(metric.ratio.interval.low), high = log_of(metric.ratio.interval.high);
  const double value = log_of(metric.ratio.value);
  if (std::isfinite(value)) {
    line(out, "interval", range.at(std::max(low, range.low)), range.at(std::min(high, range.high)), 10);
    shape(out, "estimate", "M0 -4L4 0L0 4L-4 0Z", range.at(value), 10);
  }
  return out.take();
}

}  // namespace varve
