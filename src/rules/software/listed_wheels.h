#pragma once
#include <optional>
#include <string>
#include <vector>

#include "rules/analysis/rule.h"

namespace varve {

// Questions about packages of a list that somebody wrote down.

// A version of numbers alone, a local part aside: a release as the package index has it. "2.6.0a0+df5bbc09", as images
// of NVIDIA's have it, and nightly builds go with neighbours of their own.
std::optional<DottedVersion> released_version(const Package& package);

std::string listed(const Package& package);  // "torch 2.4.0+cu121"

// The library and the CUDA of a wheel: "nvidia-cudnn-cu12" is {"cudnn", 12}.
struct WheelName {
  std::string library;
  int cuda = 0;
};
std::optional<WheelName> wheel_name(const Package& package);

// The build of a framework that is listed, by its version and CUDA; nullptr: none is known.
const FrameworkBuild* build_of(const Analysis& analysis, const Package& package);

// What opens another major version of cuDNN than the one that is there.
void add_cudnn_faults(const Analysis& analysis, const Environment& environment, std::vector<Found>& found);

}  // namespace varve
