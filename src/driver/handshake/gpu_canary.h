#pragma once
#include <string>
#include <vector>

namespace varve {

// A fixed matrix product on each GPU, of 32-bit numbers, timed by the GPU itself and checked: how fast the GPU is just
// then, whatever the measured program does. All in a child process that is gone afterwards, so that Varve holds no
// context of a GPU.

struct GpuCanaryPlan {
  std::string libcuda = "libcuda.so.1";  // a path, or the name that the loader finds
  // "CUDA_VISIBLE_DEVICES=1": in force for the child, instead of Varve's own. One without "=" is taken out.
  std::vector<std::string> settings = {};
  std::vector<std::string> gpus = {};  // by address as model/gpu.h writes it: of these that are visible, and no others
  int size = 1024;                     // rows and columns, a multiple of 16
  double warm_up_seconds = 0.03;       // on the GPU, so that its clock has risen from where it idled
  double seconds = 20;                 // of all GPUs together; then the child is killed
};

struct GpuCanaryReading {
  std::string pci_address;
  std::vector<double> products;  // what one product took, again and again, in seconds; none where `refused` says why
  std::string refused;           // "cuLaunchKernel: CUDA_ERROR_LAUNCH_FAILED"
  std::string wrong;             // what of the product is not as it must be; empty: it is right
};

struct GpuCanaryAnswer {
  std::vector<GpuCanaryReading> gpus;
  std::string refused;  // why no GPU could be asked, or not all of them; empty: nothing stood in the way
  double seconds = 0;   // wall clock of all of it
};

// Takes the product on GPUs that no one has to himself. `refused` also where the driver crashed or hung: what was
// measured before it stays.
GpuCanaryAnswer take_gpu_product(const GpuCanaryPlan& plan);

// The kernel, as PTX: varve_product(a, b, c, size), in blocks of 16 by 16 threads.
std::string gpu_canary_ptx();

}  // namespace varve
