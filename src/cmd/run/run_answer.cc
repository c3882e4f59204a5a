#include "cmd/run/run_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compare/compare_runs.h"
#include "compare/verdict.h"
#include "report/card/card.h"
#include "report/run_summary.h"

namespace varve {

namespace {
constexpr const char* kNothingKept =
    "Nothing was saved: the same line with -o FILE keeps the run, and with --full it ends with all that was seen";

std::string capital(std::string text) {
  if (text.starts_with("but ")) text.erase(0, 4);
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}
}  // namespace

std::vector<Comparison> comparisons_of(const Run& run) {
  if (run.variants.size() < 2) return {};
  Result<std::vector<Comparison>> comparisons = compare_all_variants(run, {.created_at = run.created_at});
  return comparisons ? std::move(*comparisons) : std::vector<Comparison>{};
}

RunAnswer run_answer(const Run& run, const std::vector<Comparison>& comparisons, const std::string& file) {
  RunAnswer answer;
  const bool kept = !file.empty();
  for (const Comparison& comparison : comparisons) {
    const std::string side = comparisons.size() > 1 ? comparison.b.label + ": " : "";  // "B: "
    const std::string speed = speed_sentence(comparison);
    const bool is_named = speed.starts_with(comparison.b.label + " ");  // "C is slower: …"
    answer.how_much.push_back({(is_named ? "" : side) + speed, comparison.primary.speed});
    answer.control += (answer.control.empty() ? "" : "; ") + side + capital(control_phrase(comparison));
    if (answer.without_marked.empty()) answer.without_marked = comparison.without_marked;
  }
  if (!comparisons.empty()) {
    answer.more = kept ? fmt::format("More: varve compare {} --explain", file) : kNothingKept;
    return answer;
  }
  for (const Variant& variant : run.variants) {
    const std::string side = run.variants.size() > 1 ? variant.name + ", " : "";
    answer.how_much.push_back({side + interval_of_units(run, variant), std::nullopt});
  }
  const bool any = std::any_of(run.variants.begin(), run.variants.end(),
                               [&](const Variant& variant) { return !timing_units(run, variant.name).empty(); });
  answer.control = !any ? "Nothing was measured: no timing unit ended well"
                   : run.variants.size() == 1
                       ? "Compared with nothing: --against-env or --against measures a second variant in turns"
                       : "Too little was measured to compare them";
  answer.more = kept ? fmt::format("More: varve report {} --format text", file) : kNothingKept;
  return answer;
}

}  // namespace varve
