#pragma once
#include <string>
#include <vector>

#include "model/handshake_record.h"

namespace varve {

// Proving that this machine runs a kernel: step by step from opening libcuda to a checked result, with the error code
// of the step that failed. It uses the GPU, so nothing does it unasked.

// The CUDA libraries that one environment brings along. An empty path: it has none, that step is left out.
struct EnvironmentLibraries {
  std::string name;  // the subject of its steps
  std::string cudart, cublas, cudnn;
};

struct HandshakePlan {
  std::string libcuda = "libcuda.so.1";  // a path, or the name that the loader finds
  std::string ptxas;                     // path of a ptxas that makes machine code; empty: that step is skipped
  std::vector<EnvironmentLibraries> environments;
  double seconds = 60;  // for the driver with all its GPUs, and for each environment
  // As a program of the user's would, the driver may load itself and make its device nodes. True: it may not
  // (ProbeLimits::leave_machine_alone).
  bool leave_machine_alone = false;
};

// The steps in the order in which they were taken: "open libcuda", "cuInit", "cuDeviceGetCount"; of every GPU (subject
// "GPU 0") "cuDeviceGet", "context", "kernel from PTX", "kernel from SASS"; of every environment (its name)
// "open libcudart", "cudaRuntimeGetVersion", "cudaGetDeviceCount", "cudaFree", "open libcublas", "cuBLAS",
// "open libcudnn", "cuDNN". The first failure of a driver, a GPU or a library ends its own steps. GPUs are in CUDA's
// order, of those that CUDA_VISIBLE_DEVICES leaves.
//
// A JIT that is switched off or missing (errors 221 to 223) is no fault of the GPU: "kernel from PTX" is then skipped,
// with the code and the reason. Each child is killed after `seconds`; the step it was in has then failed.
std::vector<HandshakeStep> shake_hands(const HandshakePlan& plan);

}  // namespace varve
