#pragma once
#include <string>
#include <vector>

#include "model/answers/check_result.h"
#include "model/comparison.h"
#include "model/fact_catalog.h"

namespace varve {

// Numbers and sentences that the text and the page share. None of these fails on an infinite or missing (NaN) number:
// NaN is shown as "–", an unbounded side of an interval in words.

std::string quantity_text(double value, const std::string& unit);
std::string change_text(double ratio);                    // "+8.3 %"
std::string change_interval_text(const Interval& ratio);  // "+6.9 % to +9.6 %", "below +9.6 %", "unbounded"
std::string shown_margin(double margin);                  // "±2 %"
std::string share_text(double share);                     // "93 %"
std::string share_text(const Estimate& share);            // "93 % (88 to 97 %)"

// One unit for a column of times, so that its digits line up.
struct TimeUnit {
  std::string name;   // "ms"
  double factor = 1;  // of a second
  int decimals = 1;

  std::string text(double seconds) const;               // "12.3"
  std::string signed_text(double seconds) const;        // "+12.3", "−0.4"
  std::string interval(const Interval& seconds) const;  // "−1.2 to +3.4"
};
TimeUnit time_unit_for(double largest_seconds);
TimeUnit time_unit_for(const KernelAccount& account);
std::string unit_title(const std::string& title, const TimeUnit& unit);  // of a column: "time ms"

std::string when_text(const std::string& time);  // "2026-11-21 01:38 UTC" for an RFC 3339 time; else the text itself
std::string count_text(std::size_t count, const std::string& one, const std::string& many);  // "1 pair", "10 pairs"
std::string list_text(const std::vector<std::string>& names, std::size_t most);  // "a, b and c"; "a, b and 4 more"

// What a verdict means, for somebody who does not know the word.
std::string speed_meaning(const MetricComparison& metric);
std::string control_meaning(const Comparison& comparison);
std::string direction_phrase(Better better);  // "higher is better"

// "OPENBLAS_CORETYPE" for settings.OPENBLAS_CORETYPE, "libm.so.6" for library.libm.so.6, else the title.
std::string shown_item_name(const ControlItem& item);
std::string kernel_state_title(KernelState state);  // "other code", "no symbols"
const char* state_sign(ItemState state);            // "≠", "=", "?": before an item in a table
// "Hardware, program and libraries are the same; one setting differs: OPENBLAS_CORETYPE (under test)."
std::string difference_sentence(const std::vector<ControlItem>& items);
std::string counted_text(const KernelAccount& account);  // "6 pairs", "5 blocks"
// "Kernels: what explains the change of CPU time", with the witness where that is not the sampler.
std::string account_title(const KernelAccount& account);
// "Kernels that were exchanged, or ran on one side alone, explain 93 % (88 to 97 %) of the change in CPU time."; empty
// when that is not known.
std::string exchange_sentence(const KernelAccount& account);

// "The time for a piece of work changed by −49 % by CPU time and by −52 % by tokens/s."; empty where the account is not
// of what the metric speaks of.
std::string agreement_sentence(const KernelAccount& account, const MetricComparison& primary);

const char* state_sign(CheckState state);  // "✓"
std::string link_title(Layer link);        // of the chain: "framework runtime"

// A fact as people read it: its title, and its value with the unit of the catalogue.
std::string fact_title(const std::string& id);
std::string fact_group(const std::string& id);  // the title of its layer
std::string shown_fact(const std::string& id, const Fact& fact);
// Ids of the facts of a stack in catalogue order, by layer; ids the catalogue does not know come last. What does not
// apply to the subject at all (the processor of an image) is left out: it is counted once instead.
std::vector<std::string> facts_in_order(const Stack& stack);
struct FactCounts {
  std::size_t known = 0, all = 0;  // of those that apply to the subject
  std::size_t beside = 0;          // those that do not
};
FactCounts count_facts(const Stack& stack);

}  // namespace varve
