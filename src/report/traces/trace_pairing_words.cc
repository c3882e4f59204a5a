#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/traces/trace_comparison_words.h"
#include "report/wording.h"

namespace varve {

std::string paired_by_sentence(const TraceComparison& comparison) {
  const TraceSideSummary &a = comparison.a, &b = comparison.b;
  struct Paired {
    std::uint64_t places = 0;
    std::int64_t a_ns = 0, b_ns = 0;
  } by_shape, by_place;
  for (const ExchangeGroup& group : comparison.groups) {
    const bool of_work = group.reason == ExchangeReason::work;
    if (!of_work && group.reason != ExchangeReason::position) continue;
    Paired& paired = of_work ? by_shape : by_place;
    paired.places += std::max(group.a_times, group.b_times);
    paired.a_ns += group.a_ns, paired.b_ns += group.b_ns;
  }
  if (by_shape.places == 0 || a.items_ns == 0 || b.items_ns == 0) return "";
  const auto shares = [&](const Paired& paired) {
    return fmt::format("{:.0f} % of the time of A and {:.0f} % of B",
                       100 * static_cast<double>(paired.a_ns) / static_cast<double>(a.items_ns),
                       100 * static_cast<double>(paired.b_ns) / static_cast<double>(b.items_ns));
  };
  std::string text = fmt::format("Two frameworks: {} of matrices are paired by their shapes, {}",
                                 count_text(by_shape.places, "product", "products"), shares(by_shape));
  if (by_place.places > 0) text += fmt::format("; what runs between them by its place, {}", shares(by_place));
  return text + ".";
}

}  // namespace varve
