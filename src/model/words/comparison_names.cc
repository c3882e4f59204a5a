// The words of runs and of what compares them, and how people write them.
#include "model/comparison.h"
#include "model/run_record.h"
#include "model/words/enum_names.h"
#include "model/words/names.h"

namespace varve {

namespace {
constexpr EnumNames<UnitRole, 3> kRoles{{{
    {UnitRole::warmup, "warmup"},
    {UnitRole::timing, "timing"},
    {UnitRole::evidence, "evidence"},
}}};
constexpr EnumNames<Mark, 10> kMarks{{{
    {Mark::steal, "steal"},
    {Mark::switches, "switches"},
    {Mark::others, "others"},
    {Mark::throttled, "throttled"},
    {Mark::slow_clock, "slow_clock"},
    {Mark::foreign_gpu, "foreign_gpu"},
    {Mark::paging, "paging"},
    {Mark::leftovers, "leftovers"},
    {Mark::unknown_use, "unknown_use"},
    {Mark::first_of_side, "first_of_side"},
}}};
constexpr EnumNames<WarmupRule, 3> kWarmupRules{{{
    {WarmupRule::count, "count"},
    {WarmupRule::time, "time"},
    {WarmupRule::found, "found"},
}}};
constexpr EnumNames<Better, 3> kBetter{{{
    {Better::higher, "higher"},
    {Better::lower, "lower"},
    {Better::unknown, "unknown"},
}}};
constexpr EnumNames<Combined, 7> kCombined{{{
    {Combined::none, "none"},
    {Combined::sum, "sum"},
    {Combined::mean, "mean"},
    {Combined::median, "median"},
    {Combined::highest, "highest"},
    {Combined::lowest, "lowest"},
    {Combined::rate, "rate"},
}}};
constexpr EnumNames<Speed, 12> kSpeeds{{{
    {Speed::faster, "faster"},
    {Speed::slower, "slower"},
    {Speed::faster_touching_margin, "faster_touching_margin"},
    {Speed::slower_touching_margin, "slower_touching_margin"},
    {Speed::same, "same"},
    {Speed::ambiguous, "ambiguous"},
    {Speed::too_few, "too_few"},
    {Speed::order_confounded, "order_confounded"},
    {Speed::no_spread, "no_spread"},
    {Speed::direction_unknown, "direction_unknown"},
    {Speed::noise, "noise"},
    {Speed::not_measured, "not_measured"},
}}};
constexpr EnumNames<Control, 5> kControls{{{
    {Control::controlled, "controlled"},
    {Control::controlled_with_gaps, "controlled_with_gaps"},
    {Control::confounded, "confounded"},
    {Control::undecidable, "undecidable"},
    {Control::not_measured, "not_measured"},
}}};
constexpr EnumNames<ItemState, 6> kItemStates{{{
    {ItemState::same, "same"},
    {ItemState::shared, "shared"},
    {ItemState::different, "different"},
    {ItemState::follows, "follows"},
    {ItemState::unknown, "unknown"},
    {ItemState::not_applicable, "not_applicable"},
}}};
constexpr EnumNames<KernelState, 9> kKernelStates{{{
    {KernelState::same, "same"},
    {KernelState::changed, "changed"},
    {KernelState::replaced, "replaced"},
    {KernelState::recoded, "recoded"},
    {KernelState::appeared, "appeared"},
    {KernelState::vanished, "vanished"},
    {KernelState::nameless, "nameless"},
    {KernelState::unseen, "unseen"},
    {KernelState::remainder, "remainder"},
}}};
}  // namespace

std::string_view to_string(UnitRole value) { return kRoles.name(value); }
std::string_view to_string(Mark value) { return kMarks.name(value); }
std::string_view to_string(WarmupRule value) { return kWarmupRules.name(value); }
std::string_view to_string(Better value) { return kBetter.name(value); }
std::string_view to_string(Combined value) { return kCombined.name(value); }
std::string_view to_string(Speed value) { return kSpeeds.name(value); }
std::string_view to_string(Control value) { return kControls.name(value); }
std::string_view to_string(ItemState value) { return kItemStates.name(value); }
std::string_view to_string(KernelState value) { return kKernelStates.name(value); }

std::optional<UnitRole> unit_role_from(std::string_view text) { return kRoles.value(text); }
std::optional<Mark> mark_from(std::string_view text) { return kMarks.value(text); }
std::optional<WarmupRule> warmup_rule_from(std::string_view text) { return kWarmupRules.value(text); }
std::optional<Better> better_from(std::string_view text) { return kBetter.value(text); }
std::optional<Combined> combined_from(std::string_view text) { return kCombined.value(text); }
std::optional<Speed> speed_from(std::string_view text) { return kSpeeds.value(text); }
std::optional<Control> control_from(std::string_view text) { return kControls.value(text); }
std::optional<ItemState> item_state_from(std::string_view text) { return kItemStates.value(text); }
std::optional<KernelState> kernel_state_from(std::string_view text) { return kKernelStates.value(text); }

std::string control_title(Control control) { return spaced(to_string(control)); }

std::string pair_noun(const MetricComparison& metric, int count) {
  return std::string(metric.by_block ? "block" : "pair") + (count == 1 ? "" : "s");
}

std::string pairs_text(const MetricComparison& metric) {
  return std::to_string(metric.pairs) + " " + pair_noun(metric, metric.pairs) +
         (metric.by_block ? " with a server each" : "");
}

std::string pairs_heading(const MetricComparison& metric) {
  return metric.by_block ? "blocks" : metric.paired ? "pairs" : "units";
}

std::string speed_title(Speed speed) {
  switch (speed) {
    case Speed::faster_touching_margin:
      return "faster, the interval touches the margin";
    case Speed::slower_touching_margin:
      return "slower, the interval touches the margin";
    case Speed::too_few:
      return "too few pairs";
    case Speed::not_measured:
      return "no verdict";
    case Speed::order_confounded:
      return "order-confounded";
    case Speed::no_spread:
      return "no spread known";
    case Speed::direction_unknown:
      return "changed, direction unknown";
    default:
      return std::string(to_string(speed));
  }
}

std::string better_word(const MetricComparison& metric) { return metric.unit == "bytes" ? "smaller" : "faster"; }
std::string worse_word(const MetricComparison& metric) { return metric.unit == "bytes" ? "larger" : "slower"; }

std::string speed_title(const MetricComparison& metric) {
  const std::string title = speed_title(metric.speed);
  for (const auto& [word, own] :
       {std::pair(std::string("faster"), better_word(metric)), {"slower", worse_word(metric)}}) {
    if (title.starts_with(word)) return own + title.substr(word.size());
  }
  return title;
}

}  // namespace varve
