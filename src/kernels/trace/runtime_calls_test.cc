#include "kernels/trace/runtime_calls.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(RuntimeCalls, AreToldApartByTheirNames) {
  for (const char* name :
       {"cudaLaunchKernel_v7000", "cudaLaunchKernelExC_v11060", "cuLaunchKernel", "cuLaunchKernelEx", "cudaGraphLaunch",
        "cudaLaunchCooperativeKernel", "hipLaunchKernel", "hipModuleLaunchKernel", "hipExtModuleLaunchKernel",
        "hipExtLaunchKernel", "hipGraphLaunch", "hipHccModuleLaunchKernel"}) {
    EXPECT_EQ(runtime_activity(name), Activity::launch) << name;
  }
  for (const char* name : {"cudaDeviceSynchronize_v3020", "cudaStreamSynchronize", "cuCtxSynchronize",
                           "cuEventSynchronize", "hipDeviceSynchronize", "hsa_signal_wait_scacquire"}) {
    EXPECT_EQ(runtime_activity(name), Activity::synchronise) << name;
  }
  for (const char* name : {"cudaMalloc_v3020", "cudaFree", "cudaHostAlloc", "cuMemAlloc_v2", "cuMemFree_v2",
                           "hipMalloc", "hipFreeAsync", "cudaMallocAsync", "cuMemCreate", "cuMemAddressReserve"}) {
    EXPECT_EQ(runtime_activity(name), Activity::allocate) << name;
  }
  for (const char* name :
       {"cudaMemcpyAsync_v3020", "cudaStreamIsCapturing", "cudaLaunchHostFunc", "cudaEventRecord",
        "cudaStreamWaitEvent", "cudaGraphInstantiate", "hipMemcpyWithStream", "aten::mm", "LaunchKernel", ""}) {
    EXPECT_EQ(runtime_activity(name), Activity::call) << name;
  }
}

}  // namespace
}  // namespace varve
