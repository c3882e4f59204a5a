#include "rules/analysis/consumer_losses.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/analysis/made_stack_testing.h"

namespace varve {
namespace {

using test::add_framework;
using test::coverage_of;
using test::MadeStack;

Coverage code_of_ampere() { return coverage_of({{{"sm_80"}, 100}}); }

CheckState answer_state(const MadeStack& stack, Question question) {
  const Analysis analysis = stack.analysis();
  const ConsumerAnswers& answers = analysis.consumers.front().answers;
  return question == Question::libraries ? answers.libraries.state : answers.symbols.state;
}

bool is_damaged(const MadeStack& stack) {
  const Analysis analysis = stack.analysis();
  const std::vector<Loss>& losses = analysis.consumers.front().losses;
  return std::any_of(losses.begin(), losses.end(), [](const Loss& loss) { return loss.damage; });
}

// dgl has a library for each release of torch: the one that binds is enough, and where none does it is broken.
TEST(ConsumerLosses, OneOfSeveralForEachReleaseIsEnough) {
  MadeStack stack;
  add_framework(stack, "12.1", code_of_ampere(), "dgl", "2.1.0");
  for (const char* name : {"libgraphbolt_pytorch_2.0.0.so", "libgraphbolt_pytorch_2.2.1.so"}) {
    stack.library(name, "dgl", "", code_of_ampere());
    stack.last_library().unresolved = {{"_ZN2at4_ops9is_pinnedE", ""}};
    stack.last_library().unresolved_count = 1;
  }
  // A file of the same name elsewhere is none of them.
  stack.library("libgraphbolt_pytorch_2.1.0.so", "dgl/other", "", code_of_ampere());
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::broken);
  stack.stack().consumers.back().libraries.pop_back();
  stack.last_library().unresolved.clear();
  stack.last_library().unresolved_count = 0;
  EXPECT_EQ(answer_state(stack, Question::symbols), CheckState::ok);
}

// open3d brings operations for torch, and its own code does without.
TEST(ConsumerLosses, WhatExtendsAFrameworkThatIsNotHereIsASidePiece) {
  MadeStack stack;
  add_framework(stack, "12.1", code_of_ampere(), "open3d", "0.20.0");
  stack.library("open3d_torch_ops.so", "open3d", "", code_of_ampere());
  stack.not_found("libtorch_cpu.so", "/env/open3d/open3d_torch_ops.so");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  // Its code may stand in a library that its module needs.
  for (ConsumedLibrary& library : stack.stack().consumers.back().libraries) {
    if (library.name == "libown.so") library.asked_by = "/env/open3d/pybind.so";
  }
  stack.library("pybind.so", "open3d");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
  MadeStack alone;  // torchvision without torch
  alone.package("torchvision", "0.20.1", "12.1", "extension").consumer();
  alone.library("_C.so", "torchvision", "", code_of_ampere());
  alone.library("libc.so.6", "the-system", "", {}, "/env/torchvision/_C.so");
  alone.not_found("libtorch_cpu.so", "/env/torchvision/_C.so");
  EXPECT_EQ(answer_state(alone, Question::libraries), CheckState::broken);
}

// ctranslate2 3.24 brings cuDNN's shim without its parts: it works where there is no GPU.
TEST(ConsumerLosses, PartsThatNobodyBroughtAreMissedOnAGpuAlone) {
  MadeStack stack;
  add_framework(stack, "11.8", code_of_ampere(), "ctranslate2", "3.24.0");
  stack.library("libcudnn.so.8", "ctranslate2", "", {});
  stack.not_found("libcudnn_ops_infer.so.8", "/env/ctranslate2/libcudnn.so.8");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
  EXPECT_FALSE(is_damaged(stack));
  stack.environment().file_faults.push_back({.kind = FileFaultKind::missing,
                                             .path = "/env/nvidia/cudnn/lib/libcudnn_ops_infer.so.8",
                                             .packages = {"nvidia-cudnn-cu11 8.5.0.96"},
                                             .owner = {}});
  EXPECT_TRUE(is_damaged(stack));  // taken away
}

// torch lists a libgomp.so.1 of its own; without it the loader takes the system's.
TEST(ConsumerLosses, AFileThatIsGoneAndFoundElsewhereIsNotMissed) {
  MadeStack stack;
  add_framework(stack, "12.1", code_of_ampere());
  stack.environment().file_faults.push_back(
      {.kind = FileFaultKind::missing, .path = "/env/torch/libgomp.so.1", .packages = {"torch 2.5.0"}, .owner = {}});
  stack.not_found("libgomp.so.1", "");
  stack.last_library().kind = DependencyKind::opened;
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::broken);
  stack.library("libgomp.so.1", "the-system", "", {}, "/env/torch/libown.so");
  EXPECT_EQ(answer_state(stack, Question::libraries), CheckState::ok);
}

}  // namespace
}  // namespace varve
