#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/answers/trace_comparison.h"
#include "report/shown_names.h"

namespace varve {

// Exchanges that are one to a reader: for one operation, the same kernel of either side takes most of the time.
struct ExchangeStory {
  Part part = Part::kernel;
  Exchange exchange = Exchange::same;
  ExchangeReason reason = ExchangeReason::none;
  std::string operation;
  bool of_operations = false;              // operations take the place of kernels
  std::string a, b;                        // the kernel of either side that takes most; empty: none
  std::size_t a_others = 0, b_others = 0;  // kernels beside it, of the form that takes most
  std::size_t forms = 1;                   // different exchanges that are counted together
  std::string detail;
  std::string precision;  // "fp32 → fp16"; empty: not told, or the same
  std::uint64_t a_times = 0, b_times = 0;
  std::int64_t a_ns = 0, b_ns = 0;
};

// By falling change. Amounts are of all units, as in the comparison.
std::vector<ExchangeStory> exchange_stories(const TraceComparison& comparison);

// B − A for one unit, in nanoseconds.
double change_of(const TraceComparison& comparison, std::int64_t a_ns, std::int64_t b_ns);

std::string exchange_title(Exchange exchange);        // "Replaced"
std::string story_title(const ExchangeStory& story);  // the same, or "Fused"
// The name of an operation, cut where it is long.
std::string shown_operation(const std::string& name);
// "fmha_fwd_hd128 + 1 → sage_fwd + 13"; names take at most so many columns each.
// `names`: of the table that it stands in, for as many columns; else each kernel is shown by itself.
std::string story_label(const ExchangeStory& story, std::size_t columns, const ShownNames& names = {});
// Of kernels that were not exchanged, so that no two of the first `most` stories have one name.
ShownNames names_of_stories(const std::vector<ExchangeStory>& stories, std::size_t most, std::size_t columns);

}  // namespace varve
