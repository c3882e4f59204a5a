#include "harness/experiment/warmup_text.h"

#include "base/text.h"

namespace varve {

Status set_warmup(const std::string& text, RunPlan& plan) {
  constexpr std::int64_t kMostWarmup = 1000;
  constexpr double kLongestWarmup = 86400;
  if (text == "found") {
    plan.rules.warmup = WarmupRule::found;
    plan.warmup = 0;
    return Done{};
  }
  if (const auto count = parse_integer(text); count && *count >= 0 && *count <= kMostWarmup) {
    plan.rules.warmup = WarmupRule::count;
    plan.warmup = static_cast<int>(*count);
    return Done{};
  }
  const double unit = text.ends_with('m') ? 60 : text.ends_with('s') ? 1 : 0;
  const auto number = unit > 0 ? parse_number(text.substr(0, text.size() - 1)) : std::nullopt;
  if (!number || *number <= 0 || *number * unit > kLongestWarmup) {
    return Error{"reading how long to warm up", text, "this is no number of units, no time and not \"found\"",
                 "Write 3, 30s, 5m or found"};
  }
  plan.rules.warmup = WarmupRule::time;
  plan.rules.warmup_seconds = *number * unit;
  plan.warmup = 0;
  return Done{};
}

}  // namespace varve
