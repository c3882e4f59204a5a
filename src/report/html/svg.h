#pragma once
#include <string>
#include <utility>
#include <vector>

#include "model/comparison.h"
#include "report/wording.h"

namespace varve {

// Pictures as inline SVG. They are fluid: places along the width are percentages, so that a picture fills its
// container without its text growing or shrinking. Colours come from the classes of page.css. Every picture carries a
// text for those who cannot see it. None fails on infinite or missing numbers: what cannot be placed is left out.

// A place on an axis, in percent of the picture's width.
struct Scale {
  double low = 0, high = 1;       // the data's range
  double at(double value) const;  // clamped to the picture
  bool contains(double value) const { return value >= low && value <= high; }
};
std::string percent(double place);  // "43.21%"
// A range over the finite values, widened a little; [0, 1] around nothing.
Scale scale_over(const std::vector<double>& values, double widen);
// Round numbers (1, 2, 5 times a power of ten) inside the range, about `count` of them.
std::vector<double> round_ticks(double low, double high, int count);

enum class SideMark { a, b, none };
// The mark of a side, for a legend: a disc for A, a square for B.
std::string side_mark(SideMark side);

// Strata of sediment, drawn from the digits of a digest: the same document has the same core.
std::string varve_strip(const std::string& digest);

// The interval of the ratio against the band of the margin, the ratio of each pair above it.
std::string forest_picture(const MetricComparison& metric);
// Places of round changes on an axis of log ratios, with their labels ("−10 %"; "×2" where the range is wide).
std::vector<std::pair<double, std::string>> ratio_ticks(const Scale& scale, int count);
// The 95 % interval alone, on the scale of `range` (logarithms of ratios), for a cell of a table.
std::string small_interval(const MetricComparison& metric, const Scale& range);
Scale log_range(const MetricComparison& metric);

// One value in the order of execution.
struct Dot {
  double value = 0;
  SideMark side = SideMark::none;
  bool hollow = false;  // not part of the verdict
  bool marked = false;  // a reader may distrust it
  std::string title;
};
struct DotPicture {
  std::string caption;  // for those who cannot see it
  std::string unit;
  std::vector<Dot> dots;
  std::vector<std::pair<std::size_t, std::size_t>> links;  // dots that belong together
  std::vector<std::pair<SideMark, double>> levels;         // medians
};
std::string dot_picture(const DotPicture& picture);
// The ratio of each pair in order, when the units themselves are not at hand.
std::string ratio_picture(const MetricComparison& metric);

// One step of the waterfall: from `start` to `end` seconds, the interval of its end drawn through it.
struct Step {
  double start = 0, end = 0;
  Interval interval;
  bool is_total = false, is_quiet = false;
};
std::string step_picture(const Step& step, const Scale& scale);
Scale step_scale(const std::vector<Step>& steps);
std::string step_axis(const Scale& scale, const TimeUnit& unit);  // the ticks above the steps

}  // namespace varve
