#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
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

// On whose behalf a row ran, by name; empty where nobody can tell.
std::string caller_of(const ProfileRow& row, const KernelTable& kernels);
bool tells_callers(const Profile& profile);
// What was seen for each caller; all of it under "" where callers are not asked for.
void add_profile(std::map<std::string, SeenKernels>& by_caller, const Profile& profile, const KernelTable& kernels,
                 const AccountBasis& basis, bool callers);

// The group of what was seen too seldom on both sides to be a row of its own.
inline constexpr std::string_view kRareKernels = "(rare kernels)";

// Kernels of either side that belong together. Every kernel seen stands in exactly one group.
struct KernelGroup {
  std::string label;
  KernelState state =
      KernelState::same;  // on both sides (maybe changed), replaced, recoded, nameless, on one side only
  Family family = Family::other;
  std::string library;
  std::vector<KernelKey> a, b;
  bool by_caller_alone = false;  // nothing but that they served one caller says that one took the other's place
};

// In this order (STATS 4.4): the same kernel on both sides; a base name whose variants were exchanged by a dispatcher;
// the same name, or such a variant, in another library; one function template with other arguments; code without
// symbols of one library; what else ran for the same caller on both sides (where `one_caller` says that all of it did);
// the rest on its own: that two kernels are of one family is no reason to take one for the other's replacement. What
// was sampled so rarely that even all of it on one side would be compatible with no difference is pooled as
// "(rare kernels)"; nothing that was counted is rare.
std::vector<KernelGroup> match_kernels(const SeenKernels& a, const SeenKernels& b, bool one_caller = false);

}  // namespace varve
