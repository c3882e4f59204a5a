// How fast a text is read for what it says of a machine, as a ratio against counting its lines with memchr, which looks
// at every byte, and against asking RE2 of every line whether one pattern of ten marks of a report stands in it.
// Medians of rounds in which each is measured right after the other, in seconds of the processor.
//   text_speed [MEGABYTES [ROUNDS]]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "disclosure/read_disclosure.h"
#include "line_limits.h"

namespace {
using namespace varve;
using namespace varve::bench;

constexpr const char* kReport =
    "Collecting environment information...\n"
    "PyTorch version: 2.4.0+cu121\n"
    "CUDA used to build PyTorch: 12.1\n"
    "OS: Ubuntu 22.04.2 LTS (x86_64)\n"
    "GPU models and configuration: GPU 0: NVIDIA A100-SXM4-80GB\n"
    "Nvidia driver version: 550.54.15\n"
    "[pip3] numpy==1.26.4\n"
    "[pip3] nvidia-cublas-cu12==12.1.3.1\n"
    "[pip3] torch==2.4.0+cu121\n"
    "LD_LIBRARY_PATH=/usr/local/cuda/lib64\n"
    "- GPU: NVIDIA A100-SXM4-80GB\n"
    "- Driver: 550.54.15\n"
    "ii  libnvidia-compute-550:amd64  550.54.15-0ubuntu1  amd64  NVIDIA libcompute package\n";

std::string reports(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += kReport;
  return text;
}

// Lines as a training writes them; every `report`th is one of a report. 0: none is.
std::string training(std::size_t bytes, std::size_t report) {
  std::string text;
  for (std::size_t i = 1; text.size() < bytes; ++i) {
    if (report != 0 && i % report == 0) {
      text += "[pip3] torch==2.4.0+cu121\n";
      continue;
    }
    text += fmt::format("2026-11-29 11:{:02}:{:02},{:03} INFO [rank{}] step {} loss {:.5f} lr 3.0e-04 tokens/s {}\n",
                        i % 60, i * 7 % 60, i % 1000, i % 8, i, 9.0 / static_cast<double>(i), 70000 + i * 17 % 9000);
  }
  return text;
}

// What Transformers' Trainer prints a step, and vLLM's server every ten seconds.
std::string trainer(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 1; text.size() < bytes; ++i) {
    text += fmt::format("{{'loss': {:.4f}, 'grad_norm': {:.4f}, 'learning_rate': {:.6e}, 'epoch': {:.2f}}}\n",
                        9.0 / static_cast<double>(i), static_cast<double>(i * 31 % 9973) * 1e-4,
                        static_cast<double>(i % 997) * 1e-7, static_cast<double>(i) * 1e-3);
  }
  return text;
}
std::string server(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 1; text.size() < bytes; ++i) {
    text += fmt::format(
        "INFO 11-29 12:{:02}:{:02} metrics.py:345] Avg prompt throughput: {}.{} tokens/s, Avg generation throughput: "
        "{}.{} tokens/s, Running: {} reqs, Swapped: 0 reqs, Pending: 0 reqs, GPU KV cache usage: {}.{}%, CPU KV cache "
        "usage: 0.0%.\n",
        i / 6 % 60, i * 10 % 60, i * 37 % 1000, i % 10, i * 91 % 900, i % 7, i % 40, i % 100, i % 9);
  }
  return text;
}

// Samples that a model writes: no line is like another but in its length.
std::string samples(std::size_t bytes) {
  constexpr const char* kWords[] = {"time",  "river", "of",   "and",  "light", "over",  "wheel", "the",  "night",
                                    "small", "house", "tree", "went", "again", "water", "slow",  "home", "said"};
  std::string text;
  std::size_t state = 1;
  while (text.size() < bytes) {
    for (std::size_t word = 0; word < 12; ++word) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      text += kWords[(state >> 33) % std::size(kWords)];
      text += word < 11 ? ' ' : '\n';
    }
  }
  return text;
}

void measure(const char* name, const std::string& text, int rounds, const RE2& pattern) {
  std::vector<double> read, counted, asked;
  std::size_t sink = 0;
  for (int round = 0; round < rounds; ++round) {
    read.push_back(seconds_of([&] { sink += static_cast<std::size_t>(read_disclosure_text(text).lines); }));
    counted.push_back(seconds_of([&] { sink += count_lines(text); }));
    asked.push_back(seconds_of([&] { sink += lines_with(text, pattern); }));
  }
  const double megabytes = static_cast<double>(text.size()) * 1e-6;
  fmt::print("{:28} {:6.0f} MB/s   {:6.1f} × memchr   {:5.2f} × RE2   ({} lines)\n", name, megabytes / median(read),
             median(read) / median(counted), median(read) / median(asked), sink != 0 ? count_lines(text) : 0);
}
}  // namespace

int main(int argc, char** argv) {
  const std::size_t bytes = static_cast<std::size_t>(argc > 1 ? std::max(1, std::atoi(argv[1])) : 20) * 1000 * 1000;
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 7;
  const RE2 pattern(
      "NVIDIA-SMI|PyTorch version|Nvidia driver version|CUDA Version|\\[pip3\\]|==|nvcc|libcuda|Device 0|GPU 0");
  measure("a training's log", training(bytes, 0), rounds, pattern);
  measure("one line in a hundred", training(bytes, 100), rounds, pattern);
  measure("a trainer's dictionaries", trainer(bytes), rounds, pattern);
  measure("a server's log", server(bytes), rounds, pattern);
  measure("samples, no two alike", samples(bytes), rounds, pattern);
  measure("nothing but reports", reports(bytes), rounds, pattern);
  return 0;
}
