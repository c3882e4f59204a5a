// A libcuda without a GPU: device memory is the host's, and the one kernel it runs writes 7 * index + seed.
#include <stdint.h>

#include "steer.h"

typedef void* Handle;

static int module_is_ptx;

int cuDriverGetVersion(int* version) {
  STEERED("cuDriverGetVersion");
  *version = 12040;
  return 0;
}

int cuInit(unsigned flags) {
  (void)flags;
  STEERED("cuInit");
  return 0;
}

int cuGetErrorName(int code, const char** name) {
  *name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_OF_THE_FAKE";
  return 0;
}

int cuDeviceGetCount(int* count) {
  STEERED("cuDeviceGetCount");
  *count = fake_gpus();
  return 0;
}

int cuDeviceGet(int* device, int ordinal) {
  STEERED("cuDeviceGet");
  *device = ordinal;
  return 0;
}

int cuDeviceGetName(char* name, int length, int device) {
  (void)device;
  STEERED("cuDeviceGetName");
  strncpy(name, "Fake GPU", (size_t)length);
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
  (void)device;
  STEERED("cuDeviceGetAttribute");
  *value = attribute == 75 ? 9 : 0;  // compute capability 9.0
  return 0;
}

int cuDevicePrimaryCtxRetain(Handle* context, int device) {
  STEERED(device == 1 ? "cuDevicePrimaryCtxRetain.1" : "cuDevicePrimaryCtxRetain");
  *context = &module_is_ptx;
  return 0;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  (void)device;
  return 0;
}

int cuCtxSetCurrent(Handle context) {
  (void)context;
  STEERED("cuCtxSetCurrent");
  return 0;
}

int cuModuleLoadData(Handle* module, const void* image) {
  module_is_ptx = memcmp(image,
                         "\x7f"
                         "ELF",
                         4) != 0;
  STEERED(module_is_ptx ? "cuModuleLoadData.ptx" : "cuModuleLoadData.sass");
  *module = &module_is_ptx;
  return 0;
}

int cuModuleUnload(Handle module) {
  (void)module;
  return 0;
}

int cuModuleGetFunction(Handle* function, Handle module, const char* name) {
  STEERED("cuModuleGetFunction");
  if (strcmp(name, "varve_handshake") != 0) return 500;
  *function = module;
  return 0;
}

int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  STEERED("cuMemAlloc_v2");
  *address = (uint64_t)(uintptr_t)calloc(bytes, 1);
  return 0;
}

int cuMemFree_v2(uint64_t address) {
  free((void*)(uintptr_t)address);
  return 0;
}

int cuLaunchKernel(Handle function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                   unsigned block_y, unsigned block_z, unsigned shared, Handle stream, void** parameters,
                   void** extra) {
  (void)function, (void)grid_y, (void)grid_z, (void)block_y, (void)block_z, (void)shared, (void)stream, (void)extra;
  STEERED("cuLaunchKernel");
  uint32_t* out = (uint32_t*)(uintptr_t) * (uint64_t*)parameters[0];
  const uint32_t seed = *(uint32_t*)parameters[1];
  for (uint32_t i = 0; i < grid_x * block_x; ++i) out[i] = 7 * i + seed;
  if (steered("cuLaunchKernel") == STEER_WRONG) out[3] ^= 1;
  return 0;
}

int cuCtxSynchronize(void) {
  STEERED("cuCtxSynchronize");
  return 0;
}

int cuMemcpyDtoH_v2(void* to, uint64_t from, size_t bytes) {
  STEERED("cuMemcpyDtoH_v2");
  memcpy(to, (const void*)(uintptr_t)from, bytes);
  return 0;
}
