#include <fmt/format.h>

#include <cmath>

#include "report/html/html_writer.h"
#include "report/html/svg.h"

namespace varve {

namespace {
constexpr int kWidth = 1200, kVarvesHeight = 64, kSteps = 24;

int digit_at(const std::string& digest, std::size_t at) {
  if (digest.empty()) return static_cast<int>(at * 7 % 16);
  const char c = digest[at % digest.size()];
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 5;
}

// The lower edge of a stratum: a calm wave, like the bed of a lake.
std::string edge(double depth, int phase, bool backwards) {
  std::string points;
  for (int i = 0; i <= kSteps; ++i) {
    const int k = backwards ? kSteps - i : i;
    const double x = static_cast<double>(kWidth) * k / kSteps;
    const double y = depth + 1.6 * std::sin(0.55 * k + phase) + 0.9 * std::sin(0.21 * k + 2.1 * phase);
    points += fmt::format("{}{:.0f} {:.1f}", points.empty() && !backwards ? "M" : "L", x, y);
  }
  return points;
}
}  // namespace

std::string varve_strip(const std::string& digest) {
  HtmlWriter out;
  out.open("svg", {{"class", "varves"},
                   {"viewBox", fmt::format("0 0 {} {}", kWidth, kVarvesHeight)},
                   {"preserveAspectRatio", "none"},
                   {"aria-hidden", "true"}});
  // Pairs of a broad light stratum (summer) and a thin dark one (winter).
  double depth = -4;
  int phase = digit_at(digest, 0);
  for (std::size_t layer = 0; depth < kVarvesHeight + 6 && layer < 40; ++layer) {
    const bool winter = layer % 2 == 1;
    const int digit = digit_at(digest, layer);
    const double thickness = winter ? 1.2 + digit * 0.16 : 3 + digit * 0.55;
    const int next_phase = digit_at(digest, layer + 20);
    const std::string colour = fmt::format("varve-{}", winter ? 3 : digit % 3);
    out.empty("path", {{"class", colour},
                       {"d", edge(depth, phase, false) + edge(depth + thickness + 2, next_phase, true) + "Z"}});
    depth += thickness;
    phase = next_phase;
  }
  return out.take();
}

}  // namespace varve
