// A PTX compiler that reads the .version line only. VARVE_FAKE_PTX is its newest version ("8.4"); it names another one
// in its error text when VARVE_FAKE_PTX_NAMED is set.
#include <stdio.h>

#include "steer.h"

typedef struct {
  double version;
  char log[256];
} Compilation;

static double newest(void) {
  const char* text = getenv("VARVE_FAKE_PTX");
  return text != NULL ? atof(text) : 8.4;
}

int nvPTXCompilerGetVersion(unsigned* major, unsigned* minor) {
  STEERED("nvPTXCompilerGetVersion");
  *major = 12, *minor = 4;
  return 0;
}

int nvPTXCompilerCreate(Compilation** handle, size_t length, const char* ptx) {
  (void)length;
  STEERED("nvPTXCompilerCreate");
  *handle = calloc(1, sizeof **handle);
  sscanf(ptx, ".version %lf", &(*handle)->version);
  return 0;
}

int nvPTXCompilerDestroy(Compilation** handle) {
  free(*handle);
  return 0;
}

static int refuse_gpu(Compilation* handle, const char* gpu) {
  snprintf(handle->log, sizeof handle->log, "ptxas fatal   : Value '%s' is not defined for option 'gpu-name'\n", gpu);
  return 3;
}

static int refuse_registers(Compilation* handle) {
  strcpy(handle->log, "ptxas fatal   : Invalid value 'wrong' for option 'maxrregcount'\n");
  return 3;
}

int nvPTXCompilerCompile(Compilation* handle, int count, const char* const* options) {
  STEERED("nvPTXCompilerCompile");
  const char* gpu = options[0] + strlen("--gpu-name=");
#ifdef REGISTERS_FIRST
  if (count == 2) return refuse_registers(handle);
#endif
  if (strcmp(gpu, "sm_80") != 0 && strcmp(gpu, "sm_90a") != 0) return refuse_gpu(handle, gpu);
  if (count == 2) return refuse_registers(handle);
  if (strcmp(gpu, "sm_90a") == 0) STEERED("nvPTXCompilerCompile.sm_90a");
  if (handle->version > newest() + 0.01) {
    const char* named = getenv("VARVE_FAKE_PTX_NAMED");
    snprintf(handle->log, sizeof handle->log, "fatal   : Unsupported .version %.1f; current version is '%.1f'\n",
             handle->version, named != NULL ? atof(named) : newest());
    return 7;
  }
  return 0;
}

int nvPTXCompilerGetErrorLogSize(Compilation* handle, size_t* size) {
  *size = strlen(handle->log);
  return 0;
}

int nvPTXCompilerGetErrorLog(Compilation* handle, char* text) {
  memcpy(text, handle->log, strlen(handle->log) + 1);
  return 0;
}

int nvPTXCompilerGetCompiledProgramSize(Compilation* handle, size_t* size) {
  (void)handle;
  *size = 1000;
  return 0;
}
