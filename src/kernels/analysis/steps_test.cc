#include "kernels/analysis/steps.h"

#include <gtest/gtest.h>

#include "kernels/analysis/made_trace_testing.h"
#include "kernels/analysis/trace_analysis.h"

namespace varve {
namespace {

using test::kOtherStream;
using test::kStream;
using test::kThread;
using test::MadeTrace;

TEST(Steps, AnnotationsEndInACountedStep) {
  EXPECT_EQ(step_annotation("ProfilerStep#12"), "ProfilerStep#N");
  EXPECT_EQ(step_annotation("train_step 3 of 10"), "train_step N");
  EXPECT_EQ(step_annotation("Iteration: 7"), "Iteration: N");
  EXPECT_EQ(step_annotation("iter_0"), "iter_N");
  EXPECT_EQ(step_annotation("training_step"), "training_step");
  EXPECT_EQ(step_annotation("Optimizer.step#SGD.step"), "");
  EXPECT_EQ(step_annotation("iterate over 12"), "");
  EXPECT_EQ(step_annotation("aten::mm"), "");
}

TEST(Steps, AnnotatedStepsOwnWhatWasLaunchedInThem) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  for (int step = 0; step < 3; ++step) {
    const std::int64_t begin = 1000 * step;
    trace.add(kThread, Activity::region, "ProfilerStep#" + std::to_string(step), begin, 900);
    trace.add(kThread, Activity::region, "step 1 of the optimizer", begin + 10, 100);
    trace.launch(static_cast<std::uint64_t>(2 * step + 1), begin + 10);
    trace.launch(static_cast<std::uint64_t>(2 * step + 2), begin + 800);
    trace.kernel("a", static_cast<std::uint64_t>(2 * step + 1), begin + 100, 200);
    // Runs after its step; that of the last step is missing.
    if (step < 2) trace.kernel("b", static_cast<std::uint64_t>(2 * step + 2), begin + 1010, 50);
  }
  trace.kernel("from before", 99, 20, 30);
  const TraceSteps steps = analysis.take().steps;
  EXPECT_EQ(steps.found, TraceSteps::Found::annotated);
  EXPECT_EQ(steps.detail, "ProfilerStep#N");
  ASSERT_EQ(steps.steps.size(), 3u);
  EXPECT_EQ(steps.steps[0].name, "ProfilerStep#0");
  EXPECT_EQ(steps.steps[0].kernel_ns, 250);
  EXPECT_EQ(steps.steps[1].kernel_ns, 250);
  EXPECT_EQ(steps.steps[2].kernel_ns, 200);
  EXPECT_TRUE(steps.steps[0].complete && steps.steps[1].complete);
  EXPECT_FALSE(steps.steps[2].complete);
  std::int64_t divided = 0;
  for (const auto& [part, ns] : steps.steps[1].parts) divided += ns;
  EXPECT_EQ(divided, 900);
}

TEST(Steps, WithoutKernelsAnnotatedStepsOwnTheirOperations) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  for (int step = 0; step < 2; ++step) {
    const std::int64_t begin = 1000 * step;
    trace.add(kThread, Activity::region, "ProfilerStep#" + std::to_string(step), begin, 900);
    trace.operation("aten::linear", begin + 100, 300);
    trace.operation("aten::addmm", begin + 150, 200);  // inside of it
    trace.operation("aten::gelu", begin + 500, 50);
  }
  trace.operation("aten::mm", 950, 20);  // between the steps
  const TraceSteps steps = analysis.take().steps;
  ASSERT_EQ(steps.steps.size(), 2u);
  EXPECT_EQ(steps.steps[0].kernel_ns, 350);
  EXPECT_EQ(steps.steps[1].kernel_ns, 350);
}

TEST(Steps, RoundsOfTheBusiestStreamAreCutAtTheirPauses) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  const std::vector<std::string> round = {"embed", "norm", "gemm", "attention", "gemm", "norm", "head"};
  std::int64_t at = 0;
  std::size_t next = 4;  // the trace begins within a round
  for (int i = 0; i < 40; ++i) {
    if (next == 0) at += 1000;
    trace.kernel(round[next], 0, at, 10);
    trace.kernel("beside", 0, at, 1, kOtherStream);
    at += 10 + static_cast<std::int64_t>(next);
    next = (next + 1) % round.size();
  }
  const TraceSteps steps = analysis.take().steps;
  EXPECT_EQ(steps.found, TraceSteps::Found::repeated);
  EXPECT_EQ(steps.detail, "7 kernels of device 0, stream 7 repeat, 5 times whole");
  ASSERT_EQ(steps.steps.size(), 7u);
  EXPECT_FALSE(steps.steps.front().complete);
  EXPECT_EQ(steps.steps.front().kernel_ns, 30);
  for (std::size_t i = 1; i < 6; ++i) {
    EXPECT_TRUE(steps.steps[i].complete);
    EXPECT_EQ(steps.steps[i].kernel_ns, 70);
  }
  EXPECT_FALSE(steps.steps.back().complete);
  EXPECT_EQ(steps.steps.back().kernel_ns, 20);
}

TEST(Steps, LayersWithinOneGraphAreNoSteps) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  trace.launch(1, 0, 5, "cudaGraphLaunch");
  for (int i = 0; i < 30; ++i) trace.kernel("k" + std::to_string(i % 5), 1, 10 + i * 10, 9);
  const TraceSteps steps = analysis.take().steps;
  EXPECT_EQ(steps.found, TraceSteps::Found::none);
  EXPECT_EQ(steps.detail,
            "5 kernels of device 0, stream 7 repeat 6 times within one launch of a graph: these are its layers");
}

// vLLM marks each pass through a model: what repeats inside of one are pairs of its layers.
TEST(Steps, LayersWithinOneMarkedRegionAreNoSteps) {
  for (const bool is_one : {true, false}) {
    TraceAnalysis analysis(WitnessKind::kineto, {});
    MadeTrace trace(analysis);
    for (int i = 0; i < 30; ++i) {
      if (!is_one && i % 5 == 0) trace.add(kThread, Activity::region, "pass", 100 * i, 450);
      trace.launch(static_cast<std::uint64_t>(i + 1), 100 * i + 10);
      trace.kernel("k" + std::to_string(i % 5), static_cast<std::uint64_t>(i + 1), 100 * i + 20, 60);
    }
    if (is_one) trace.add(kThread, Activity::region, "pass", 0, 2950);
    const TraceSteps steps = analysis.take().steps;
    EXPECT_EQ(steps.found, is_one ? TraceSteps::Found::none : TraceSteps::Found::repeated);
    if (!is_one) continue;
    EXPECT_EQ(steps.detail,
              "5 kernels of device 0, stream 7 repeat 6 times, all within one \"pass\": layers or steps of it, which "
              "nothing tells");
  }
}

TEST(Steps, OperationsTakeThePlaceOfKernelsAndRefusalsSayWhy) {
  TraceAnalysis analysis(WitnessKind::kineto, {});
  MadeTrace trace(analysis);
  for (int i = 0; i < 12; ++i) {
    trace.operation(i % 3 == 0 ? "aten::linear" : i % 3 == 1 ? "aten::gelu" : "aten::linear", i * 100, 80);
    trace.operation("aten::mm", i * 100 + 10, i % 5 * 10);
  }
  const TraceSteps steps = analysis.take().steps;
  EXPECT_EQ(steps.found, TraceSteps::Found::repeated);
  EXPECT_TRUE(steps.detail.starts_with("3 operations of a thread repeat")) << steps.detail;

  TraceAnalysis other(WitnessKind::kineto, {});
  MadeTrace alone(other);
  for (int i = 0; i < 9; ++i) alone.kernel("kernel " + std::to_string(i), 0, i * 10, 5);
  const TraceSteps none = other.take().steps;
  EXPECT_EQ(none.found, TraceSteps::Found::none);
  EXPECT_EQ(none.detail, "of the kernels of device 0, stream 7 no stretch of the 9 repeats");
}

}  // namespace
}  // namespace varve
