// A libnvidia-ml with GPUs that are listed against the order of their addresses. -DOLD leaves out the newer functions.
#include <stdio.h>

#include "steer.h"

typedef struct {
  int index;
} Device;
static Device devices[16];

struct PciInfo {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char bus_id[32];
};

#ifndef OLD
int nvmlInitWithFlags(unsigned flags) {
  (void)flags;
  STEERED("nvmlInit");
  return 0;
}

int nvmlSystemGetDriverBranch(unsigned* info, unsigned length) {
  STEERED("nvmlSystemGetDriverBranch");
  if (info[0] != (84u | 1u << 24)) return 25;
  strncpy((char*)(info + 1), "r550_00", length);
  return 0;
}

int nvmlDeviceGetGspFirmwareVersion(Device* device, char* version) {
  (void)device;
  strcpy(version, "550.163.01");
  return 0;
}
#endif

int nvmlInit_v2(void) {
  STEERED("nvmlInit");
  return 0;
}

int nvmlSystemGetDriverVersion(char* text, unsigned length) {
  STEERED("nvmlSystemGetDriverVersion");
  strncpy(text, "550.163.01", length);
  return 0;
}

int nvmlSystemGetNVMLVersion(char* text, unsigned length) {
  strncpy(text, "12.550.163.01", length);
  return 0;
}

int nvmlSystemGetCudaDriverVersion_v2(int* version) {
  *version = 12040;
  return 0;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  STEERED("nvmlDeviceGetCount_v2");
  *count = (unsigned)fake_gpus();
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device** device) {
  STEERED(index == 1 ? "nvmlDeviceGetHandleByIndex_v2.1" : "nvmlDeviceGetHandleByIndex_v2");
  devices[index].index = (int)index;
  *device = &devices[index];
  return 0;
}

int nvmlDeviceGetPciInfo_v3(Device* device, struct PciInfo* info) {
  info->domain = 0;
  info->bus = 0x90u - 0x10u * (unsigned)device->index;
  info->device = 0;
  return 0;
}

int nvmlDeviceGetName(Device* device, char* text, unsigned length) {
  STEERED(device->index == 1 ? "nvmlDeviceGetName.1" : "nvmlDeviceGetName");
  snprintf(text, length, "Fake GPU %d", device->index);
  return 0;
}

int nvmlDeviceGetUUID(Device* device, char* text, unsigned length) {
  snprintf(text, length, "GPU-00000000-1111-2222-3333-44444444444%d", device->index);
  return 0;
}

int nvmlDeviceGetMemoryInfo(Device* device, unsigned long long* total_free_used) {
  (void)device;
  total_free_used[0] = 81559ull << 20;
  total_free_used[1] = 80535ull << 20;
  total_free_used[2] = 1024ull << 20;
  return 0;
}

int nvmlDeviceGetClockInfo(Device* device, int clock, unsigned* megahertz) {
  (void)device;
  STEERED("nvmlDeviceGetClockInfo");
  *megahertz = clock == 1 ? 1755 : 2619;
  return 0;
}

int nvmlDeviceGetPowerUsage(Device* device, unsigned* milliwatts) {
  (void)device;
  *milliwatts = 312500;
  return 0;
}

int nvmlDeviceGetTemperature(Device* device, int sensor, unsigned* celsius) {
  (void)device;
  if (sensor != 0) return 2;
  *celsius = 71;
  return 0;
}

#ifdef OLD
int nvmlDeviceGetCurrentClocksThrottleReasons(Device* device, unsigned long long* reasons) {
#else
int nvmlDeviceGetCurrentClocksEventReasons(Device* device, unsigned long long* reasons) {
#endif
  *reasons = device->index == 0 ? 0x5 : 0x1;  // idle, and the power limit of the first
  return 0;
}

struct ProcessInfo {
  unsigned process;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
};
int nvmlDeviceGetComputeRunningProcesses_v3(Device* device, unsigned* count, struct ProcessInfo* infos) {
  if (device->index != 0 || *count < 2) {
    *count = 0;
    return 0;
  }
  infos[0].process = 4242, infos[1].process = 17;
  *count = 2;
  return 0;
}

int nvmlDeviceGetCudaComputeCapability(Device* device, int* major, int* minor) {
  (void)device;
  *major = 9, *minor = 0;
  return 0;
}

int nvmlDeviceGetEccMode(Device* device, unsigned* current, unsigned* pending) {
  if (device->index == 1) return 3;  // not supported
  *current = 1, *pending = 0;
  return 0;
}

int nvmlDeviceGetMigMode(Device* device, unsigned* current, unsigned* pending) {
  (void)device, (void)current, (void)pending;
  return 3;
}

int nvmlDeviceGetPersistenceMode(Device* device, unsigned* mode) {
  (void)device;
  STEERED("nvmlDeviceGetPersistenceMode");
  *mode = 1;
  return 0;
}

int nvmlDeviceGetPowerManagementLimit(Device* device, unsigned* milliwatts) {
  (void)device;
  *milliwatts = 312500;
  return 0;
}

int nvmlDeviceGetMaxClockInfo(Device* device, int clock, unsigned* megahertz) {
  (void)device;
  *megahertz = clock == 1 ? 1980 : 2619;
  return 0;
}

int nvmlDeviceGetApplicationsClock(Device* device, int clock, unsigned* megahertz) {
  return nvmlDeviceGetMaxClockInfo(device, clock, megahertz);
}

int nvmlDeviceGetMaxPcieLinkGeneration(Device* device, unsigned* generation) {
  (void)device;
  *generation = 5;
  return 0;
}

int nvmlDeviceGetMaxPcieLinkWidth(Device* device, unsigned* width) {
  (void)device;
  *width = 16;
  return 0;
}

int nvmlDeviceGetNvLinkState(Device* device, unsigned link, unsigned* active) {
  (void)device;
  if (link >= 4) return 2;
  *active = link != 3;
  return 0;
}

int nvmlDeviceGetMemoryAffinity(Device* device, unsigned size, unsigned long* nodes, int scope) {
  (void)scope;
  if (size < 1) return 2;
  nodes[0] = 1ul << device->index;
  return 0;
}
