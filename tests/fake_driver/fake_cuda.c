// A libcuda without a GPU: device memory is the host's. PTX runs line by line on the host; of machine code it knows one
// kernel, which writes 7 * index + seed. A product takes 2.5 ms by its clock, or what "milliseconds" is steered to
// ("wrong": none).
#include <stdint.h>

#include "fake_ptx.h"
#include "steer.h"

typedef void* Handle;

static int module_is_ptx;
static PtxModule* module_text;
static int launches;

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
  *value = attribute == 75 ? 9 : attribute == 20 ? steered("compute mode") : 0;  // compute capability 9.0
  return 0;
}

int cuDeviceGetPCIBusId(char* text, int length, int device) {
  STEERED("cuDeviceGetPCIBusId");
  snprintf(text, (size_t)length, "0000:%02X:00.0", 0x90 - 0x10 * device);
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
  module_text = module_is_ptx ? ptx_parse(image) : NULL;
  if (module_is_ptx && module_text == NULL) return 218;
  *module = &module_is_ptx;
  return 0;
}

int cuModuleUnload(Handle module) {
  (void)module;
  return 0;
}

int cuModuleGetFunction(Handle* function, Handle module, const char* name) {
  STEERED("cuModuleGetFunction");
  if (strcmp(name, module_text != NULL ? module_text->entry : "varve_handshake") != 0) return 500;
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
  (void)function, (void)grid_z, (void)block_z, (void)shared, (void)stream, (void)extra;
  ++launches;
  STEERED("cuLaunchKernel");
  const int wrong = steered("cuLaunchKernel") == STEER_WRONG;
  if (module_text == NULL) {
    uint32_t* out = (uint32_t*)(uintptr_t) * (uint64_t*)parameters[0];
    const uint32_t seed = *(uint32_t*)parameters[1];
    for (uint32_t i = 0; i < grid_x * block_x; ++i) out[i] = 7 * i + seed;
    if (wrong) out[3] ^= 1;
    return 0;
  }
  for (unsigned y = 0; y < grid_y; ++y) {
    for (unsigned x = 0; x < grid_x; ++x) {
      if (!ptx_run_block(module_text, (PtxPlace){x, y}, (PtxPlace){block_x, block_y}, parameters)) return 218;
    }
  }
  if (!wrong) return 0;
  // What is written to is the last address; of a product the number 3 becomes one more, or none at all.
  void* out = (void*)(uintptr_t) * (uint64_t*)parameters[module_text->parameter_count == 4 ? 2 : 0];
  if (module_text->parameter_count == 4) {
    ((float*)out)[3] += 1;
  } else {
    ((uint32_t*)out)[3] ^= 1;
  }
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

int cuMemcpyHtoD_v2(uint64_t to, const void* from, size_t bytes) {
  STEERED("cuMemcpyHtoD_v2");
  memcpy((void*)(uintptr_t)to, from, bytes);
  return 0;
}

int cuEventCreate(Handle* event, unsigned flags) {
  (void)flags;
  STEERED("cuEventCreate");
  *event = calloc(1, sizeof(int));
  return 0;
}

int cuEventRecord(Handle event, Handle stream) {
  (void)stream;
  STEERED("cuEventRecord");
  *(int*)event = launches;
  return 0;
}

int cuEventSynchronize(Handle event) {
  (void)event;
  STEERED("cuEventSynchronize");
  return 0;
}

int cuEventElapsedTime(float* milliseconds, Handle from, Handle to) {
  STEERED("cuEventElapsedTime");
  const int steady = steered("milliseconds");
  *milliseconds = (float)(*(int*)to - *(int*)from) * (steady == STEER_WRONG ? 0 : steady > 0 ? (float)steady : 2.5f);
  return 0;
}
