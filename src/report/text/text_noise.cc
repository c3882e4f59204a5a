// How noisy a machine is, and what to mend.
#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "report/text/text_report.h"
#include "report/text_table.h"

namespace varve {

namespace {
const char* grade_sign(NoiseItem::Grade grade) {
  switch (grade) {
    case NoiseItem::Grade::good:
      return "✓";
    case NoiseItem::Grade::look:
      return "!";
    case NoiseItem::Grade::bad:
      return "✗";
    case NoiseItem::Grade::unknown:
      break;
  }
  return "?";
}

Tone grade_tone(NoiseItem::Grade grade) {
  if (grade == NoiseItem::Grade::good) return Tone::good;
  return grade == NoiseItem::Grade::bad ? Tone::bad : Tone::caution;
}
}  // namespace

std::string text_noise(const NoiseReport& report, const TextStyle& style) {
  std::string out = paragraph(
      fmt::format("This machine is {} now: ten pairs of short units would tell a change of {} apart, not less.",
                  noise_level(report), format_percent(report.resolved)),
      0, Tone::bold, style);
  out += paragraph(fmt::format("The same work {} times in {}: multiplications differ by {} from one time to the next, "
                               "copying memory by {} (standard deviation).",
                               report.canaries, format_seconds(report.seconds), format_percent(report.cpu_spread),
                               format_percent(report.memory_spread)),
                   0, Tone::plain, style);
  TextTable table({{""}, {""}, {""}, {"what to mend"}});
  for (const NoiseItem& item : report.items) {
    table.add({{grade_sign(item.grade), grade_tone(item.grade)}, {item.name}, {item.found}, {item.mend, Tone::dim}});
  }
  return report.items.empty() ? out : out + "\n" + table.render(style);
}

}  // namespace varve
