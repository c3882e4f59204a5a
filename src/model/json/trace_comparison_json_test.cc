#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "model/json/documents.h"

namespace varve {
namespace {

TraceComparison sample_trace_comparison() {
  TraceComparison comparison{.created_at = "2026-01-02T03:04:05Z", .tool_version = "0.1.0"};
  comparison.a = {.label = "a.json",
                  .format = "Kineto",
                  .device = "GPU",
                  .units = 3,
                  .steps = 3,
                  .window_ns = 10,
                  .items_ns = 7,
                  .items = 2,
                  .with_operation_ns = 6,
                  .matched_ns = 5,
                  .not_in_steps = 4,
                  .trace_window_ns = 30,
                  .trace_items_ns = 20};
  comparison.b = comparison.a;
  comparison.b.units = 2;
  comparison.basis = TraceComparison::Basis::a_step;
  comparison.basis_detail = "3 and 2";
  comparison.lines = {{AccountLineKind::replaced, 7, 7, 1, 2}, {AccountLineKind::overlap, -1, -2, 0, 0}};
  comparison.groups = {{.exchange = Exchange::replaced,
                        .reason = ExchangeReason::position,
                        .operation = "op",
                        .a = {"f"},
                        .b = {"g", "h"},
                        .each_a_ns = {7},
                        .each_b_ns = {3, 4},
                        .b_main = 1,
                        .detail = "registers 1 → 2",
                        .a_precision = "fp32",
                        .b_precision = "bf16",
                        .a_library = "liba.so",
                        .b_library = "libb.so",
                        .a_times = 1,
                        .b_times = 1,
                        .a_ns = 7,
                        .b_ns = 7,
                        .change = ChangeParts{2, -2}}};
  comparison.operations = {{"op", 7, 7, 1, 2}};
  comparison.a.files = 2;
  comparison.ranks = {{1, 0, 10, 9, 7, 6, 3, 2, 1, -1}, {-1, -1, 0, 9, 0, 6, 0, 2, -1, 0}};
  comparison.measures = {{"kernels", TraceMeasure::Unit::count, 2, std::nullopt},
                         {"busy", TraceMeasure::Unit::share, 0.5, 0.25}};
  comparison.collectives_detail = "one rank alone";
  comparison.known_changes = {{"cudnn-9", "cudnn", "8.9", "9.1", "other convolutions", "a release note"}};
  comparison.facts = {{"os.name", Layer::os, "system", "x", "y", ItemState::different}};
  comparison.remarks = {"a remark"};
  return comparison;
}

TEST(Documents, OfTwoTracesSurviveToo) {
  const Result<Document> read = document_from_json(to_json(sample_trace_comparison()).dump(), "a.json");
  ASSERT_TRUE(read);
  const auto& comparison = std::get<TraceComparison>(*read);
  EXPECT_EQ(canonical_json(to_json(comparison)), canonical_json(to_json(sample_trace_comparison())));
  EXPECT_EQ(comparison.groups[0].each_b_ns, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(comparison.groups[0].b_ns, 7);
  EXPECT_EQ(comparison.groups[0].b_main, 1u);
  EXPECT_EQ(comparison.b.units, 2u);
  EXPECT_EQ(comparison.ranks[0].a_waiting_ns, 1);
  EXPECT_EQ(comparison.ranks[0].b_waiting_ns, -1);
  EXPECT_EQ(comparison.ranks[1].rank, -1);
  EXPECT_EQ(comparison.groups[0].change->each_ns, -2);
  EXPECT_FALSE(comparison.measures[0].b);
}

TEST(Documents, OfTwoTracesThatContradictThemselvesAreRefused) {
  const auto refused = [](const std::function<void(Json&)>& spoil) {
    Json json = to_json(sample_trace_comparison());
    spoil(json);
    return !document_from_json(json.dump(), "a.json");
  };
  EXPECT_TRUE(refused([](Json& json) { json["groups"][0]["a_ns"] = {1, 2}; }));
  EXPECT_TRUE(refused([](Json& json) { json["groups"][0]["b_main"] = 2; }));
  EXPECT_TRUE(refused([](Json& json) { json["a"]["units"] = 0; }));
  EXPECT_TRUE(refused([](Json& json) { json["lines"][0]["a_ns"] = INT64_MAX; }));
  EXPECT_TRUE(refused([](Json& json) { json["groups"][0]["exchange"] = "fused"; }));
}

}  // namespace
}  // namespace varve
