// What somebody tells of their own machine in sentences, and all that looks like it and is none.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
Stack stack_of_spoken(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  return stack_of_text(disclosure, "t", knowledge);
}

// "NVIDIA GPU, driver, packages", of those that are told.
std::string spoken_facts(const std::string& text) {
  const Stack stack = stack_of_spoken(text);
  std::string facts;
  for (const Gpu& gpu : stack.gpus) facts += (facts.empty() ? "" : ", ") + gpu.model;
  const Fact& driver = stack.facts.at("driver.kernel_mode.version");
  if (driver.is_known()) facts += (facts.empty() ? "" : ", ") + value_text(*driver.value);
  for (const Environment& environment : stack.environments) {
    for (const Package& package : environment.packages) {
      facts += (facts.empty() ? "" : ", ") + package.name + " " + package.version;
    }
  }
  return facts;
}
}  // namespace

TEST(SpokenText, WhatSomebodyHas) {
  EXPECT_EQ(spoken_facts("Hello, I have an RTX 3090 with driver 535.104.05 and it does nothing."),
            "RTX 3090, 535.104.05");
  EXPECT_EQ(spoken_facts("I'm using an GeForce RTX 3050 Mobile gpu, and it is slow."), "GeForce RTX 3050 Mobile");
  EXPECT_EQ(spoken_facts("I am using a Tesla K40m, installed pytorch 1.3 with conda, using CUDA 10.1"),
            "Tesla K40m, torch 1.3");
  EXPECT_EQ(spoken_facts("I run it on my new PC which has a built in RTX 3060 with 12GB VRAM"), "RTX 3060");
  EXPECT_EQ(spoken_facts("I have 2 GTX 1080 Ti. They are not seen."), "GTX 1080 Ti, GTX 1080 Ti");
  EXPECT_EQ(spoken_facts("We have a server with 4x A100, PyTorch 2.1.0 and nothing runs."),
            "A100, A100, A100, A100, torch 2.1.0");
  EXPECT_EQ(spoken_facts("I have cuda 10 and driver version 410.48 installed, on my old Tesla K80 it fails"),
            "Tesla K80, 410.48");
  EXPECT_EQ(spoken_facts("My GPU is a GTX 1080 Ti. I installed torch 2.8.0 with pip."), "GTX 1080 Ti, torch 2.8.0");
  EXPECT_EQ(spoken_facts("I have an RTX 4090, does this work with it?"), "RTX 4090");
  const Stack stack = stack_of_spoken("\n\nI have an RTX 3090 with driver 535.104.05 here.");
  EXPECT_EQ(stack.facts.at("gpu.models").standing, Standing::declared);
  EXPECT_NE(stack.facts.at("driver.kernel_mode.version").source.find("line 3"), std::string::npos);
}

// Nobody's, somebody else's, of a wish, denied, asked, advised, compared: it invents nothing.
TEST(SpokenText, WhatIsNoMachineOfTheirs) {
  constexpr const char* kNone[] = {
      "If I have an RTX 3090 with driver 535.104.05, will it work?",
      "Do I have to buy an RTX 4090?",
      "I do not have an RTX 3090 at hand.",
      "I don't have an A100, sorry.",
      "I have no RTX 3090 any more.",
      "I have never used an RTX 3090.",
      "I had an RTX 3090 before that.",
      "I used to have a Tesla K80.",
      "I would like to use an RTX 5090 for this.",
      "I am thinking of an RTX 5090.",
      "I want to buy an RTX 4090 for my PC.",
      "My friend has an RTX 3090 where it works.",
      "He has an RTX 3090, and I have seen it work on his.",
      "My colleague and I have an RTX 3090 at work, she uses it.",
      "Someone with an RTX 3090 reported the same.",
      "On my other machine with an RTX 3090 it works.",
      "I have access to an A100 in the cloud.",
      "I have tested it on an RTX 3090 and an RTX 4090.",
      "I have tried an RTX 3090.",
      "You need an RTX 3090 or newer.",
      "It works on RTX 3090.",
      "I have the same issue as the person with the RTX 3090.",
      "I have read that the RTX 3090 needs driver 455.23.04 or newer.",
      "I have a question about the RTX 3090.",
      "I have a model that was trained on an A100.",
      "I have code that assumes an H100.",
      "For example, I have an RTX 3090 and you have none.",
      "I have to use either an RTX 3090 or an A6000.",
      "I have updated from driver 470.57.02 to 535.104.05.",
      "I have seen driver 535.104.05 crash.  Please upgrade.",
      "I have an issue: PyTorch 2.1.0 needs CUDA 12.1, should I install it?",
      "Is my GPU supported? My GPU is not an RTX 3090.",
      "> I have an RTX 3090 with driver 535.104.05 and torch 2.1.0.",
      "```\nI have an RTX 3090 with driver 535.104.05.\n```\n",
      "i haven't got a rtx 3090, only a cpu",
      "They said: I have an RTX 3090 and it works.",
      "I have rented an RTX 3090.",
      "I have sold my RTX 3090.",
      "Imagine I have an RTX 3090.",
      "I have heard of torch 2.1.0 working with an RTX 3090, unlike 2.0.",
  };
  for (const char* sentence : kNone) EXPECT_EQ(spoken_facts(sentence), "") << sentence;
}

// One machine alone, and tables before sentences.
TEST(SpokenText, OneMachineThatNoTableContradicts) {
  EXPECT_EQ(spoken_facts("I have an RTX 3090 here.\nI have an RTX 4090 as well."), "");
  EXPECT_EQ(spoken_facts("I have an RTX 3090 here.\nThe A100 of the cluster does fine."), "")
      << "which is meant is not told";
  EXPECT_EQ(spoken_facts("I have an RTX 3090 here.\nBy the way, I have a RTX 3090."), "RTX 3090");
  EXPECT_EQ(spoken_facts("I have an RTX 3090 with driver 535.104.05.\nI have driver 550.54.14 now."), "RTX 3090");
  EXPECT_EQ(spoken_facts("I have an RTX 3090 with driver 535.104.05 here.\n\nGPU 0: NVIDIA GeForce RTX 4090\n"
                         "Nvidia driver version: 550.54.14\n"),
            "NVIDIA GeForce RTX 4090, 550.54.14");
  EXPECT_EQ(spoken_facts("I have an RTX 3090 and PyTorch 2.1.0 here.\n\ntorch==2.0.1+cu118\n"),
            "RTX 3090, torch 2.0.1+cu118");
}

}  // namespace varve
