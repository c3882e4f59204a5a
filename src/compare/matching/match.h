#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compare/matching/account_basis.h"
#include "model/comparison.h"
#include "model/kernels/profile.h"

namespace varve {

// What a kernel is called whatever build of its library it is from: its name and the library's stem. A range of
// addresses means something in one build only, so there the build id stays.
KernelKey key_across_builds(const Kernel& kernel);

struct SeenKernel {
  const Kernel* kernel = nullptr;  // one of those it stands for; borrowed from its table
  std::int64_t total_ns = 0;
  double variance = 0;  // of the total, by counting: AccountBasis::variance
};
using SeenKernels = std::map<KernelKey, SeenKernel>;  // by key_across_builds
void add_profile(SeenKernels& seen, const Profile& profile, const KernelTable& kernels, const AccountBasis& basis);

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
// "(rare kernels)"; nothing that was counted is rare.
std::vector<KernelGroup> match_kernels(const SeenKernels& a, const SeenKernels& b);

}  // namespace varve
