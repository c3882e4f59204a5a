// What two traces are said to differ by, beside kernels that came for each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "compare/traces/compare_traces.h"
#include "compare/traces/made_side_testing.h"

namespace varve {
namespace {
using test::MadeSide;
using Window = TraceSequence::Window;

TraceComparison what_changed(const MadeSide& a, const MadeSide& b, const Knowledge* knowledge = nullptr) {
  auto comparison = compare_traces(a.side(), b.side(), "2026-01-01T00:00:00Z", knowledge);
  EXPECT_TRUE(comparison);
  return comparison ? std::move(*comparison) : TraceComparison{};
}

std::pair<std::int64_t, std::int64_t> line_at(const TraceComparison& comparison, AccountLineKind kind) {
  for (const AccountLine& line : comparison.lines) {
    if (line.kind == kind) return {line.a_ns, line.b_ns};
  }
  return {0, 0};
}

void expect_sums(const TraceComparison& comparison) {
  std::int64_t a_ns = 0, b_ns = 0;
  for (const AccountLine& line : comparison.lines) a_ns += line.a_ns, b_ns += line.b_ns;
  EXPECT_EQ(a_ns, comparison.a.window_ns);
  EXPECT_EQ(b_ns, comparison.b.window_ns);
}

// A compiler that moves a collective under a kernel has not made it faster.
TEST(WhatChanged, ACollectiveThatMovesUnderComputeOverlaps) {
  MadeSide a, b;
  for (MadeSide* side : {&a, &b}) {
    side->add(0, "gemm", "", 100);
    side->add(1, "all_reduce", "", 50, -1, Part::collective);
  }
  b.sequence.whole = {100, {{Part::kernel, 100}}};
  const TraceComparison comparison = what_changed(a, b);
  expect_sums(comparison);
  EXPECT_EQ(line_at(comparison, AccountLineKind::collective), (std::pair<std::int64_t, std::int64_t>{50, 50}));
  EXPECT_EQ(line_at(comparison, AccountLineKind::overlap_collective), (std::pair<std::int64_t, std::int64_t>{0, -50}));
  EXPECT_EQ(line_at(comparison, AccountLineKind::same), (std::pair<std::int64_t, std::int64_t>{100, 100}));
  EXPECT_NE(comparison.collectives_detail.find("A shows one rank alone"), std::string::npos);
}

TEST(WhatChanged, WaitingIsALineOfItsOwnWhereBothSidesKnowIt) {
  MadeSide a, b;
  for (MadeSide* side : {&a, &b}) {
    side->add(0, "gemm", "", 100);
    side->add(0, "all_reduce", "", 50, -1, Part::collective);
  }
  a.sequence.streams[0].items[1].waiting_ns = 10;
  const TraceComparison one_side = what_changed(a, b);
  expect_sums(one_side);
  EXPECT_EQ(line_at(one_side, AccountLineKind::collective), (std::pair<std::int64_t, std::int64_t>{50, 50}));
  EXPECT_EQ(line_at(one_side, AccountLineKind::waiting), (std::pair<std::int64_t, std::int64_t>{0, 0}));

  b.sequence.streams[0].items[1].waiting_ns = 30;
  const TraceComparison both = what_changed(a, b);
  expect_sums(both);
  EXPECT_EQ(line_at(both, AccountLineKind::transfer), (std::pair<std::int64_t, std::int64_t>{40, 20}));
  EXPECT_EQ(line_at(both, AccountLineKind::waiting), (std::pair<std::int64_t, std::int64_t>{10, 30}));
}

TEST(WhatChanged, EachRankIsComparedWithItsOwnCounterpart) {
  MadeSide a, b;
  // What rank 0 lost is what rank 1 gained: no kernel moved.
  a.add(0, "gemm", "", 100);
  a.add(0, "scale", "", 7);
  a.add(1, "gemm", "", 100);
  b.add(0, "gemm", "", 100);
  b.add(1, "gemm", "", 100);
  b.add(1, "bias", "", 7);
  for (MadeSide* side : {&a, &b}) {
    side->sequence.streams[1].place.rank = 1;
    side->sequence.devices = {{0, 0, {100, {}}}, {1, 0, {100, {}}}};
  }
  const TraceComparison comparison = what_changed(a, b);
  std::map<std::string, Exchange> exchanges;
  for (const ExchangeGroup& group : comparison.groups) {
    exchanges[(group.a.empty() ? group.b : group.a).front()] = group.exchange;
  }
  EXPECT_EQ(exchanges, (std::map<std::string, Exchange>{
                           {"gemm", Exchange::same}, {"scale", Exchange::vanished}, {"bias", Exchange::appeared}}));
  ASSERT_EQ(comparison.ranks.size(), 2u);
  EXPECT_EQ(comparison.ranks[0].a_items_ns, 107);
  EXPECT_EQ(comparison.ranks[1].b_items_ns, 107);
  EXPECT_EQ(comparison.ranks[1].a_waiting_ns, -1);
}

// Two sides of one kernel, launched as told, for an operation with these shapes.
TraceComparison launched(const KernelMeaning& meaning, const Launch& launch_a, const Launch& launch_b,
                         const std::string& operation) {
  MadeSide a, b;
  a.id("kernel", meaning), b.id("kernel", meaning);
  a.add(0, "kernel", operation, 100);
  b.add(0, "kernel", operation, 150);
  a.sequence.launches.push_back(launch_a), b.sequence.launches.push_back(launch_b);
  a.sequence.streams[0].items[0].launch = b.sequence.streams[0].items[0].launch = 1;
  return what_changed(a, b);
}

TEST(WhatChanged, WhatACompilerFixesIsCodeAndWhatALibraryChoosesIsNot) {
  const KernelMeaning generated{.compiled = true}, of_library;
  const Launch launch{.grid = {8, 1, 1}, .block = {128, 1, 1}, .registers = 32, .shared_bytes = 0};
  Launch shared = launch, grid = launch, registers = launch;
  shared.shared_bytes = 4096, grid.grid = {16, 1, 1}, registers.registers = 64;
  const auto exchange = [&](const KernelMeaning& meaning, const Launch& other, const std::string& operation = "") {
    return launched(meaning, launch, other, operation).groups.front();
  };
  EXPECT_EQ(exchange(generated, shared).exchange, Exchange::other_code);
  EXPECT_EQ(exchange(generated, shared).detail, "shared memory 0 → 4096 B");
  EXPECT_EQ(exchange(of_library, shared).exchange, Exchange::other_launch);
  // Another grid is another code where the shapes are the same, and may be another size where nobody tells them.
  EXPECT_EQ(exchange(generated, grid, "f [[8]]").detail, "grid 8 → 16");
  EXPECT_EQ(exchange(generated, grid).exchange, Exchange::other_launch);
  EXPECT_EQ(exchange(of_library, grid, "f [[8]]").exchange, Exchange::other_launch);
  EXPECT_EQ(exchange(of_library, registers).detail, "registers 32 → 64");
}

TEST(WhatChanged, AKernelThatListsWhatItDoesIsAFusion) {
  MadeSide a, b;
  for (MadeSide* side : {&a, &b}) side->add(0, "gemm", "aten::mm", 100);
  a.add(0, "add_kernel", "aten::add", 10);
  a.add(0, "relu_kernel", "aten::relu_", 10);
  b.add(0, "triton_poi_fused_add_relu_0", "triton_poi_fused_add_relu_0", 12);
  for (MadeSide* side : {&a, &b}) side->add(0, "gemm", "aten::mm", 100);
  const TraceComparison comparison = what_changed(a, b);
  ASSERT_EQ(comparison.groups.front().exchange, Exchange::replaced);
  EXPECT_EQ(comparison.groups.front().reason, ExchangeReason::fusion);
  EXPECT_EQ(comparison.groups.front().a.size(), 2u);
  EXPECT_EQ(what_changed(b, a).groups.front().reason, ExchangeReason::fusion);
}

// A trace of a CPU: operations stand for kernels.
void make_of_operations(MadeSide& side) {
  side.sequence.of_operations = true;
  Profile profile = side.record.record.profiles.by_kind.begin()->second;
  for (ProfileRow& row : profile.rows) row.key.activity = Activity::operation;
  side.record.record.profiles.by_kind = {{{WitnessKind::kineto, Quantity::call_time}, profile}};
}

void add_operation(MadeSide& side, const std::string& name, std::int64_t ns, std::int32_t step = -1) {
  side.add(0, name, name, ns, step);
}

const ExchangeGroup* group_of(const TraceComparison& comparison, const std::string& a) {
  const auto found = std::find_if(comparison.groups.begin(), comparison.groups.end(), [&](const ExchangeGroup& group) {
    return std::find(group.a.begin(), group.a.end(), a) != group.a.end();
  });
  return found == comparison.groups.end() ? nullptr : &*found;
}

TEST(WhatChanged, ProductsOfTwoFrameworksMeetByTheirShapes) {
  MadeSide a, b;
  add_operation(a, "aten::native_layer_norm [[512,256]]", 10);
  add_operation(a, "aten::mm [[512,256],[256,768]]", 100);
  add_operation(a, "aten::mm [[512,768],[768,256]]", 200);
  add_operation(b, "ParseArguments", 1);
  add_operation(b, "reduce_sum (fusion) [[512,256]]", 5);
  add_operation(b, "dot_general (fusion) [[768,256],[256,512]]", 50);
  add_operation(b, "dot_general (fusion) [[512,768],[768,256]]", 60);
  make_of_operations(a), make_of_operations(b);
  const TraceComparison comparison = what_changed(a, b);
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> by_work;
  for (const ExchangeGroup& group : comparison.groups) {
    if (group.reason == ExchangeReason::work) by_work[group.operation] = {group.a_ns, group.b_ns};
  }
  const std::map<std::string, std::pair<std::int64_t, std::int64_t>> expected = {{"512×256 · 256×768", {100, 50}},
                                                                                 {"256×768 · 768×512", {200, 60}}};
  EXPECT_EQ(by_work, expected);
  const ExchangeGroup* norm = group_of(comparison, "aten::native_layer_norm");
  ASSERT_NE(norm, nullptr);
  EXPECT_EQ(norm->reason, ExchangeReason::position);
  EXPECT_EQ(norm->b, (std::vector<std::string>{"reduce_sum (fusion)"}));
  const auto of_b = std::find_if(comparison.groups.begin(), comparison.groups.end(), [](const ExchangeGroup& group) {
    return group.b == std::vector<std::string>{"ParseArguments"};
  });
  ASSERT_NE(of_b, comparison.groups.end());
  EXPECT_EQ(of_b->exchange, Exchange::appeared);
  EXPECT_EQ(comparison.a.matched_ns, 300);
  EXPECT_EQ(comparison.b.matched_ns, 110);
}

TEST(WhatChanged, AnOperationOfOtherTypesIsTheSameOperation) {
  MadeSide a, b;
  add_operation(a, "aten::mm [[8,8],[8,8]]", 100);
  add_operation(b, "aten::mm [[8,8],[8,8]] bf16", 40);
  make_of_operations(a), make_of_operations(b);
  const TraceComparison comparison = what_changed(a, b);
  ASSERT_EQ(comparison.groups.size(), 1u);
  EXPECT_EQ(comparison.groups.front().exchange, Exchange::other_code);
  EXPECT_EQ(comparison.groups.front().a_precision, "fp32");
  EXPECT_EQ(comparison.groups.front().b_precision, "bf16");
  EXPECT_EQ(what_changed(b, a).groups.front().a_precision, "bf16");
}

TEST(WhatChanged, CompilingIsNoWorkOfTheProgram) {
  MadeSide a, b;
  a.steps(3), b.steps(1);
  for (std::int32_t step = 0; step < 3; ++step) {
    add_operation(a, "TorchDynamo Cache Lookup", 1, step);
    add_operation(a, "aten::mm [[8,8],[8,8]]", 100, step);
  }
  add_operation(b, "dynamo", 9000, 0);
  add_operation(b, "aten::mm [[8,8],[8,8]]", 150, 0);
  for (MadeSide* side : {&a, &b}) {
    make_of_operations(*side);
    for (TraceSequence::Step& step : side->sequence.steps) step.complete = true;
  }
  const TraceComparison comparison = what_changed(a, b);
  EXPECT_EQ(comparison.basis, TraceComparison::Basis::a_step);
  EXPECT_EQ(comparison.a.compiling_ns, 0);
  EXPECT_EQ(comparison.b.compiling_ns, 9000);
  const ExchangeGroup* product = group_of(comparison, "aten::mm");
  ASSERT_NE(product, nullptr);
  EXPECT_EQ(product->exchange, Exchange::same);
  const ExchangeGroup* lookup = group_of(comparison, "TorchDynamo Cache Lookup");
  ASSERT_NE(lookup, nullptr);
  EXPECT_EQ(lookup->exchange, Exchange::vanished) << "dynamo did not come for it";
}

TEST(WhatChanged, AnOperationOfOtherShapesIsNotReplaced) {
  MadeSide a, b;
  add_operation(a, "aten::mm [[8,8],[8,8]]", 100);
  add_operation(b, "aten::mm [[64,8],[8,8]]", 700);
  make_of_operations(a), make_of_operations(b);
  const TraceComparison comparison = what_changed(a, b);
  ASSERT_EQ(comparison.groups.size(), 1u);
  EXPECT_EQ(comparison.groups.front().exchange, Exchange::other_launch);
  EXPECT_EQ(comparison.groups.front().a, (std::vector<std::string>{"aten::mm"}));
}

TEST(WhatChanged, AChangeIsSplitIntoHowOftenAndHowLong) {
  MadeSide a, b;
  for (int i = 0; i < 10; ++i) a.add(0, "gemm", "", 100);
  for (int i = 0; i < 15; ++i) b.add(0, "gemm", "", 80);
  const TraceComparison comparison = what_changed(a, b);
  ASSERT_TRUE(comparison.groups.front().change);
  const ChangeParts& change = *comparison.groups.front().change;
  EXPECT_NEAR(change.calls_ns + change.each_ns, 15 * 80 - 10 * 100, 1e-9);
  EXPECT_GT(change.calls_ns, 0);
  EXPECT_LT(change.each_ns, 0);
}

TEST(WhatChanged, StepsThatAreUnlikeTheOthersAreNamed) {
  MadeSide a, b;
  a.steps(3), b.steps(3);
  for (std::int32_t step = 0; step < 3; ++step) {
    a.add(0, "gemm", "", 100, step);
    b.add(0, "gemm", "", 100, step);
    b.idle(step == 0 ? 5000 : 10, step);
  }
  const std::vector<std::string> remarks = what_changed(a, b).remarks;
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_NE(remarks.front().find("B: not all steps are alike"), std::string::npos);
  EXPECT_NE(remarks.front().find("step 1 (46.4 times)"), std::string::npos);
}

TEST(WhatChanged, ReleasesAreCitedForExactlyTheStepBetween) {
  Knowledge knowledge;
  const auto row = [&](const char* id, const char* version, const char* gpu) {
    DispatchChange change;
    change.id = id, change.component = "cudnn", change.version = version, change.gpu = gpu;
    change.change = "other convolutions", change.source = "a release note";
    knowledge.dispatch_changes.push_back(change);
  };
  row("from 9.1", ">=9.1", "");
  row("from 8", ">=8", "");          // holds on both sides
  row("of others", ">=9.1", "7.0");  // and for another GPU
  MadeSide a, b;
  a.add(0, "conv", "", 100), b.add(0, "conv", "", 100);
  for (const auto& [side, version] : {std::pair(&a, "8.9.2"), std::pair(&b, "9.1.0")}) {
    auto& facts = side->record.sources.front().facts;
    facts["trace.cudnn_version"] = known_fact(std::string(version), "made");
    facts["gpu.compute_capabilities"] = known_fact(std::vector<std::string>{"9.0"}, "made");
  }
  const TraceComparison comparison = what_changed(a, b, &knowledge);
  ASSERT_EQ(comparison.known_changes.size(), 1u);
  EXPECT_EQ(comparison.known_changes.front().id, "from 9.1");
  EXPECT_EQ(comparison.known_changes.front().a, "8.9.2");
  EXPECT_EQ(what_changed(b, a, &knowledge).known_changes.front().change, "no longer: other convolutions");
  EXPECT_TRUE(what_changed(a, a, &knowledge).known_changes.empty());
}

TEST(WhatChanged, NumbersStandSideBySide) {
  MadeSide a, b;
  a.id("tensor", {.precision = "bf16", .tensor_cores = true}),
      b.id("tensor", {.precision = "bf16", .tensor_cores = true});
  a.id("simple", {.precision = "fp32", .tensor_cores = false});
  b.id("simple", {.precision = "fp32", .tensor_cores = false});
  a.add(0, "tensor", "", 100), a.add(0, "simple", "", 300);
  b.add(0, "tensor", "", 300), b.add(0, "simple", "", 100);
  std::map<std::string, std::pair<double, double>> measures;
  for (const TraceMeasure& one : what_changed(a, b).measures)
    measures[one.id] = {one.a.value_or(-1), one.b.value_or(-1)};
  EXPECT_EQ(measures.at("tensor_cores"), (std::pair(0.25, 0.75)));
  EXPECT_EQ(measures.at("precision.fp32"), (std::pair(0.75, 0.25)));
  EXPECT_EQ(measures.at("kernels"), (std::pair(2.0, 2.0)));
  EXPECT_FALSE(measures.contains("allocate_calls"));
}

}  // namespace
}  // namespace varve
