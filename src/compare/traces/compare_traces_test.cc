#include "compare/traces/compare_traces.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "compare/traces/made_side_testing.h"

namespace varve {
namespace {

using MadeTrace = test::MadeSide;

TraceComparison compared(const MadeTrace& a, const MadeTrace& b) {
  auto comparison = compare_traces(a.side(), b.side(), "2026-01-01T00:00:00Z");
  EXPECT_TRUE(comparison);
  return comparison ? std::move(*comparison) : TraceComparison{};
}

// Everything about it, as text, with the sides swapped where that is asked for.
std::string shown(const TraceComparison& comparison, bool swapped) {
  std::map<std::string, int> lines;
  const auto pair_text = [&](std::int64_t a, std::int64_t b) {
    return std::to_string(swapped ? b : a) + " " + std::to_string(swapped ? a : b) + " ";
  };
  const auto list = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += name + ",";
    return text;
  };
  for (const AccountLine& line : comparison.lines) {
    auto kind = static_cast<int>(line.kind);
    if (swapped && line.kind == AccountLineKind::appeared) kind = static_cast<int>(AccountLineKind::vanished);
    if (swapped && line.kind == AccountLineKind::vanished) kind = static_cast<int>(AccountLineKind::appeared);
    ++lines["line " + std::to_string(kind) + " " + pair_text(line.a_ns, line.b_ns)];
  }
  for (const ExchangeGroup& group : comparison.groups) {
    const std::string names = swapped ? list(group.b) + ">" + list(group.a) : list(group.a) + ">" + list(group.b);
    ++lines["group " + names + pair_text(group.a_ns, group.b_ns) +
            pair_text(static_cast<std::int64_t>(group.a_times), static_cast<std::int64_t>(group.b_times))];
  }
  std::string text;
  for (const auto& [line, times] : lines) text += line + "x" + std::to_string(times) + "\n";
  return text;
}

void expect_closed(const TraceComparison& comparison) {
  std::int64_t a_ns = 0, b_ns = 0, items_a = 0, items_b = 0;
  for (const AccountLine& line : comparison.lines) a_ns += line.a_ns, b_ns += line.b_ns;
  EXPECT_EQ(a_ns, comparison.a.window_ns);
  EXPECT_EQ(b_ns, comparison.b.window_ns);
  for (const ExchangeGroup& group : comparison.groups) {
    if (group.part == Part::kernel) items_a += group.a_ns, items_b += group.b_ns;
  }
  EXPECT_EQ(items_a, comparison.a.items_ns);
  EXPECT_EQ(items_b, comparison.b.items_ns);
}

TEST(CompareTraces, AReplacementIsCountedWhereverItHappened) {
  MadeTrace a, b;
  for (int layer = 0; layer < 12; ++layer) {
    a.add(0, "gemm", "", 100);
    a.add(0, "attention", "", 50);
    b.add(0, "gemm", "", 90);
    b.add(0, "quantise", "", 10);
    b.add(0, "flash", "", 20);
    b.idle(7);
  }
  const TraceComparison comparison = compared(a, b);
  expect_closed(comparison);
  ASSERT_EQ(comparison.groups.size(), 2u);
  EXPECT_EQ(comparison.groups[0].exchange, Exchange::replaced);
  EXPECT_EQ(comparison.groups[0].reason, ExchangeReason::position);
  EXPECT_EQ(comparison.groups[0].a_times, 12u);
  EXPECT_EQ(comparison.groups[0].b, (std::vector<std::string>{"quantise", "flash"}));
  EXPECT_EQ(comparison.groups[0].each_b_ns, (std::vector<std::int64_t>{120, 240}));
  EXPECT_EQ(comparison.groups[0].b_ns - comparison.groups[0].a_ns, -240);
  EXPECT_EQ(comparison.groups[1].b_ns - comparison.groups[1].a_ns, -120);
  EXPECT_EQ(comparison.b.window_ns - comparison.a.window_ns, -240 - 120 + 84);
}

TEST(CompareTraces, OfSidesWithOtherNumbersOfStepsOneStepIsCompared) {
  MadeTrace a, b;
  a.steps(3);
  b.steps(5);
  for (std::int32_t step = 0; step < 3; ++step) a.add(0, "gemm", "", 100, step), a.idle(10, step);
  for (std::int32_t step = 0; step < 5; ++step) b.add(0, "gemm", "", 80, step), b.idle(10, step);
  b.add(0, "of no step", "", 1000);
  const TraceComparison comparison = compared(a, b);
  EXPECT_EQ(comparison.basis, TraceComparison::Basis::a_step);
  expect_closed(comparison);
  EXPECT_EQ(comparison.b.not_in_steps, 1u);
  EXPECT_DOUBLE_EQ(for_one(comparison.a.window_ns, comparison.a), 110);
  EXPECT_DOUBLE_EQ(for_one(comparison.b.window_ns, comparison.b), 90);
  ASSERT_EQ(comparison.groups.size(), 1u);
  EXPECT_EQ(comparison.groups[0].exchange, Exchange::same);
}

TEST(CompareTraces, OneNameWithOtherRegistersIsOtherCode) {
  MadeTrace a, b;
  a.sequence.launches.push_back({.grid = {8, 1, 1}, .block = {128, 1, 1}, .registers = 32});
  b.sequence.launches.push_back({.grid = {8, 1, 1}, .block = {128, 1, 1}, .registers = 64});
  a.add(0, "generated", "", 100);
  b.add(0, "generated", "", 150);
  a.sequence.streams[0].items[0].launch = b.sequence.streams[0].items[0].launch = 1;
  const TraceComparison comparison = compared(a, b);
  ASSERT_EQ(comparison.groups.size(), 1u);
  EXPECT_EQ(comparison.groups[0].exchange, Exchange::other_code);
  EXPECT_EQ(comparison.groups[0].detail, "registers 32 → 64");
}

TEST(CompareTraces, NumbersThatACompilerGivesItsKernelsAreNoDifference) {
  MadeTrace a, b;
  a.add(0, "triton_poi_fused_silu_29", "", 100);
  b.add(0, "triton_poi_fused_silu_30", "", 100);
  EXPECT_TRUE(nothing_changed(compared(a, b)));
}

TEST(CompareTraces, WithoutAnOrderNamesAndOperationsTell) {
  MadeTrace a, b;
  a.add(0, "gemm", "", 100);
  b.add(0, "gemm", "", 80);
  b.add(0, "other", "", 5);
  b.sequence = {};
  const TraceComparison comparison = compared(a, b);
  EXPECT_EQ(comparison.basis, TraceComparison::Basis::totals);
  ASSERT_EQ(comparison.groups.size(), 2u);
  EXPECT_EQ(comparison.groups[0].exchange, Exchange::same);
  EXPECT_EQ(comparison.groups[0].b_ns, 80);
  EXPECT_EQ(comparison.groups[1].exchange, Exchange::appeared);
  EXPECT_EQ(comparison.a.window_ns, 0);
}

TEST(CompareTraces, FactsThatOneSideDoesNotTellAreNotTheSame) {
  MadeTrace a, b;
  a.add(0, "gemm", "", 100);
  b.add(0, "gemm", "", 100);
  auto &facts_a = a.record.sources.front().facts, &facts_b = b.record.sources.front().facts;
  facts_a["gpu.count"] = facts_b["gpu.count"] = known_fact(std::int64_t{1}, "made");
  facts_a["os.name"] = known_fact(std::string("Debian"), "made");
  facts_b["os.name"] = known_fact(std::string("Ubuntu"), "made");
  facts_a["driver.api_level"] = known_fact(std::string("13.0"), "made");
  facts_a["cpu.model"] = facts_b["cpu.model"] = missing_fact(Missing::unreadable, "made");
  std::map<std::string, ItemState> states;
  for (const ControlItem& item : compared(a, b).facts) states[item.id] = item.state;
  EXPECT_EQ(states, (std::map<std::string, ItemState>{{"gpu.count", ItemState::same},
                                                      {"os.name", ItemState::different},
                                                      {"driver.api_level", ItemState::unknown},
                                                      {"cpu.model", ItemState::unknown}}));
}

// Two traces of some steps of some layers, on two streams, with edits in the second one.
std::pair<MadeTrace, MadeTrace> made_pair(std::mt19937& random) {
  const auto below = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most - 1)(random); };
  std::pair<MadeTrace, MadeTrace> pair;
  const bool in_steps = below(2) == 0, with_operations = below(2) == 0;
  const std::size_t kinds = 1 + below(12), length = 1 + below(60);
  std::vector<std::size_t> names(length);
  for (std::size_t& name : names) name = below(kinds);
  const auto fill = [&](MadeTrace& trace, bool edited) {
    const std::size_t steps = in_steps ? 1 + below(3) : 0;
    if (in_steps) trace.steps(steps);
    for (std::size_t round = 0; round < std::max<std::size_t>(steps, 1); ++round) {
      const std::int32_t step = in_steps ? static_cast<std::int32_t>(round) : -1;
      for (const std::size_t name : names) {
        const bool is_edited = edited && below(8) == 0;
        const std::string text = std::string(1, static_cast<char>('a' + name)) + (is_edited ? "2" : "");
        const std::string operation = with_operations ? "op" + std::to_string(name % 3) + " [[8]]" : "";
        const std::size_t times = is_edited ? below(3) : 1;
        for (std::size_t k = 0; k < times; ++k) {
          trace.add(below(10) == 0 ? 1 : 0, text, operation, static_cast<std::int64_t>(below(100'000)), step);
        }
        trace.idle(static_cast<std::int64_t>(below(1000)), step);
      }
      if (below(2) == 0) trace.add(0, "all_reduce", "", 5, step, Part::collective);
      if (below(2) == 0) trace.add(0, "Memcpy", "", 5, step, Part::copy);
    }
    trace.add(0, "last", "", 1);
  };
  fill(pair.first, false);
  fill(pair.second, true);
  return pair;
}

TEST(CompareTraces, SumsCloseAndSwappingSwapsForRandomTraces) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    const auto [a, b] = made_pair(random);
    const TraceComparison forth = compared(a, b), back = compared(b, a);
    expect_closed(forth);
    ASSERT_EQ(shown(forth, false), shown(back, true)) << round;
    ASSERT_TRUE(nothing_changed(compared(a, a))) << round;
    ASSERT_TRUE(nothing_changed(compared(b, b))) << round;
  }
}

}  // namespace
}  // namespace varve
