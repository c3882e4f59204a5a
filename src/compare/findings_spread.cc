// Findings about how the values of a side spread.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "compare/verdict.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr std::size_t kFewestOfAMode = 3;  // units
// The gap between two modes over the spread inside them. One normal or log-normal population shows such a gap in 2.4 %
// of samples of 6, 2 % of 8 to 12 and 1.4 % of 20 or more (simulated, 4 000 samples each).
constexpr double kClearGap = 4;
constexpr double kWorthSaying = 0.02;  // of the value

struct Modes {
  std::vector<double> low, high;  // logarithms
  double gap = 0;                 // over the spread inside both
};

double squares_of(const std::vector<double>& values) {
  double sum = 0;
  const double middle = mean(values);
  for (const double value : values) sum += (value - middle) * (value - middle);
  return sum;
}

// The division of the sorted values into two that stands out most.
Modes modes_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  Modes best;
  for (std::size_t at = kFewestOfAMode; at + kFewestOfAMode <= values.size(); ++at) {
    Modes modes{.low = {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at)},
                .high = {values.begin() + static_cast<std::ptrdiff_t>(at), values.end()}};
    const double inside =
        std::sqrt((squares_of(modes.low) + squares_of(modes.high)) / static_cast<double>(values.size() - 2));
    modes.gap = inside > 0 ? (modes.high.front() - modes.low.back()) / inside : 0;
    if (modes.gap > best.gap) best = std::move(modes);
  }
  return best;
}

// "A: 4 units near 812, 6 near 1 004"; empty: one mode.
std::string modes_text(const std::string& label, const std::vector<double>& values, const std::string& unit) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  if (logs.size() < 2 * kFewestOfAMode) return "";
  const Modes modes = modes_of(logs);
  if (modes.gap < kClearGap || mean(modes.high) - mean(modes.low) < kWorthSaying) return "";
  return fmt::format("{}: {} units near {}, {} near {}", label, modes.low.size(),
                     format_quantity(std::exp(mean(modes.low)), unit), modes.high.size(),
                     format_quantity(std::exp(mean(modes.high)), unit));
}
}  // namespace

void find_modes(const Comparison& comparison, const Sides& sides, std::vector<Finding>& found) {
  const MetricValues values = metric_values(sides, comparison.primary.metric);
  std::vector<std::string> seen;
  for (const auto& [label, side] :
       {std::pair{comparison.a.label, &values.a}, std::pair{comparison.b.label, &values.b}}) {
    if (std::string text = modes_text(label, *side, values.kind.unit); !text.empty()) seen.push_back(std::move(text));
  }
  if (seen.empty()) return;
  Finding finding;
  finding.id = "VRV-CMP-TWO-MODES";
  finding.layer = Layer::os;
  finding.severity = Severity::warning;
  finding.mender = Mender::application;
  finding.evidence =
      fmt::format("the units of {} stand at two levels of {} ({})", seen.size() == 2 ? "both sides" : "a side",
                  comparison.primary.metric, seen.size() == 2 ? seen[0] + "; " + seen[1] : seen[0]);
  finding.consequence = "a mean lies where no unit does, and how often each level comes up decides the ratio";
  finding.fix = "look at the picture of the units; find what differs between the levels (placement, clocks, warm-up)";
  found.push_back(std::move(finding));
}

}  // namespace varve
