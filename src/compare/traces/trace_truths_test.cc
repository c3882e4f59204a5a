// What is known of real pairs of traces.
#include <gtest/gtest.h>

#include "compare/traces/compare_traces.h"
#include "kernels/files/trace_files.h"
#include "kernels/trace/trace_testing.h"
#include "world/world.h"

namespace varve {
namespace {

std::optional<TraceComparison> compared(const std::string& a, const std::string& b) {
  const auto path_a = test::real_trace(a), path_b = test::real_trace(b);
  if (!path_a || !path_b) return std::nullopt;
  const auto read_a = read_trace_sequence(host_world().files, *path_a);
  const auto read_b = read_trace_sequence(host_world().files, *path_b);
  if (!read_a || !read_b) return std::nullopt;
  auto comparison =
      compare_traces({read_a->record, read_a->sequence}, {read_b->record, read_b->sequence}, "2026-01-01T00:00:00Z");
  return comparison ? std::optional(std::move(*comparison)) : std::nullopt;
}

void dump(const char* a, const char* b, std::size_t most = 14) {
  const auto comparison = compared(a, b);
  if (!comparison) return;
  const TraceComparison& c = *comparison;
  std::printf("\n### %s | %s\nbasis %d: %s ops=%d\n", a, b, static_cast<int>(c.basis), c.basis_detail.c_str(), c.of_operations);
  for (const auto* s : {&c.a, &c.b}) {
    std::printf("%s %s dev=%s units=%lu steps=%lu window=%.3f items=%.3f n=%lu withop=%.3f matched=%.3f notin=%lu\n", s->label.c_str(), s->format.c_str(), s->device.c_str(), s->units, s->steps, s->window_ns/1e6, s->items_ns/1e6, s->items, s->with_operation_ns/1e6, s->matched_ns/1e6, s->not_in_steps);
  }
  std::int64_t sa=0,sb=0;
  for (const auto& l : c.lines) { std::printf("  line %2d  %10.3f %10.3f  %+9.3f   %lu %lu\n", static_cast<int>(l.kind), l.a_ns/1e6, l.b_ns/1e6, (l.b_ns-l.a_ns)/1e6, l.a_items, l.b_items); sa+=l.a_ns; sb+=l.b_ns; }
  std::printf("  remainder %ld %ld\n", c.a.window_ns-sa, c.b.window_ns-sb);
  std::size_t n=0, kinds=0;
  for (const auto& g : c.groups) if (g.exchange!=Exchange::same) ++kinds;
  std::printf("  groups %zu, not same %zu\n", c.groups.size(), kinds);
  for (const auto& g : c.groups) {
    if (n++ >= most) break;
    const auto list=[&](const std::vector<std::string>& v){ std::string o; for (auto& x: v) o += (o.empty()?"":" + ")+x.substr(0,60); return o.substr(0,260);};
    std::printf("  %+9.3f %9.3f %9.3f ex=%d why=%d %lux %lux [%s] {%s} -> {%s} %s\n", (g.b_ns-g.a_ns)/1e6, g.a_ns/1e6, g.b_ns/1e6, static_cast<int>(g.exchange), static_cast<int>(g.reason), g.a_times, g.b_times, g.operation.c_str(), list(g.a).c_str(), list(g.b).c_str(), g.detail.c_str());
  }
  n=0;
  for (const auto& o : c.operations) { if (n++>=6) break; std::printf("  op %+9.3f %9.3f %9.3f %s\n",(o.b_ns-o.a_ns)/1e6,o.a_ns/1e6,o.b_ns/1e6,o.name.c_str()); }
  for (const auto& f : c.facts) std::printf("  fact %s: %s | %s (%d)\n", f.id.c_str(), f.a.c_str(), f.b.c_str(), static_cast<int>(f.state));
}

TEST(TraceTruths, Dump) {
  dump("kineto/resnet50-v100-workers0.json.gz", "kineto/resnet50-v100-workers4.json.gz", 24);
  dump("kineto/resnet50-v100-workers0.json.gz", "kineto/resnet50-v100-workers0-again.json.gz", 6);
  dump("kineto/flux-mi300x-fmha.json.gz", "kineto/flux-mi300x-sage.json.gz", 30);
  dump("kineto/h100-gaunernst_bert-small-uncased__1016001.json.gz", "kineto/mi300-gaunernst_bert-small-uncased__1016001.json.gz");
  dump("kineto/h100-Falconsai_nsfw_image_detection__1016002.json.gz", "kineto/mi300-Falconsai_nsfw_image_detection__1016002.json.gz");
  dump("nsys/mfu_2gpu_before.sqlite", "nsys/mfu_2gpu_after.sqlite");
  dump("torch_cpu/sdpa_mask_torch2.1.2.json", "torch_cpu/sdpa_mask_torch2.15.0.json");
}

}  // namespace
}  // namespace varve
