#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "driver/driver_api.h"
#include "driver/probe_library.h"

namespace varve {

// The driver API as far as it is used, from NVIDIA's "CUDA Driver API" manual (cuda.h); CUdevice is an int, CUdeviceptr
// 64 bits, the rest are opaque pointers.
using CudaHandle = void*;
using CudaPointer = std::uint64_t;

// CUdevice_attribute.
constexpr int kCudaComputeMode = 20;
constexpr int kCudaCapabilityMajor = 75, kCudaCapabilityMinor = 76;

// What a libcuda offers to run a kernel. For the child of a probe only.
struct CudaFunctions {
  int (*init)(unsigned);
  int (*get_count)(int*);
  int (*get_device)(int*, int);
  int (*get_name)(char*, int, int);
  int (*get_attribute)(int*, int, int);
  int (*retain_context)(CudaHandle*, int);
  int (*release_context)(int);
  int (*set_current)(CudaHandle);
  int (*load_module)(CudaHandle*, const void*);
  int (*unload_module)(CudaHandle);
  int (*get_function)(CudaHandle*, CudaHandle, const char*);
  int (*allocate)(CudaPointer*, std::size_t);
  int (*free_memory)(CudaPointer);
  int (*launch)(CudaHandle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CudaHandle, void**,
                void**);
  int (*synchronize)();
  int (*copy_to_host)(void*, CudaPointer, std::size_t);
  int (*get_error_name)(int, const char**);
  const char* lacking = nullptr;  // the first function that the library does not have

  explicit CudaFunctions(const ProbeLibrary& library) {
    find(library, init, "cuInit");
    find(library, get_count, "cuDeviceGetCount");
    find(library, get_device, "cuDeviceGet");
    find(library, get_name, "cuDeviceGetName");
    find(library, get_attribute, "cuDeviceGetAttribute");
    find(library, retain_context, "cuDevicePrimaryCtxRetain");
    // The suffix came with CUDA 11.
    const bool suffixed = library.function<int (*)(int)>("cuDevicePrimaryCtxRelease_v2") != nullptr;
    find(library, release_context, suffixed ? "cuDevicePrimaryCtxRelease_v2" : "cuDevicePrimaryCtxRelease");
    find(library, set_current, "cuCtxSetCurrent");
    find(library, load_module, "cuModuleLoadData");
    find(library, unload_module, "cuModuleUnload");
    find(library, get_function, "cuModuleGetFunction");
    find(library, allocate, "cuMemAlloc_v2");
    find(library, free_memory, "cuMemFree_v2");
    find(library, launch, "cuLaunchKernel");
    find(library, synchronize, "cuCtxSynchronize");
    find(library, copy_to_host, "cuMemcpyDtoH_v2");
    find(library, get_error_name, "cuGetErrorName");
  }

  std::string error_name(int code) const {
    const char* name = nullptr;
    if (get_error_name != nullptr && get_error_name(code, &name) == 0 && name != nullptr) return name;
    return cuda_error_name(code);
  }

 protected:
  template <class Function>
  void find(const ProbeLibrary& library, Function& function, const char* name) {
    function = library.function<std::remove_reference_t<Function>>(name);
    if (function == nullptr && lacking == nullptr) lacking = name;
  }
};

}  // namespace varve
