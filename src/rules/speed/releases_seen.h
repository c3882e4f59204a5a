#pragma once
#include <map>
#include <string>
#include <vector>

#include "rules/analysis/analysis.h"

namespace varve {

// A release of a component, and where it was found.
struct ReleaseSeen {
  DottedVersion version;
  std::string text;         // "nvidia-cudnn-cu12 9.1.0.70", "cublas 12.1.3 (/opt/libcublasLt.so.12)"
  std::string environment;  // empty: of a binary, a process, or the system
  bool is_of_conda = false;
  bool is_untold = false;  // named without a release: only what holds of every release is said of it
};

// By component, as data/dispatch_changes.json and data/known_issues.json name them: packages by their name, libraries
// by their family ("cudnn", "cublas"); "driver" is the kernel driver, "cuda" the release (two numbers) whose runtime an
// environment brings, "nvcc" a compiler.
using ReleasesSeen = std::map<std::string, std::vector<ReleaseSeen>>;

// Packages of environments (not those that run on the CPU only), libraries that consumers would load from elsewhere,
// packages of the system, and the driver.
ReleasesSeen releases_seen(const Analysis& analysis);

// "nvidia-cudnn-cu12" and conda's "libcudnn" are cudnn; "torch" is torch.
bool is_component(const Package& package, const std::string& component);

// The first GPU of the machine that the range of compute capabilities holds for.
const Gpu* gpu_within(const Analysis& analysis, const std::string& range);

std::string gpu_text(const Gpu& gpu);  // "NVIDIA L4 (8.9)"; its capability must be known

}  // namespace varve
