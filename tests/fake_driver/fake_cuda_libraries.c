// What a framework brings along: -DCUDART makes a libcudart, -DCUBLAS a libcublas, -DCUDNN a libcudnn.
#include "steer.h"

static int something;

#ifdef CUDART
int cudaRuntimeGetVersion(int* version) {
  STEERED("cudaRuntimeGetVersion");
  *version = 12090;
  return 0;
}

int cudaGetDeviceCount(int* count) {
  STEERED("cudaGetDeviceCount");
  *count = fake_gpus();
  return 0;
}

int cudaFree(void* address) {
  (void)address;
  STEERED("cudaFree");
  return 0;
}

const char* cudaGetErrorName(int code) { return code == 35 ? "cudaErrorInsufficientDriver" : "cudaErrorOfTheFake"; }
#endif

#ifdef CUBLAS
int cublasCreate_v2(void** handle) {
  STEERED("cublasCreate_v2");
  *handle = &something;
  return 0;
}
#endif

#ifdef CUDNN
int cudnnCreate(void** handle) {
  STEERED("cudnnCreate");
  *handle = &something;
  return 0;
}

const char* cudnnGetErrorString(int code) { return code == 1002 ? "CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH" : "?"; }

size_t cudnnGetVersion(void) { return 91300; }
#endif

int fake_library_is_used(void) { return something; }
