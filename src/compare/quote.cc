#include "compare/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "compare/control.h"
#include "compare/matching/match.h"
#include "compare/verdict.h"
#include "model/kernels/kernel_display.h"

namespace varve {

namespace {
std::string interval_text(const MetricComparison& metric) {
  const Interval& interval = metric.ratio.interval;
  if (!std::isfinite(interval.high)) return "no interval";
  return fmt::format("95 % interval {} to {}", format_change(interval.low), format_change(interval.high));
}

std::string machine_of(const Sides& sides) {
  const auto found = sides.run_a->stack.facts.find("cpu.model");
  return found != sides.run_a->stack.facts.end() && found->second.is_known() ? " on " + value_text(*found->second.value)
                                                                             : std::string();
}

// "tokens/s +52 % (95 % interval +45 % to +60 %, 8 pairs measured in turns on Example CPU)"
std::string measured_text(const Comparison& comparison, const Sides& sides) {
  const MetricComparison& metric = comparison.primary;
  const std::string how =
      metric.paired ? fmt::format("{} measured in turns{}", pairs_text(metric), machine_of(sides))
                    : fmt::format("{} and {} units, not measured in turns", comparison.a.units, comparison.b.units);
  return fmt::format("{} {} ({}, {})", metric.metric, format_change(metric.ratio.value), interval_text(metric), how);
}

std::string what_changed(const Comparison& comparison) {
  if (comparison.change.empty()) return comparison.benchmark + ", the same as far as it is recorded";
  return comparison.benchmark + ", " + comparison.change;
}

std::string speed_clause(const Comparison& comparison) {
  switch (comparison.primary.speed) {
    case Speed::faster:
      return "B is " + better_word(comparison.primary);
    case Speed::slower:
      return "B is " + worse_word(comparison.primary);
    case Speed::same:
      return "A and B are the same within the margin of " + margin_text(comparison.primary.margin);
    case Speed::faster_touching_margin:
    case Speed::slower_touching_margin:
      return "there is a difference, but not shown to be beyond the margin of " +
             margin_text(comparison.primary.margin);
    default:
      return fmt::format("which side is {} is not shown", better_word(comparison.primary));
  }
}

// What stands between the difference and its change, in one sentence.
std::string confounded_clause(const Comparison& comparison) {
  std::size_t differing = 0;
  const ControlItem* only = nullptr;
  for (const ControlItem& item : comparison.items) {
    if (item.state != ItemState::different) continue;
    ++differing;
    only = &item;
  }
  if (differing != 1) return "More than one thing differs, so the change is not put down to any of them.";
  if (only->unrecorded.empty()) return "What differs was not under test, so the change is not put down to it.";
  return fmt::format("Of what differs ({}), {}: the change is not put down to any part of it.", item_name(*only),
                     only->unrecorded);
}

std::string control_clause(const Comparison& comparison) {
  switch (comparison.control) {
    case Control::controlled:
    case Control::controlled_with_gaps: {
      const std::string gaps =
          comparison.control == Control::controlled ? "" : "; not everything else is known to be the same";
      if (comparison.variable.empty()) return "Nothing recorded differs" + gaps + ".";
      const Bundle* bundle = bundle_under_test(comparison);
      if (bundle != nullptr && !bundle->unknown.empty()) {
        return "The variable is a bundle whose parts are not recorded; which of them is the cause is not established" +
               gaps + ".";
      }
      if (bundle == nullptr || bundle->members.size() == 1) return "Nothing else that is recorded differs" + gaps + ".";
      return fmt::format("The variable is a bundle of {} components; which of them is the cause is not established{}.",
                         bundle->members.size(), gaps);
    }
    case Control::confounded:
      return confounded_clause(comparison);
    case Control::undecidable:
      return "The driver or the GPU runtime is not known, so whether the two may be compared is open.";
    case Control::not_measured:
      break;
  }
  return "";
}

bool is_shared_out(const KernelAccount& account) { return account.available && account.shares_withheld.empty(); }

std::string state_words(const KernelChange& row) {
  switch (row.state) {
    case KernelState::replaced:
      return "other code took its place";
    case KernelState::recoded:
      return "the same name, other code";
    case KernelState::appeared:
      return "only in B";
    case KernelState::vanished:
      return "only in A";
    case KernelState::nameless:
      return "in a library without symbols: which function is not known";
    case KernelState::changed:
      return row.label == kRareKernels ? "each of them too rare to be told" : "the same code took another time";
    default:
      return "";
  }
}

std::string named_part(const KernelChange& part) {
  const std::string state = state_words(part);
  const bool is_label = part.label.find(" → ") != std::string::npos || part.label.starts_with("(");
  return (is_label ? part.label : display_name(part.label, 48)) + (state.empty() ? "" : " (" + state + ")");
}

// Of an operation, the kernels that changed most and what became of them: "mostly exp (only in A)". Where much of what
// went one way came the other, no kernel is most of the change.
std::string part_words(const KernelChange& row) {
  constexpr double kMost = 0.4;     // of the operation's change
  constexpr double kAgainst = 0.5;  // of what went the operation's way
  if (row.parts.empty()) return "";
  double with = 0, against = 0;
  const KernelChange *largest_with = nullptr, *largest_against = nullptr;
  for (const KernelChange& part : row.parts) {  // they stand by falling change
    const bool same_way = (part.change.value < 0) == (row.change.value < 0);
    (same_way ? with : against) += std::fabs(part.change.value);
    const KernelChange*& largest = same_way ? largest_with : largest_against;
    if (largest == nullptr) largest = &part;
  }
  if (largest_with != nullptr && largest_against != nullptr && against > kAgainst * with) {
    return fmt::format("in it {} against {}", named_part(*largest_with), named_part(*largest_against));
  }
  const KernelChange& part = row.parts.front();
  if (std::fabs(part.change.value) < kMost * std::fabs(row.change.value)) return "spread over its kernels";
  return "mostly " + named_part(part);
}

std::string change_words(const KernelAccount& account, const KernelChange& row) {
  if (row.label.starts_with("(for no operation")) {
    KernelChange named = row;
    named.label = "what ran for no operation that is known";
    return change_words(account, named);
  }
  std::string text = fmt::format("{}: {} → {}", row.parts.empty() ? display_name(row.label) : row.label,
                                 format_seconds(row.a_seconds), format_seconds(row.b_seconds));
  if (row.share) {
    const std::string low = format_percent(row.share->interval.low);
    const bool scaled = account.of.find("of its work") != std::string::npos;
    text += fmt::format(" of {} {}, {} ({} to {}) of the change", quantity_title(account.kind.quantity),
                        scaled ? "for the same work" : "a unit", format_percent(row.share->value),
                        low.substr(0, low.size() - 2), format_percent(row.share->interval.high));
  }
  if (!row.detail.empty()) return text + "; other code took its place: " + row.detail;
  const std::string part = part_words(row);
  if (!part.empty()) return text + "; " + part;
  const std::string state = state_words(row);
  return state.empty() || row.label.find(" → ") != std::string::npos ? text : text + "; " + state;
}
}  // namespace

std::string quotable_sentence(const Comparison& comparison, const Sides& sides) {
  if (comparison.control == Control::not_measured) {
    return fmt::format("{}: not measured, because {}.", comparison.benchmark,
                       comparison.reasons.empty() ? "the sides are not of the same thing" : comparison.reasons.front());
  }
  const std::string control = control_clause(comparison);
  return fmt::format("{}: {}; {}.{}{}", what_changed(comparison), measured_text(comparison, sides),
                     speed_clause(comparison), control.empty() ? "" : " ", control);
}

std::vector<std::string> assumptions_of(const Comparison& comparison, const Sides& sides) {
  std::vector<std::string> taken;
  const MetricComparison& metric = comparison.primary;
  taken.push_back(fmt::format("a machine like this one{}: on another the ratio may be another", machine_of(sides)));
  taken.push_back(fmt::format("this work: the command with these arguments and inputs ({})", comparison.benchmark));
  if (metric.paired) {
    taken.push_back(fmt::format("a spread of {} a {}: a single run of either side may be that far off",
                                format_percent(metric.pair_spread), pair_noun(metric, 1)));
  } else {
    taken.push_back("that nothing drifted between the two measurements");
  }
  const bool has_work = std::any_of(comparison.items.begin(), comparison.items.end(),
                                    [](const ControlItem& item) { return item.id == "work"; });
  if (!has_work) taken.push_back("that both sides did the same work in a unit: the program does not report it");
  taken.push_back("that both sides computed the same: Varve does not look at results");
  if (const std::string unknown = name_items(comparison.items, ItemState::unknown, 6); !unknown.empty()) {
    taken.push_back("that what is unknown is the same on both sides: " + unknown);
  }
  const auto known = [](const std::optional<int>& count) {
    return count ? std::to_string(*count) : "an unknown number of";
  };
  taken.push_back(fmt::format("environment variables outside the list of settings: {} on A and {} on B, by number only",
                              known(sides.variant_a->other_variables), known(sides.variant_b->other_variables)));
  for (const Bundle& bundle : comparison.bundles) {
    if (bundle.members.size() < 2) continue;
    taken.push_back(fmt::format("that all {} members of the bundle ({}) are exchanged together", bundle.members.size(),
                                bundle.title));
  }
  return taken;
}

std::vector<std::string> largest_changes(const Comparison& comparison) {
  constexpr std::size_t kMost = 3;
  constexpr double kWorthSaying = 0.02;  // of the change
  std::vector<std::string> words;
  // Numbers that are not of one thing have no change that could be explained; the tables show what was seen.
  if (comparison.control == Control::not_measured) return words;
  for (const KernelAccount& account : comparison.accounts) {
    if (!is_shared_out(account)) continue;
    for (const KernelChange& row : account.rows) {
      const bool told = row.share && std::fabs(row.share->value) >= kWorthSaying;
      if (!told || row.state == KernelState::remainder || row.state == KernelState::unseen) continue;
      if (words.size() < kMost) words.push_back(change_words(account, row));
    }
    break;  // bases stand side by side and are never added: the first that bears shares speaks
  }
  return words;
}

}  // namespace varve
