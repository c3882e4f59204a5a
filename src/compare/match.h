#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/comparison.h"
#include "model/profile.h"

namespace varve {

// Tells kernels apart across builds of a library: its stem and the kernel's name; code without a symbol is known by
// its address, so there the build id belongs to it too.
using KernelKey = std::string;
KernelKey kernel_key(const Kernel& kernel);

struct SeenKernel {
  Kernel kernel;
  std::uint64_t samples = 0;
  double seconds = 0;
};
using SeenKernels = std::map<KernelKey, SeenKernel>;
void add_profile(SeenKernels& seen, const Profile& profile);

// Kernels of either side that belong together. Every kernel seen stands in exactly one group.
struct KernelGroup {
  std::string label;
  KernelState state = KernelState::same;  // same (on both sides, maybe changed), replaced, appeared, vanished
  Family family = Family::other;
  std::string library;
  std::vector<KernelKey> a, b;
};

// In this order (STATS 4.4): the same kernel on both sides; a base name whose variants were exchanged by a dispatcher;
// code without symbols of one library; the rest of a family in one library when both sides have some; the rest on its
// own. What was sampled so rarely that even all of it on one side would be compatible with no difference is pooled as
// "(rare kernels)".
std::vector<KernelGroup> match_kernels(const SeenKernels& a, const SeenKernels& b);

}  // namespace varve
