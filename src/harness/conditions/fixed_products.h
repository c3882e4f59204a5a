#pragma once
#include <functional>
#include <string>
#include <vector>

#include "driver/handshake/gpu_canary.h"
#include "harness/conditions/gpu_watch.h"
#include "model/conditions/unit_conditions.h"

namespace varve {

// On which GPUs a fixed product is to be taken between units.
struct GpuProductsRequest {
  std::vector<std::string> gpus;  // by address, as model/gpu.h writes it
  // What programs set about which GPUs they see (GpuCanaryPlan::settings), one list for each way. A GPU is asked by the
  // first way in which it is seen.
  std::vector<std::vector<std::string>> views;
};

struct GpuProducts {
  std::vector<GpuCanary> gpus;
  std::vector<std::string> wrong;    // "GPU 0000:17:00.0: row 3 of 1024 is wrong"
  std::vector<std::string> refused;  // "GPU 0000:17:00.0: 300 MiB of it are free", "cuInit: CUDA_ERROR_UNKNOWN"
  double seconds = 0;                // wall clock of all of it
};

// Takes the products in a child and waits, for half a second at most, until the GPUs are as they were before: the next
// unit must find no process and no memory of ours on them. `pause` waits for some seconds.
GpuProducts take_gpu_products(const GpuProductsRequest& request, const GpuWatch& watch, const GpuCanaryPlan& how = {});
GpuProducts take_gpu_products(const GpuProductsRequest& request, const GpuWatch& watch, const GpuCanaryPlan& how,
                              const std::function<void(double)>& pause);

}  // namespace varve
