// What is known of real pairs of traces (they were looked into by hand and with other programs).
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "compare/traces/compare_traces.h"
#include "kernels/analysis/made_trace_testing.h"
#include "kernels/analysis/trace_analysis.h"
#include "kernels/files/trace_sides.h"
#include "kernels/trace/trace_testing.h"
#include "world/world.h"

namespace varve {
namespace {

std::optional<TraceComparison> compared(const std::string& a, const std::string& b) {
  const auto path_a = test::real_trace(a), path_b = test::real_trace(b);
  if (!path_a || !path_b) return std::nullopt;
  const auto read_a = read_trace_side(host_world().files, {*path_a});
  const auto read_b = read_trace_side(host_world().files, {*path_b});
  if (!read_a || !read_b) return std::nullopt;
  auto comparison =
      compare_traces({read_a->record, read_a->sequence}, {read_b->record, read_b->sequence}, "2026-01-01T00:00:00Z");
  if (!comparison) return std::nullopt;
  std::int64_t sum_a = 0, sum_b = 0;
  for (const AccountLine& line : comparison->lines) sum_a += line.a_ns, sum_b += line.b_ns;
  EXPECT_EQ(sum_a, comparison->a.window_ns) << a;
  EXPECT_EQ(sum_b, comparison->b.window_ns) << b;
  return std::move(*comparison);
}

const AccountLine& line_of(const TraceComparison& comparison, AccountLineKind kind) {
  static const AccountLine none;
  const auto found = std::find_if(comparison.lines.begin(), comparison.lines.end(),
                                  [&](const AccountLine& line) { return line.kind == kind; });
  return found == comparison.lines.end() ? none : *found;
}

std::size_t kinds_of(const TraceComparison& comparison, Exchange exchange) {
  return static_cast<std::size_t>(std::count_if(
      comparison.groups.begin(), comparison.groups.end(),
      [&](const ExchangeGroup& group) { return group.part == Part::kernel && group.exchange == exchange; }));
}

std::int64_t change_us(const AccountLine& line) { return (line.b_ns - line.a_ns) / 1000; }

TEST(TraceTruths, CudnnChoseOtherKernels) {
  const auto pair = compared("kineto/resnet50-v100-workers0.json.gz", "kineto/resnet50-v100-workers4.json.gz");
  if (!pair) GTEST_SKIP() << "no real traces here";
  EXPECT_EQ(line_of(*pair, AccountLineKind::same).a_items, 8586u);
  EXPECT_EQ(line_of(*pair, AccountLineKind::same).b_items, 8586u);
  EXPECT_EQ(change_us(line_of(*pair, AccountLineKind::same)), -631);
  EXPECT_EQ(change_us(line_of(*pair, AccountLineKind::replaced)), 3967);
  EXPECT_EQ((pair->b.items_ns - pair->a.items_ns) / 1000, 3336);
  EXPECT_EQ(kinds_of(*pair, Exchange::replaced), 6u);
  EXPECT_EQ(kinds_of(*pair, Exchange::appeared) + kinds_of(*pair, Exchange::vanished), 0u);
  const auto most = std::find_if(pair->groups.begin(), pair->groups.end(),
                                 [](const ExchangeGroup& group) { return group.exchange == Exchange::replaced; });
  ASSERT_NE(most, pair->groups.end());
  EXPECT_EQ(most->operation, "aten::cudnn_convolution_backward_input");
  EXPECT_EQ(most->reason, ExchangeReason::operation);
  EXPECT_EQ(most->a_times, 18u);
  EXPECT_EQ(most->a.size(), 3u);
  EXPECT_EQ(most->b.size(), 2u);
  EXPECT_EQ((most->b_ns - most->a_ns) / 1000, 3178);
}

TEST(TraceTruths, NothingWasReplacedInTheNullPair) {
  const auto pair = compared("kineto/resnet50-v100-workers0.json.gz", "kineto/resnet50-v100-workers0-again.json.gz");
  if (!pair) GTEST_SKIP() << "no real traces here";
  EXPECT_EQ(line_of(*pair, AccountLineKind::same).a_items, 8772u);
  EXPECT_EQ(pair->a.matched_ns, pair->a.items_ns);
  EXPECT_EQ(kinds_of(*pair, Exchange::same) + kinds_of(*pair, Exchange::other_launch),
            pair->groups.size() - 2);  // copies and fills are the others
  EXPECT_FALSE(nothing_changed(*pair));
}

TEST(TraceTruths, EveryCallOfAttentionInAGraphIsOneStory) {
  const auto pair = compared("kineto/flux-mi300x-fmha.json.gz", "kineto/flux-mi300x-sage.json.gz");
  if (!pair) GTEST_SKIP() << "no real traces here";
  std::uint64_t calls = 0;
  std::int64_t change_ns = 0;
  for (const ExchangeGroup& group : pair->groups) {
    const auto has = [](const std::vector<std::string>& list, const char* name) {
      return std::count_if(list.begin(), list.end(),
                           [&](const std::string& one) { return one.find(name) != std::string::npos; });
    };
    const auto before = has(group.a, "aiter::fmha_fwd"), after = has(group.b, "sage_fwd");
    if (before + after == 0) continue;
    EXPECT_EQ(group.exchange, Exchange::replaced);
    EXPECT_EQ(before, 1);
    EXPECT_EQ(after, 1);
    calls += group.a_times;
    change_ns += group.b_ns - group.a_ns;
  }
  EXPECT_EQ(calls, 228u);
  EXPECT_NEAR(static_cast<double>(change_ns), 45.5e6, 1e6);
  EXPECT_NEAR(static_cast<double>(pair->b.items_ns - pair->a.items_ns), 35.946e6, 1e4);
  const AccountLine& same = line_of(*pair, AccountLineKind::same);
  EXPECT_NEAR(static_cast<double>(same.b_ns - same.a_ns), -13e6, 1e6);
}

TEST(TraceTruths, VendorsMeetInOperationsAndShapes) {
  for (const std::string name : {"Falconsai_nsfw_image_detection__1016002", "gaunernst_bert-small-uncased__1016001"}) {
    const auto pair = compared("kineto/h100-" + name + ".json.gz", "kineto/mi300-" + name + ".json.gz");
    if (!pair) GTEST_SKIP() << "no real traces here";
    EXPECT_GT(10 * pair->a.matched_ns, 9 * pair->a.items_ns) << name;
    EXPECT_GT(10 * pair->b.matched_ns, 9 * pair->b.items_ns) << name;
  }
}

TEST(TraceTruths, KernelsFellAndWallTimeDidNotMove) {
  const auto pair = compared("nsys/mfu_2gpu_before.sqlite", "nsys/mfu_2gpu_after.sqlite");
  if (!pair) GTEST_SKIP() << "no real traces here";
  EXPECT_LT(std::abs(pair->b.trace_window_ns - pair->a.trace_window_ns), 1'000'000);
  EXPECT_NEAR(static_cast<double>(pair->b.trace_items_ns - pair->a.trace_items_ns), -46e6, 1e6);
  // A step did not become cheaper: fewer of them fit into the same time.
  EXPECT_EQ(pair->basis, TraceComparison::Basis::a_step);
  EXPECT_EQ(pair->a.units, 16u);
  EXPECT_EQ(pair->b.units, 14u);
  EXPECT_NEAR(for_one(pair->b.items_ns, pair->b) / for_one(pair->a.items_ns, pair->a), 1, 0.01);
  EXPECT_GT(for_one(pair->b.window_ns, pair->b) / for_one(pair->a.window_ns, pair->a), 1.1);
}

TEST(TraceTruths, MathAttentionBecameFlashAttention) {
  const auto pair = compared("torch_cpu/sdpa_mask_torch2.1.2.json", "torch_cpu/sdpa_mask_torch2.15.0.json");
  if (!pair) GTEST_SKIP() << "no real traces here";
  EXPECT_TRUE(pair->of_operations);
  const double whole = static_cast<double>(pair->b.items_ns - pair->a.items_ns);
  ASSERT_FALSE(pair->operations.empty());
  const OperationChange& attention = pair->operations.front();
  EXPECT_EQ(attention.name, "aten::scaled_dot_product_attention");
  EXPECT_NEAR(static_cast<double>(attention.a_ns), 2.910e9, 1e6);
  EXPECT_NEAR(static_cast<double>(attention.b_ns), 1.142e9, 1e6);
  EXPECT_NEAR(static_cast<double>(attention.b_ns - attention.a_ns) / whole, 0.92, 0.005);
  const ExchangeGroup& most = pair->groups.front();
  EXPECT_EQ(most.exchange, Exchange::replaced);
  EXPECT_EQ(most.a_times, 10u);
  const auto holds = [](const std::vector<std::string>& list, const char* name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  EXPECT_TRUE(holds(most.a, "aten::_scaled_dot_product_attention_math"));
  EXPECT_TRUE(holds(most.b, "aten::_scaled_dot_product_flash_attention_for_cpu"));
  for (const ExchangeGroup& group : pair->groups) {
    if (group.exchange != Exchange::same || group.a != std::vector<std::string>{"aten::mm"}) continue;
    EXPECT_NEAR(static_cast<double>(group.b_ns - group.a_ns) / whole, 0.064, 0.002);
  }
}

TEST(TraceTruths, ATraceAgainstItselfIsExactlyZeroAndSwappingChangesSigns) {
  for (const char* name :
       {"kineto/flux-mi300x-fmha.json.gz", "nsys/mfu_2gpu_before.sqlite", "torch_cpu/sdpa_mask_torch2.1.2.json"}) {
    const auto pair = compared(name, name);
    if (!pair) GTEST_SKIP() << "no real traces here";
    EXPECT_TRUE(nothing_changed(*pair)) << name;
  }
  const auto pair = compared("kineto/flux-mi300x-fmha.json.gz", "kineto/flux-mi300x-sage.json.gz");
  const auto swapped = compared("kineto/flux-mi300x-sage.json.gz", "kineto/flux-mi300x-fmha.json.gz");
  if (!pair || !swapped) GTEST_SKIP() << "no real traces here";
  EXPECT_EQ(pair->groups.size(), swapped->groups.size());
  EXPECT_EQ(line_of(*pair, AccountLineKind::replaced).a_ns, line_of(*swapped, AccountLineKind::replaced).b_ns);
  EXPECT_EQ(line_of(*pair, AccountLineKind::same).b_ns, line_of(*swapped, AccountLineKind::same).a_ns);
}

// Timelines made at random, read as a trace is: everything sums to the nanosecond, and swapping changes signs only.
TraceReading random_timeline(std::mt19937& random) {
  const auto below = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most - 1)(random);
  };
  TraceAnalysis analysis(WitnessKind::kineto, {.keep_sequence = true});
  test::MadeTrace trace(analysis);
  constexpr TrackId kStreams[] = {test::kStream, test::kOtherStream, test::kOtherDevice};
  std::int64_t host_ns = below(1000);
  std::uint64_t correlation = 1;
  std::map<TrackId, std::int64_t> free_ns;
  const std::int64_t steps = below(4);
  for (std::int64_t step = 0; step < std::max<std::int64_t>(steps, 1); ++step) {
    const std::int64_t begin_ns = host_ns;
    host_ns += below(3000);
    for (std::int64_t i = below(30); i >= 0; --i) {
      const TrackId stream = kStreams[below(3)];
      constexpr Activity kKinds[] = {Activity::kernel, Activity::kernel, Activity::collective, Activity::copy};
      trace.launch(correlation, host_ns, 1 + below(50));
      const std::int64_t start_ns = std::max(host_ns + below(200), free_ns[stream]), length_ns = 1 + below(2000);
      free_ns[stream] = start_ns + length_ns;
      trace.add(stream, kKinds[below(4)], std::string(1, static_cast<char>('a' + below(6))), start_ns, length_ns,
                {.correlation = correlation++});
      host_ns += 60 + below(300);
    }
    host_ns += below(2) * below(5000);
    if (steps > 0) {
      trace.add(test::kThread, Activity::region, "ProfilerStep#" + std::to_string(step), begin_ns, host_ns - begin_ns);
    }
    host_ns += below(2) * below(500);
  }
  return analysis.take();
}

TEST(TraceTruths, RandomTimelinesCloseToTheNanosecond) {
  std::mt19937 random(5);
  const auto record_of = [](TraceReading& reading) {
    KernelsRecord record;
    TraceSource source{.file = "made", .format = "made"};
    source.steps = reading.steps;
    record.sources.push_back(std::move(source));
    record.record = std::move(reading.record);
    return record;
  };
  for (int round = 0; round < 150; ++round) {
    TraceReading reading_a = random_timeline(random), reading_b = random_timeline(random);
    const KernelsRecord a = record_of(reading_a), b = record_of(reading_b);
    const ComparedTrace side_a{a, reading_a.sequence}, side_b{b, reading_b.sequence};
    for (const TraceSequence* sequence : {&reading_a.sequence, &reading_b.sequence}) {
      const auto expect_whole = [&](const TraceSequence::Window& window) {
        std::int64_t sum = 0;
        for (const auto& [part, ns] : window.parts) sum += ns;
        EXPECT_EQ(sum, window.length_ns) << round;
      };
      expect_whole(sequence->whole);
      for (const TraceSequence::Step& step : sequence->steps) expect_whole(step.window);
    }
    for (const TraceSteps* steps : {&reading_a.steps, &reading_b.steps}) {
      for (const TraceStep& step : steps->steps) {
        std::int64_t sum = 0;
        for (const auto& [part, ns] : step.parts) sum += ns;
        EXPECT_EQ(sum % std::max<std::int64_t>(step.length_ns, 1), 0) << round;  // of each device once
      }
    }
    const auto forth = compare_traces(side_a, side_b, ""), back = compare_traces(side_b, side_a, "");
    const auto same = compare_traces(side_a, side_a, "");
    ASSERT_TRUE(forth && back && same) << round;
    EXPECT_TRUE(nothing_changed(*same)) << round;
    std::int64_t sum_a = 0, sum_b = 0;
    for (const AccountLine& line : forth->lines) {
      sum_a += line.a_ns, sum_b += line.b_ns;
      const AccountLineKind kind = line.kind == AccountLineKind::appeared   ? AccountLineKind::vanished
                                   : line.kind == AccountLineKind::vanished ? AccountLineKind::appeared
                                                                            : line.kind;
      EXPECT_EQ(line_of(*back, kind).b_ns, line.a_ns) << round;
      EXPECT_EQ(line_of(*back, kind).a_ns, line.b_ns) << round;
    }
    EXPECT_EQ(sum_a, forth->a.window_ns) << round;
    EXPECT_EQ(sum_b, forth->b.window_ns) << round;
  }
}

// A step of which only a part was recorded on the device still sums, and what the host did before its first kernel is
// of it.
TEST(TraceTruths, AStepThatBeginsBeforeTheFirstKernelIsWhole) {
  const auto path = test::real_trace("kineto/resnet50-v100-workers0.json.gz");
  if (!path) GTEST_SKIP() << "no real traces here";
  const auto read = read_trace_side(host_world().files, {*path});
  ASSERT_TRUE(read);
  for (const TraceStep& step : read->record.sources.front().steps.steps) {
    std::int64_t sum = 0;
    for (const auto& [part, ns] : step.parts) sum += ns;
    EXPECT_EQ(sum, step.length_ns) << step.name;
  }
  std::int64_t steps_ns = 0;
  for (const TraceSequence::Step& step : read->sequence.steps) steps_ns += step.window.length_ns;
  EXPECT_EQ(steps_ns, read->sequence.whole.length_ns);
}

}  // namespace
}  // namespace varve
