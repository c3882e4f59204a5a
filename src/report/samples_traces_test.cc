#include <cmath>

#include "report/samples_test.h"

namespace varve::samples {

TraceComparison trace_comparison() {
  TraceComparison comparison{.created_at = "2026-01-02T03:04:05Z", .tool_version = "0.1.0"};
  comparison.a = {.label = "before.json.gz",
                  .format = "Kineto",
                  .device = "NVIDIA B300",
                  .steps = 2,
                  .window_ns = 2'000'000,
                  .items_ns = 1'800'000,
                  .items = 24,
                  .with_operation_ns = 1'800'000,
                  .matched_ns = 1'800'000,
                  .trace_window_ns = 2'000'000,
                  .trace_items_ns = 1'800'000};
  comparison.b = comparison.a;
  comparison.b.label = "after.json.gz";
  comparison.b.window_ns = comparison.b.trace_window_ns = 1'500'000;
  comparison.b.items_ns = comparison.b.with_operation_ns = comparison.b.trace_items_ns = 1'290'000;
  comparison.b.items = 48;
  comparison.basis = TraceComparison::Basis::steps;
  comparison.basis_detail = "2 steps each, marked by step_N";
  comparison.lines = {{AccountLineKind::same, 600'000, 590'000, 12, 12},
                      {AccountLineKind::replaced, 1'200'000, 700'000, 12, 36},
                      {AccountLineKind::copy, 50'000, 70'000, 2, 2},
                      {AccountLineKind::overlap, -50'000, -60'000, 0, 0},
                      {AccountLineKind::idle, 200'000, 200'000, 0, 0}};
  comparison.groups = {{.exchange = Exchange::replaced,
                        .reason = ExchangeReason::operation,
                        .operation = "aten::attention",
                        .a = {"fmha::forward<128>"},
                        .b = {"quantise", "flash::forward<64, true>", "cast"},
                        .each_a_ns = {1'200'000},
                        .each_b_ns = {100'000, 550'000, 50'000},
                        .b_main = 1,
                        .a_times = 12,
                        .b_times = 12,
                        .a_ns = 1'200'000,
                        .b_ns = 700'000},
                       {.part = Part::copy,
                        .a = {"Memcpy HtoD"},
                        .b = {"Memcpy HtoD"},
                        .each_a_ns = {50'000},
                        .each_b_ns = {70'000},
                        .a_times = 2,
                        .b_times = 2,
                        .a_ns = 50'000,
                        .b_ns = 70'000},
                       {.a = {"gemm"},
                        .b = {"gemm"},
                        .each_a_ns = {600'000},
                        .each_b_ns = {590'000},
                        .a_times = 12,
                        .b_times = 12,
                        .a_ns = 600'000,
                        .b_ns = 590'000}};
  comparison.operations = {{"aten::attention", 1'200'000, 700'000, 12, 36}, {"", 600'000, 590'000, 12, 12}};
  comparison.ranks = {{0, 0, 1'000'000, 700'000, 900'000, 650'000, 40'000, 50'000, -1, 20'000},
                      {1, 0, 1'000'000, 800'000, 900'000, 640'000, 40'000, 50'000, -1, 0}};
  comparison.measures = {{"kernels", TraceMeasure::Unit::count, 24, 48},
                         {"kernel_mean", TraceMeasure::Unit::time, 75'000, 26'875},
                         {"tensor_cores", TraceMeasure::Unit::share, 0.25, 0.75},
                         {"launch_latency", TraceMeasure::Unit::time, std::nullopt, 4'000}};
  comparison.collectives_detail = "A shows rank 0 alone.";
  comparison.known_changes = {{"cudnn-9", "cudnn", "8.9", "9.1", "other convolutions", "a release note"}};
  comparison.facts = {{"gpu.count", Layer::hardware, "GPUs", "1", "1", ItemState::same},
                      {"os.name", Layer::os, "operating system", "Debian 12", "Ubuntu 24.04", ItemState::different},
                      {"driver.api_level", Layer::user_driver, "API level", "13.0", "not told", ItemState::unknown}};
  comparison.remarks = {"A: one launch has no kernel row"};
  return comparison;
}

TraceComparison extreme_trace_comparison() {
  const std::string hostile = "<b>&\"'\x1b[31m" + std::string(500, 'x');
  TraceComparison comparison = trace_comparison();
  comparison.created_at = comparison.basis_detail = comparison.a.label = comparison.b.device = hostile;
  comparison.a.units = 1'000'000'000'000;
  comparison.groups.push_back(
      {.exchange = Exchange::appeared, .b = {hostile, ""}, .each_b_ns = {0, 1}, .b_times = 1, .b_ns = 1});
  comparison.groups.push_back({.exchange = Exchange::other_code, .detail = hostile});
  comparison.operations.push_back({hostile, 1, std::int64_t{1} << 60, 0, 0});
  comparison.facts.push_back({hostile, Layer::os, hostile, hostile, "", ItemState::different});
  comparison.remarks = std::vector<std::string>(30, hostile);
  comparison.ranks.resize(300, {-1, -1, 0, INT64_MAX / 1000, 0, 0, 0, 0, -1, -1});
  comparison.measures.push_back({hostile, TraceMeasure::Unit::share, NAN, std::nullopt});
  comparison.known_changes = std::vector<KnownChange>(30, {hostile, hostile, hostile, hostile, hostile, hostile});
  comparison.collectives_detail = hostile;
  return comparison;
}

}  // namespace varve::samples
