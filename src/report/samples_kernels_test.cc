// What varve kernels finds in the trace of two ranks, and a record that no trace gives.
#include <algorithm>

#include "report/samples_test.h"

namespace varve::samples {

namespace {
constexpr ProfileKind kDevice{WitnessKind::kineto, Quantity::device_time};
constexpr ProfileKind kCalls{WitnessKind::kineto, Quantity::call_time};

ProfileRow counted(RowKey key, std::int64_t each_ns, int times, std::uint64_t bytes = 0) {
  ProfileRow row{.key = std::move(key), .bytes = bytes};
  for (int i = 0; i < times; ++i) row.time.add(each_ns);
  return row;
}
}  // namespace

KernelsRecord kernels() {
  KernelsRecord record;
  record.tool_version = "0.1.0";
  TraceSource& source = record.sources.emplace_back();
  source.file = "decode.json.gz";
  source.format = "Kineto";
  source.rank = 0;
  source.ranks = 2;
  source.facts["gpu.models"] = known_fact(std::vector<std::string>{"NVIDIA B300"}, "deviceProperties");
  source.facts["trace.cupti_version"] = known_fact(std::string("13.1"), "cupti_version");
  source.tally.environments = 3;
  source.tally.sentences = {"one launch has no kernel row: totals are a lower bound",
                            "this file carries 3 environment blocks: do not publish it"};
  source.damaged = 2;
  source.damage = {{17, "no number"}};
  source.steps = {TraceSteps::Found::annotated,
                  "ProfilerStep",
                  {{"ProfilerStep#1", 0, 900'000, 500'000, {{Part::kernel, 500'000}, {Part::idle, 400'000}}, true},
                   {"ProfilerStep#2", 900'000, 1'000'000, 500'000, {}, true},
                   {"ProfilerStep#3", 1'900'000, 10'000, 0, {}, false}}};
  KernelTable& table = record.record.kernels;
  const KernelId gemm = table.intern({.key = {"gemm_bf16", "", ""},
                                      .named = Named::trace,
                                      .raw_name = "_Z9gemm_bf16",
                                      .meaning = {.family = Family::gemm,
                                                  .precision = "bf16",
                                                  .base = "gemm_bf16",
                                                  .origin = "cuBLAS",
                                                  .tensor_cores = true}});
  const KernelId add = table.intern(
      {.key = {"triton_poi_fused_add_0", "", ""},
       .named = Named::trace,
       .meaning = {
           .family = Family::elementwise, .base = "triton_poi_fused_add_0", .origin = "Inductor", .compiled = true}});
  const KernelId reduce = table.intern({.key = {"ncclDevKernel_AllReduce_Sum_bf16_RING_LL", "", ""},
                                        .named = Named::trace,
                                        .meaning = {.family = Family::collective, .base = "AllReduce"}});
  const auto call = [&](const char* name, Family family = Family::other) {
    return table.intern({.key = {name, "", ""}, .named = Named::trace, .meaning = {.family = family, .base = name}});
  };
  const KernelId matmul = call("aten::mm [[8,64],[64,8]]", Family::gemm);
  Profile& device = record.record.profiles.by_kind[kDevice];
  const auto on = [&](Activity activity, KernelId kernel, std::int32_t rank, KernelId operation = kNoKernel) {
    return RowKey{.activity = activity, .kernel = kernel, .operation = operation, .place = {.rank = rank, .device = 0}};
  };
  add_rows(device, {counted(on(Activity::kernel, gemm, 0, matmul), 300'000, 2),
                    counted(on(Activity::kernel, add, 1), 100'000, 2),
                    counted(on(Activity::collective, reduce, 1), 100'000, 2, 2 << 20),
                    counted(on(Activity::copy, call("Memcpy HtoD (Pinned -> Device)"), 0), 50'000, 2, 1 << 20)});
  device.whole_ns = device.rows_ns();
  device.window_ns = 2'000'000;
  device.parts = {{Part::kernel, 800'000},
                  {Part::collective, 200'000},
                  {Part::copy, 100'000},
                  {Part::idle_launch, 500'000},
                  {Part::idle, 400'000}};
  Profile& calls = record.record.profiles.by_kind[kCalls];
  ProfileRow operation = counted({.activity = Activity::operation, .kernel = call("aten::mm")}, 40'000, 2);
  operation.nested_ns = 10'000;
  add_rows(calls, {operation, counted({.activity = Activity::launch, .kernel = call("cudaLaunchKernel")}, 5'000, 7),
                   counted({.activity = Activity::synchronise, .kernel = call("cudaStreamSynchronize")}, 90'000, 1),
                   counted({.activity = Activity::region, .kernel = call("forward, \"first\"")}, 9'000, 1)});
  calls.whole_ns = calls.rows_ns();
  calls.unseen = {"calls before the profiler began"};
  return record;
}

KernelsRecord extreme_kernels() {
  const std::string longest(500, 'k');
  KernelsRecord record;
  TraceSource& source = record.sources.emplace_back();
  source.file = "<script>alert(1)</script>";
  source.format = "\x1b[31m";
  source.damaged = UINT64_MAX;
  source.facts["<i>"] = known_fact(std::string("</table>"), "<!--");
  source.tally.sentences = {"a \"reason\" with & and 'quotes'"};
  source.steps.steps = {{"]]>", INT64_MIN / 2, INT64_MAX, INT64_MAX, {{Part::idle, INT64_MAX}}, true},
                        {"", 0, 0, 0, {}, true}};
  const char* names[] = {"<script>alert(1)</script>", "\x1b]0;title\x07", "a\r\nb", "=1+1", "", "\xE2\x80\xAEturned"};
  for (const ProfileKind kind : {kDevice, kCalls, kCpuSamples}) {
    Profile& profile = record.record.profiles.by_kind[kind];
    for (int activity = 0; activity <= static_cast<int>(Activity::region); ++activity) {
      for (const char* name : names) {
        ProfileRow row{.key = {.activity = static_cast<Activity>(activity),
                               .kernel = record.record.kernels.intern({.key = {name, longest, ""}, .meaning = {}}),
                               .place = {.rank = activity % 3 - 1}},
                       .nested_ns = INT64_MAX,
                       .bytes = UINT64_MAX};
        row.time.add(INT64_MAX);
        row.time.add(0);
        add_rows(profile, {row});
      }
    }
    profile.window_ns = INT64_MAX;
    profile.whole_ns = INT64_MAX;
    profile.parts = {{Part::kernel, INT64_MAX}, {Part::idle, 0}};
    profile.unseen = {longest, "<b>"};
  }
  record.sources.push_back(source);
  record.ranks = {.has_common_clock = false, .detail = "<b>", .collectives = UINT64_MAX, .ranks = {}};
  for (const std::int32_t rank : {-1, 0, INT32_MAX}) {
    record.ranks.ranks.push_back({.rank = rank,
                                  .common = UINT64_MAX,
                                  .offset_ns = INT64_MIN,
                                  .transfer_ns = INT64_MAX,
                                  .waiting_ns = INT64_MAX,
                                  .waiting_for = {{0, INT64_MAX}, {1, 0}, {2, 1}, {INT32_MAX, 2}},
                                  .waited_for_ns = INT64_MAX});
  }
  return record;
}

}  // namespace varve::samples
