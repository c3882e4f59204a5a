#include "harness/conditions/fixed_products.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/units.h"
#include "model/gpu.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
// A context takes some hundred MiB, and a program that fills a GPU must not be pushed off it.
constexpr std::uint64_t kRoom = std::uint64_t{1} << 30;
constexpr std::uint64_t kLittleMemory = std::uint64_t{1} << 20;
constexpr double kLook = 0.005;  // seconds between looks whether all is gone
constexpr int kMostLooks = 100;

// Those of the request that have room.
std::vector<std::string> gpus_with_room(const GpuProductsRequest& request, const std::vector<WatchedGpu>& before,
                                        GpuProducts& taken) {
  std::vector<std::string> gpus;
  for (const std::string& gpu : request.gpus) {
    const auto seen = std::find_if(before.begin(), before.end(),
                                   [&](const WatchedGpu& one) { return pci_address(one.pci_address) == gpu; });
    const bool known = seen != before.end() && seen->sample.memory_free_bytes;
    if (known && *seen->sample.memory_free_bytes < kRoom) {
      taken.refused.push_back(fmt::format("GPU {}: {} of its memory are free, and less than {} is no room", gpu,
                                          format_bytes(*seen->sample.memory_free_bytes), format_bytes(kRoom)));
    } else {
      gpus.push_back(gpu);
    }
  }
  return gpus;
}

void take_reading(const GpuCanaryReading& reading, GpuProducts& taken) {
  const std::string who = "GPU " + reading.pci_address + ": ";
  if (!reading.refused.empty()) {
    taken.refused.push_back(who + reading.refused);
    return;
  }
  if (!reading.wrong.empty()) taken.wrong.push_back(who + reading.wrong);
  if (!reading.products.empty()) taken.gpus.push_back({reading.pci_address, median(reading.products)});
}

bool is_as_before(const std::vector<WatchedGpu>& before, const std::vector<WatchedGpu>& now) {
  return std::equal(before.begin(), before.end(), now.begin(), now.end(), [](const auto& a, const auto& b) {
    const bool others = !std::includes(a.sample.processes.begin(), a.sample.processes.end(), b.sample.processes.begin(),
                                       b.sample.processes.end());
    return !others && b.sample.memory_used_bytes.value_or(0) <= a.sample.memory_used_bytes.value_or(0) + kLittleMemory;
  });
}
}  // namespace

GpuProducts take_gpu_products(const GpuProductsRequest& request, const GpuWatch& watch, const GpuCanaryPlan& how,
                              const std::function<void(double)>& pause) {
  GpuProducts taken;
  const std::vector<WatchedGpu> before = watch.look();
  GpuCanaryPlan plan = how;
  plan.gpus = gpus_with_room(request, before, taken);
  for (const std::vector<std::string>& view : request.views) {
    if (plan.gpus.empty()) break;
    plan.settings = view;
    const GpuCanaryAnswer answer = take_gpu_product(plan);
    taken.seconds += answer.seconds;
    if (!answer.refused.empty()) taken.refused.push_back(answer.refused);
    for (const GpuCanaryReading& reading : answer.gpus) {
      take_reading(reading, taken);
      std::erase(plan.gpus, reading.pci_address);
    }
  }
  for (int look = 0; look < kMostLooks && !is_as_before(before, watch.look()); ++look) pause(kLook);
  return taken;
}

GpuProducts take_gpu_products(const GpuProductsRequest& request, const GpuWatch& watch, const GpuCanaryPlan& how) {
  return take_gpu_products(request, watch, how,
                           [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); });
}

}  // namespace varve
