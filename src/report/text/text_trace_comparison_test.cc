#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "report/samples_test.h"
#include "report/text/text_report.h"

namespace varve {

namespace {
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string dense(const std::string& text) {
  std::string text_alone;
  for (const std::string_view word : split_words(text)) text_alone += word;
  return text_alone;
}
}  // namespace

TEST(TextTraceComparison, SaysWhatChangedFirstAndClosesTheAccount) {
  const std::string text = text_trace_comparison(samples::trace_comparison(), false, {});
  EXPECT_TRUE(holds(text, "1 kind of replacement in 12 places: −500.0 µs. 12 kernels are the same: −10.00 µs."));
  EXPECT_TRUE(holds(text, "1. aten::attention 1.200 → 0.700 ms (−500.0 µs, −42 %), 98 % of the change; exchanged:"));
  EXPECT_TRUE(holds(dense(text), dense("forward<128> → forward<64> + 2, 12 times.")));
  EXPECT_TRUE(holds(text, "Remainder: 0 ns in A, 0 ns in B"));
  EXPECT_TRUE(holds(dense(text),
                    dense("Different, and alone among what both tell: operating system: Debian 12 → Ubuntu 24.04.")));
  EXPECT_TRUE(holds(text, "Not told by both, and so not known to be the same: API level."));
  EXPECT_TRUE(holds(text, "No verdict on speed"));
}

TEST(TextTraceComparison, SaysThatWallTimeDidNotMove) {
  TraceComparison comparison = samples::trace_comparison();
  comparison.b.trace_window_ns = comparison.a.trace_window_ns + 10;
  comparison.b.steps = 1;
  const std::string text = dense(text_trace_comparison(comparison, false, {}));
  EXPECT_TRUE(holds(text, dense("wall time did not move: time in kernels and collectives changed by −510.0 µs")));
  EXPECT_TRUE(holds(text, dense("It held 2 complete steps, and now 1.")));
}

TEST(TextTraceComparison, TakesOneScreenHoweverMuchThereIs) {
  TraceComparison comparison = samples::trace_comparison();
  for (int i = 0; i < 400; ++i) {
    const std::string name = "kernel_" + std::to_string(i) + std::string(80, 'x');
    comparison.groups.push_back({.a = {name},
                                 .b = {name},
                                 .each_a_ns = {1000},
                                 .each_b_ns = {2000 + i},
                                 .a_times = 1,
                                 .b_times = 1,
                                 .a_ns = 1000,
                                 .b_ns = 2000 + i});
    comparison.operations.push_back({name, 1000, 2000 + i, 1, 1});
    comparison.remarks.push_back(name);
  }
  const std::string text = text_trace_comparison(comparison, false, {});
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60);
}

}  // namespace varve
