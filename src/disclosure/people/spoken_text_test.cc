// What somebody tells of their own machine in sentences, and all that looks like it and is none.
#include <gtest/gtest.h>

#include "base/text.h"
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
  EXPECT_EQ(spoken_facts("I have a GTX 1080 and a GTX 1060, Open GL version 4.6.0, NVIDIA 528.49."),
            "GTX 1080, GTX 1060, 528.49");
  EXPECT_EQ(spoken_facts("My GPU is P100*4, driver is 510.39.01, CUDA11.3, ubuntu18.04，and it hangs."),
            "P100, P100, P100, P100, 510.39.01");
  EXPECT_EQ(spoken_facts("I am running a server with 2-A100 and it fails."), "A100, A100");
  EXPECT_EQ(spoken_facts("I have 2xV100 with driver 510.39.01"), "V100, V100, 510.39.01");
  EXPECT_EQ(spoken_facts("I have TITAN RTX with CUDA 11.4 and NVIDIA 470.161.03"), "TITAN RTX, 470.161.03");
  EXPECT_EQ(spoken_facts("my GPU is a 2060 6GB"), "RTX 2060");
  EXPECT_EQ(spoken_facts("- set TORCH_CUDA_ARCH_LIST=12.0 (i have 5070ti)"), "RTX 5070 Ti");
  EXPECT_EQ(
      spoken_facts("I am trying to run it on a Windows laptop with an NVIDIA GeForce RTX 5080 Laptop GPU (16 GB)."),
      "GeForce RTX 5080 Laptop");
  EXPECT_EQ(spoken_facts("Im trying to install it in ubuntu 20.04 with nvidia graphic card Quadro K2000."),
            "Quadro K2000");
  EXPECT_EQ(spoken_facts("Running on Deb12 Proxmox VM passing 2x P40s here."), "P40, P40");
  EXPECT_EQ(spoken_facts("Using RTX4070, 32 GB RAM memory and 24 CPU cores."), "RTX4070");
  EXPECT_EQ(spoken_facts("This server has 450.102.04 drivers installed."), "450.102.04");
  EXPECT_EQ(spoken_facts("Both systems have nvidia drivers 535.154.05."), "535.154.05");
  EXPECT_EQ(spoken_facts("I am using Numba version 0.61.2 with Python 3.10.11 on Windows 11 24H2."), "numba 0.61.2");
  EXPECT_EQ(spoken_facts("We face an issue. my numba lib version is 0.51.2"), "numba 0.51.2");
  EXPECT_EQ(spoken_facts("My setup:\n- Windows 11\n- RTX 5090\n- Driver Version: 576.88         CUDA Version: 12.9.\n"),
            "RTX 5090, 576.88");
  EXPECT_EQ(spoken_facts("Python 3.12.12\nUbuntu 22.04\nNvidia 1660ti\n"), "GTX 1660 Ti");
  EXPECT_EQ(spoken_facts("I'm on CUDA 11.8 with it. Pytorch version is 2.0.1 and cmake version is 3.30.3."),
            "torch 2.0.1");
  EXPECT_EQ(spoken_facts("# [Bug]: vLLM crashes on an NVIDIA RTX 5090 with torch 2.7.0\n"), "RTX 5090, torch 2.7.0");
  const Stack stack = stack_of_spoken("\n\nI have an RTX 3090 with driver 535.104.05 here.");
  EXPECT_EQ(stack.facts.at("gpu.models").standing, Standing::declared);
  EXPECT_NE(stack.facts.at("driver.kernel_mode.version").source.find("line 3"), std::string::npos);
}

// Of one kind a text names one thing, without a word on whose it is: whoever writes has it.
TEST(SpokenText, WhatIsNamedInPassing) {
  EXPECT_EQ(spoken_facts("Kaggle notebook, GPU P100, after I upgraded torch the model does not run on it."), "P100");
  EXPECT_EQ(spoken_facts("ollama 0.12.3 on Debian 12, GTX 760, driver 470.256.02. It only uses the CPU."),
            "GTX 760, 470.256.02");
  EXPECT_EQ(spoken_facts("then it stops. nvidia-smi shows Driver Version: 560.35.03."), "560.35.03");
  EXPECT_EQ(spoken_facts("GPU: RTX 4090, driver 560.94"), "RTX 4090, 560.94");
  EXPECT_EQ(spoken_facts("vllm 0.6.3 with two Tesla M40 does not start."), "Tesla M40, Tesla M40, vllm 0.6.3");
  EXPECT_EQ(spoken_facts("Training on a Tesla P40 hangs at step 5. The Tesla P40 is idle then."), "Tesla P40");
  EXPECT_EQ(spoken_facts("# 4080 RTX not detected on windows 11"), "RTX 4080");
  EXPECT_EQ(spoken_facts("Quadro P2000, after the driver update to 595.45.04 the card is gone."),
            "Quadro P2000, 595.45.04");
  EXPECT_EQ(spoken_facts("Colab T4, `pip install flash-attn==2.5.9`, torch 2.3.0+cu121 stops at the first layer"),
            "T4, torch 2.3.0+cu121");
  EXPECT_EQ(spoken_facts("the server have 4 nvidia tesla k80 24gb gpu and 256gb mem, can i run a model on it?"),
            "tesla k80, tesla k80, tesla k80, tesla k80");
  EXPECT_EQ(spoken_facts("It does not load on V100 32G.\nvLLM version is 0.7.3\n"), "V100, vllm 0.7.3");
  // A form's tag is nobody's sentence, and a title that asks no doubt of what stands below it.
  EXPECT_EQ(spoken_facts("# [Installation]: GTX 1080 Ti stops with pip-installed vLLM 0.9.1\n"),
            "GTX 1080 Ti, vllm 0.9.1");
  EXPECT_EQ(spoken_facts("# can i use a tesla k80?\n\nthe server has a tesla k80 here, nothing runs.\n"), "tesla k80");
  EXPECT_EQ(spoken_facts("# Can I use a Tesla P40?\n\nIt is slow.\n"), "");
  EXPECT_EQ(spoken_facts("On the RTX 5070 Ti nothing runs with PyTorch nightly (2.6.0.dev20241112+cu121)."),
            "RTX 5070 Ti, torch 2.6.0.dev20241112+cu121");
  EXPECT_EQ(spoken_facts("The image pins cu130 torch 2.9.1, GPU RTX 4090."), "RTX 4090, torch 2.9.1+cu130");
  // Two of a kind, or a doubt: nobody knows.
  EXPECT_EQ(spoken_facts("It hangs, is that the Tesla P40?"), "");
  EXPECT_EQ(spoken_facts("Does it run on a Tesla P40, and how fast?"), "");
  EXPECT_EQ(spoken_facts("Training on a Tesla P40 hangs. On the RTX 3090 it does not."), "");
  EXPECT_EQ(spoken_facts("It crashes on a Tesla P40. Does anybody have a Tesla P40?"), "");
  EXPECT_EQ(spoken_facts("vllm 0.6.3 hangs on start. vllm 0.6.2 does not."), "");
  EXPECT_EQ(spoken_facts("It hangs since the update from driver 560.35.03."), "");
}

// Bytes that are no text do not leave the reader.
TEST(SpokenText, ANameOfAnyBytes) {
  for (const char* text : {"It hangs on the RTX \xff"
                           "6000 here.",
                           "# crash on RTX \xff"
                           "6000\n"}) {
    const std::string facts = spoken_facts(text);
    EXPECT_EQ(facts, clean_utf8(facts, 200)) << text;
  }
}

// Nobody's, somebody else's, of a wish, denied, asked, advised, compared: it invents nothing.
TEST(SpokenText, WhatIsNoMachineOfTheirs) {
  constexpr const char* kNone[] = {
      "If I have an RTX 3090 with driver 535.104.05, will it work?",
      "Do I have to buy an RTX 4090?",
      "This kernel needs at least a Tesla V100.",
      "Support for the RTX 5090 is missing.",
      "The paper used a Tesla V100, as people say.",
      "Works fine on an RTX 3090, it works.",
      "See https://example.org/tesla-p40 for what a Tesla P40 does.",
      "This was reported for driver 535.104.05.",
      "vllm 0.6.3 introduced it.",
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
      "- RTX 3090\n- RTX 4090\n- RTX 5090\n",
      "## Requirements\n\n- RTX 3090\n",
      "```\n- RTX 3090\n```\n",
      "- RTX 3090 or better",
      "- RTX 3090: 12 tokens/s",
      "# Support for RTX 5090",
      "# Add RTX 5090 and torch 2.8.0 to the tests that fail",
      "# Does it fail on RTX 5090?",
      "# Fails on RTX 4090 but not on RTX 5090",
      "# Unable to install flash-attn 2.7.4",
      "# It works on RTX 5090, how is the error on others?",
      "# What is the error of an A100 when torch 2.8.0 is too new?",
      "Using the RTX 3090 as a reference, the numbers are good.",
      "Using an RTX 3090 you can train it.",
      "Running on an A100 is recommended.",
      "You should use a laptop with an RTX 3090.",
      "A machine with an RTX 3090 is enough.",
      "I recommend a system with an A100.",
      "I have read on page 3090 of it.",
      "I have 2080 images and 3090 labels.",
      "My model has 1080 rows, see line 2060.",
      "My friend has a 3090 GPU.",
      "This machine has driver 535.104.05 if I remember it.",
      "We would need a server with 8x A100.",
      "I tried it with GPU RTX 3090.",
      "I saw that torch 2.1.0 is on my list to read.",
      "My code requires numba version 0.61.2.",
      "I want my driver is 535.104.05.",
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

// The system of the sentence, not that of a container, nor the Windows around WSL.
TEST(SpokenText, SystemThatSomebodyRuns) {
  const auto system = [](const std::string& text) {
    const Fact fact = stack_of_spoken(text).facts.at("os.name");
    return fact.is_known() ? value_text(*fact.value) : std::string();
  };
  EXPECT_EQ(system("I am using Ubuntu 20.04 and nothing works."), "Ubuntu 20.04");
  EXPECT_EQ(system("My OS is Windows 10, GPU is GeForce GTX 1050 Ti."), "Windows 10");
  EXPECT_EQ(system("Running Ubuntu 18.04 with a working CUDA10.0 installation."), "Ubuntu 18.04");
  EXPECT_EQ(system("I'm on Ubuntu 22.04. I am using Ubuntu 22.04.4 LTS."), "Ubuntu 22.04.4");
  EXPECT_EQ(system("I installed Ubuntu22.04 for WSL2 on Windows10 21H2."), "Ubuntu 22.04");
  EXPECT_EQ(system("# CUDA error when running it on WSL2 under Ubuntu 22.04\n"), "Ubuntu 22.04");
  EXPECT_EQ(system("Ubuntu server 24.04"), "Ubuntu 24.04");
  EXPECT_EQ(system("windows11"), "Windows 11");
  for (const char* text : {"My container is running Ubuntu 20.04.", "I have Ubuntu 20.04. I have Debian 12.",
                           "Ubuntu 20.04 is not supported", "It worked on Ubuntu 20.04.", "Windows 1920", "Ubuntu 3",
                           "I have upgraded from Ubuntu 20.04.", "- OS: [e.g. Ubuntu 18.04]"}) {
    EXPECT_EQ(system(text), "") << text;
  }
  const Stack wsl = stack_of_spoken("I installed Ubuntu22.04 for WSL2 on Windows10 21H2.");
  EXPECT_EQ(value_text(*wsl.facts.at("machine.hypervisor").value), "Hyper-V (WSL)");
}

TEST(SpokenText, CountsAsAPartOfTheTextThatWasRead) {
  const Disclosure read = read_disclosure_text("\nI have an RTX 3090 with driver 535.104.05 here.\nNothing else.\n");
  ASSERT_EQ(read.declared.parts.size(), 1u);
  EXPECT_EQ(read.declared.parts[0].kind, "told in the first person");
  EXPECT_EQ(read.declared.parts[0].first, 2);
  EXPECT_TRUE(read_disclosure_text("I had an RTX 3090.\n").declared.parts.empty());
}

// What is asked for can be told where the text says that it is.
TEST(SpokenText, WhatItCannotTellIsAskedOfWhatCanTellIt) {
  const auto asks = [](const std::string& text, std::string_view command) {
    static const Knowledge knowledge = *load_knowledge();
    Disclosure disclosure = read_disclosure_text(text);
    const Stack stack = stack_of_text(disclosure, "t", knowledge);
    for (const TextQuestion& question : account_of_text(disclosure, stack).unstated) {
      if (question.command.find(command) != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_TRUE(asks("I am using Ubuntu 20.04 with torch 2.1.0.", "/proc/driver/nvidia/version"));
  EXPECT_TRUE(asks("I am using Ubuntu 20.04 with torch 2.1.0.", "dmesg"));
  EXPECT_TRUE(asks("I am using Ubuntu 20.04 with torch 2.1.0.", "python --version"));
  EXPECT_FALSE(asks("I am using Ubuntu 20.04 with torch 2.1.0 and Python 3.10.", "python --version"));
  EXPECT_FALSE(asks("I am using Windows 11 with torch 2.1.0.", "dmesg"));
  EXPECT_FALSE(asks("I am using Windows 11 with driver 551.86 here.", "ldconfig"));
  EXPECT_TRUE(asks("I run torch 2.2.0 on my jetson orin nano here.", "/etc/nv_tegra_release"));
  EXPECT_FALSE(asks("nvidia-l4t-core 32.7.5-20240611161210", "/etc/nv_tegra_release"));
}

}  // namespace varve
