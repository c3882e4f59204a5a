#include "kernels/trace/runtime_calls.h"

#include <algorithm>
#include <array>

namespace varve {

namespace {
// The name without the library that it is of: "cudaLaunchKernel" and "hipLaunchKernel" are "LaunchKernel".
std::string_view without_library(std::string_view name) {
  for (const std::string_view library : {"cuda", "cu", "hipExt", "hip", "hsa_"}) {
    if (name.starts_with(library)) return name.substr(library.size());
  }
  return {};
}

template <std::size_t kSize>
bool starts_with_any(std::string_view name, const std::array<std::string_view, kSize>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view one) { return name.starts_with(one); });
}
}  // namespace

Activity runtime_activity(std::string_view name) {
  constexpr std::array<std::string_view, 7> kLaunches = {
      "Launch", "GraphLaunch", "ModuleLaunch", "MultiLaunch", "CooperativeLaunch", "DrvLaunch", "HccModuleLaunch"};
  constexpr std::array<std::string_view, 19> kAllocations = {
      "Malloc",        "Free",     "MemAlloc",    "MemFree",           "MemHostAlloc",   "HostAlloc",
      "HostMalloc",    "HostFree", "ArrayCreate", "ArrayDestroy",      "Array3D",        "MemCreate",
      "MemRelease",    "MemMap",   "MemUnmap",    "MemAddressReserve", "MemAddressFree", "MemPool",
      "MipmappedArray"};
  if (name.starts_with("runFunction")) return Activity::launch;       // MTIA: "runFunction - job_prep_and_submit_…"
  if (name.starts_with("synchronize")) return Activity::synchronise;  // MTIA: "synchronizeStream"
  const std::string_view rest = without_library(name);
  if (rest.starts_with("LaunchHostFunc")) return Activity::call;  // on the host
  if (starts_with_any(rest, kLaunches)) return Activity::launch;
  if (starts_with_any(rest, kAllocations)) return Activity::allocate;
  constexpr std::array<std::string_view, 4> kWaits = {"DeviceSynchronize", "StreamSynchronize", "EventSynchronize",
                                                      "CtxSynchronize"};
  if (starts_with_any(rest, kWaits) || rest.starts_with("ThreadSynchronize") || rest.starts_with("signal_wait")) {
    return Activity::synchronise;
  }
  return Activity::call;
}

}  // namespace varve
