// What the verdicts and the account mean, in whole sentences.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/wording.h"

namespace varve {

namespace {
std::string pairs_to_go(const MetricComparison& metric) {
  if (!metric.pairs_needed) return "";
  constexpr int kMostForetold = 1000;  // above, a number would only seem to be one
  if (*metric.pairs_needed > kMostForetold) {
    return fmt::format(" More than {} pairs would be needed, if the estimate holds.", kMostForetold);
  }
  return fmt::format(" About {} pairs would decide, if the estimate holds.", *metric.pairs_needed);
}

std::string number_word(std::size_t number) {
  static constexpr std::array<const char*, 13> kWords = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                                         "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  return number < kWords.size() ? kWords[number] : std::to_string(number);
}

// What an item belongs to in a sentence.
std::string group_of(const ControlItem& item) {
  if (item.id == "program" || item.id.starts_with("program.")) return "program";
  if (item.id.starts_with("file.")) return "files";
  if (item.id == "command" || item.id.starts_with("command.")) return "command";
  switch (item.layer) {
    case Layer::kernel_driver:
    case Layer::user_driver:
      return "drivers";
    case Layer::host_toolkit:
      return "toolkit";
    case Layer::bundled_runtime:
      return "runtime";
    case Layer::kernel_library:
      return "libraries";
    default:
      return layer_title(item.layer);
  }
}

bool is_equal(ItemState state) { return state == ItemState::same || state == ItemState::shared; }

// Groups in which everything is the same, in the order of the layers. Those that do not apply are not named.
std::vector<std::string> equal_groups(const std::vector<ControlItem>& items) {
  std::vector<const ControlItem*> sorted;
  for (const ControlItem& item : items) sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ControlItem* a, const ControlItem* b) { return a->layer < b->layer; });
  std::vector<std::string> names, broken;
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const ControlItem* item : sorted) {
    const std::string group = group_of(*item);
    if (is_equal(item->state) && !has(names, group)) names.push_back(group);
    if (!is_equal(item->state) && item->state != ItemState::not_applicable) broken.push_back(group);
  }
  std::erase_if(names, [&](const std::string& name) { return has(broken, name); });
  return names;
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// "one setting differs: X (under test)", "two settings differ: X and Y", "program and libc differ".
std::string differing_text(const std::vector<const ControlItem*>& items) {
  std::vector<std::string> names;
  bool only_settings = true, all_under_test = true;
  for (const ControlItem* item : items) {
    names.push_back(shown_item_name(*item) + (item->unrecorded.empty() ? "" : " (" + item->unrecorded + ")"));
    only_settings = only_settings && item->layer == Layer::settings;
    all_under_test = all_under_test && item->under_test;
  }
  const bool one = items.size() == 1;
  const bool one_command = one && items[0]->id == "command";
  if (one_command)
    return "the command differs" + std::string(all_under_test ? " (under test)" : "") +
           (items[0]->unrecorded.empty() ? "" : ", and " + items[0]->unrecorded);
  const std::string noun = only_settings ? (one ? "setting" : "settings") : (one ? "item" : "items");
  const std::string which = list_text(names, 4);
  return fmt::format("{} {} {}: {}{}", number_word(items.size()), noun, one ? "differs" : "differ", which,
                     all_under_test ? (one ? " (under test)" : " (all under test)") : "");
}
}  // namespace

const char* state_sign(ItemState state) {
  switch (state) {
    case ItemState::different:
      return "≠";
    case ItemState::follows:
      return "↳";
    case ItemState::unknown:
      return "?";
    case ItemState::not_applicable:
      return "–";
    default:
      return "=";
  }
}

std::string speed_meaning(const MetricComparison& metric) {
  const std::string margin = shown_margin(metric.margin);
  switch (metric.speed) {
    case Speed::faster:
      return "The whole 95 % interval lies beyond the margin of " + margin + ": B is " + better_word(metric) +
             " by more than was declared not to matter.";
    case Speed::slower:
      return "The whole 95 % interval lies beyond the margin of " + margin + ": B is " + worse_word(metric) +
             " by more than was declared not to matter.";
    case Speed::faster_touching_margin:
      return "B is " + better_word(metric) +
             " than chance explains, but the edge of the 95 % interval reaches into the margin of " + margin +
             ": that the gain is large enough to matter is not shown." + pairs_to_go(metric);
    case Speed::slower_touching_margin:
      return "B is " + worse_word(metric) +
             " than chance explains, but the edge of the 95 % interval reaches into the margin of " + margin +
             ": that the loss is large enough to matter is not shown." + pairs_to_go(metric);
    case Speed::same:
      return "The 90 % interval lies inside the margin of " + margin +
             ": whatever difference there is, is smaller than was declared to matter.";
    case Speed::ambiguous:
      return "The interval is too wide: a difference beyond the margin of " + margin +
             " and no difference both fit these numbers." + pairs_to_go(metric);
    case Speed::too_few:
      return "Fewer than five pairs: the spread itself is not known well enough for a verdict." + pairs_to_go(metric);
    case Speed::order_confounded:
      return "One side was measured before the other. Whatever drifted in between looks like a difference, so no "
             "verdict on speed is given.";
    case Speed::no_spread:
      return "A side has a single unit. Without a spread on both sides no difference is called a difference.";
    case Speed::direction_unknown:
      return "The 95 % interval excludes no change, but whether more or less of " + metric.metric +
             " is better is not known. Let the program write \"better\": \"higher\" or \"lower\" beside the value.";
    case Speed::not_measured:
      return "The two sides did not do the same work, or computed something else: a rate or a time says nothing about "
             "which is faster.";
    case Speed::noise:
      return "The 95 % interval excludes no change, but nothing was changed: this is chance, the machine, or something "
             "that is not recorded. Speeds found here are to be doubted.";
  }
  return "";
}

std::string direction_phrase(Better better) {
  if (better == Better::unknown) return "which way is better is not known";
  return std::string(to_string(better)) + " is better";
}

std::string control_meaning(const Comparison& comparison) {
  switch (comparison.control) {
    case Control::controlled:
      if (comparison.variable.empty()) {
        return "Nothing that is recorded differs between the sides: the same was measured against the same.";
      }
      for (const Bundle& bundle : comparison.bundles) {
        if (!bundle.under_test || (bundle.members.size() < 2 && bundle.unknown.empty())) continue;
        return "Nothing differs between the sides but one bundle and what follows from it. A difference in speed "
               "belongs "
               "to the bundle as a whole; which of its members makes it is not known.";
      }
      return "Nothing differs between the sides but what was put under test and what follows from it. A difference in "
             "speed belongs to it.";
    case Control::controlled_with_gaps:
      return "Nothing else is known to differ, but not everything is known. What is unknown never counts as same.";
    case Control::confounded:
      for (const ControlItem& item : comparison.items) {
        if (item.state != ItemState::different || item.unrecorded.empty()) continue;
        return capitalised(shown_item_name(item)) + " differs, and " + item.unrecorded +
               (item.id == "packages" ? "" : ": it may be packages, threads or files") +
               ". The numbers stand, but they cannot say what made them.";
      }
      return "More differs than was put under test. The numbers stand, but they cannot say which of the differences "
             "made them.";
    case Control::not_measured:
      return "The sides did other work, units failed, or these are two benchmarks: a ratio of these numbers says "
             "nothing.";
    case Control::undecidable:
      return "Something without which these runs cannot be compared is unknown, such as the driver or the runtime that "
             "was loaded.";
  }
  return "";
}

std::string shown_item_name(const ControlItem& item) {
  if (item.id.starts_with("settings.")) return item.id.substr(9);
  if (item.id.starts_with("library.")) return item.id.substr(8);
  return item.title.empty() ? item.id : item.title;
}

std::string difference_sentence(const std::vector<ControlItem>& items) {
  if (items.empty()) return "Nothing about the two sides was recorded, so nothing can be said to be the same.";
  std::vector<const ControlItem*> different;
  std::vector<std::string> follow, libraries, unknown;
  for (const ControlItem& item : items) {
    if (item.state == ItemState::different) different.push_back(&item);
    if (item.state == ItemState::follows)
      (item.id.starts_with("library.") ? libraries : follow).push_back(shown_item_name(item));
    if (item.state == ItemState::unknown) unknown.push_back(shown_item_name(item));
  }
  if (libraries.size() > 2) libraries = {fmt::format("{} libraries", libraries.size())};
  follow.insert(follow.end(), libraries.begin(), libraries.end());
  const std::vector<std::string> equal = equal_groups(items);
  std::vector<std::string> clauses;
  if (!equal.empty()) {
    const bool plural = equal.size() > 1 || equal[0].ends_with('s');
    clauses.push_back(list_text(equal, equal.size()) + (plural ? " are the same" : " is the same"));
  }
  clauses.push_back(different.empty() ? "nothing recorded differs" : differing_text(different));
  if (!follow.empty())
    clauses.push_back(list_text(follow, 3) +
                      (follow.size() == 1 && !follow[0].ends_with(" libraries") ? " follows" : " follow") + " from it");
  if (!unknown.empty()) {
    clauses.push_back(fmt::format("{} {} unknown: {}", number_word(unknown.size()), unknown.size() == 1 ? "is" : "are",
                                  list_text(unknown, 3)));
  }
  std::string sentence;
  for (const std::string& clause : clauses) sentence += (sentence.empty() ? "" : "; ") + clause;
  return capitalised(sentence) + ".";
}

std::string kernel_state_title(KernelState state) {
  switch (state) {
    case KernelState::recoded:
      return "other code";
    case KernelState::nameless:
      return "no symbols";
    case KernelState::vanished:
      return "only in A";
    case KernelState::appeared:
      return "only in B";
    case KernelState::unseen:
      return "too rare";
    default:
      return std::string(to_string(state));
  }
}

std::string counted_text(const KernelAccount& account) {
  if (account.recorded) return "one recorded unit a side";
  const auto count = static_cast<std::size_t>(std::max(account.pairs, 0));
  return account.by_block ? count_text(count, "block", "blocks") : count_text(count, "pair", "pairs");
}

std::string account_title(const KernelAccount& account) {
  if (account.recorded) {
    return fmt::format("Beside it: {} as {} saw it", quantity_title(account.kind.quantity),
                       to_string(account.kind.witness));
  }
  const std::string title =
      fmt::format("{}: what explains the change of {}", account.by_operation ? "Operations and kernels" : "Kernels",
                  quantity_title(account.kind.quantity));
  return account.kind == kCpuSamples ? title : title + ", by " + std::string(to_string(account.kind.witness));
}

std::string agreement_sentence(const KernelAccount& account, const MetricComparison& primary) {
  const bool sound = account.available && account.explains_metric && account.a_seconds > 0 && primary.ratio.value > 0;
  if (!sound || primary.better == Better::unknown) return "";
  const double cost = primary.better == Better::lower ? primary.ratio.value : 1 / primary.ratio.value;
  return fmt::format("The time for a piece of work changed by {} by {} and by {} by {}.",
                     change_text(account.b_seconds / account.a_seconds), quantity_title(account.kind.quantity),
                     change_text(cost), primary.metric);
}

std::string exchange_sentence(const KernelAccount& account) {
  if (!account.available || !account.exchanged_share || !std::isfinite(account.exchanged_share->value)) return "";
  const std::string more_than_all =
      account.exchanged_share->interval.low > 1 ? " More than the whole: other code took some of it back." : "";
  return std::string(account.by_operation ? "Operations" : "Kernels") +
         " that were exchanged, or ran on one side alone, explain " + share_text(*account.exchanged_share) +
         " of the change in " + quantity_title(account.kind.quantity) + "." + more_than_all;
}

}  // namespace varve
