// A program that uses a GPU, for tests of the recorder: "cuInit" as libcuda does it, and what its arguments say, one
// after the other. Usage: program CUPTI STEP…   CUPTI is the path of the fake libcupti.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *cupti, *injected;
static const char* cupti_path;

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void init(void) {
  const char* path = getenv("CUDA_INJECTION64_PATH");
  void* library = injected = path != NULL ? dlopen(path, RTLD_NOW) : NULL;
  if (path != NULL && library == NULL) printf("%s\n", dlerror());
  int (*initialise)(void) = library != NULL ? (int (*)(void))dlsym(library, "InitializeInjection") : NULL;
  if (initialise != NULL) printf("injected %d\n", initialise());
  cupti = dlopen(cupti_path, RTLD_NOW | RTLD_NOLOAD);
}

static void* function(const char* name) { return cupti != NULL ? dlsym(cupti, name) : NULL; }

typedef void (*Kernel)(const char*, uint64_t, uint64_t, uint32_t, uint32_t, uint64_t);

static void launch(uint64_t count, uint64_t names, uint64_t shapes) {
  static char texts[64][32];
  for (uint64_t i = 0; i < 64; ++i) snprintf(texts[i], sizeof texts[i], "kernel_%llu", (unsigned long long)i);
  Kernel kernel = (Kernel)function("fake_kernel");
  const uint64_t start = now_ns();
  for (uint64_t i = 0; i < count && kernel != NULL; ++i) {
    const uint64_t at = start + i * 10;
    kernel(texts[i % names % 64], at, at + 1000 + i % 100, 7, (uint32_t)(1 + i / names % shapes), 0);
  }
}

// Threads that launch at the same time: 3000 kernels each, or until the program ends.
static void* launch_some(void* none) {
  launch(3000, 3, 1);
  return none;
}

static void* launch_for_ever(void* none) {
  for (;;) launch(100, 3, 1);
  return none;
}

static void launch_in_threads(int count, void* (*work)(void*)) {
  pthread_t threads[64];
  if (count > 64) count = 64;
  for (int i = 0; i < count; ++i) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < count && work == launch_some; ++i) pthread_join(threads[i], NULL);
}

// Records of kinds that this version of the recorder knows nothing of, between others.
static void unknown(void) {
  void (*record)(uint32_t) = (void (*)(uint32_t))function("fake_unknown");
  for (uint32_t kind = 90; kind < 100 && record != NULL; ++kind) {
    record(kind);
    launch(30, 3, 1);
  }
}

static void odd(void) {
  Kernel kernel = (Kernel)function("fake_kernel");
  const uint64_t at = now_ns();
  if (kernel == NULL) return;
  kernel("odd", 0, 0, 7, 1, 0);
  kernel("odd", at, 0, 7, 1, 0);
  kernel("odd", at, at - 5, 7, 1, 0);
  kernel("odd", 1000, at, 7, 1, 0);
  kernel("odd", at, at + 70, 7, 1, 0);
}

static void rest(void) {
  const uint64_t at = now_ns();
  void (*copy)(uint64_t, uint64_t, uint64_t) = (void (*)(uint64_t, uint64_t, uint64_t))function("fake_copy");
  void (*fill)(uint64_t, uint64_t, uint64_t) = (void (*)(uint64_t, uint64_t, uint64_t))function("fake_fill");
  void (*graph)(const char*, uint64_t, uint64_t, int) =
      (void (*)(const char*, uint64_t, uint64_t, int))function("fake_graph");
  void (*jit)(uint32_t, uint64_t, uint64_t) = (void (*)(uint32_t, uint64_t, uint64_t))function("fake_jit");
  void (*pool)(uint32_t, uint64_t, uint64_t) = (void (*)(uint32_t, uint64_t, uint64_t))function("fake_pool");
  void (*overhead)(uint64_t, uint64_t) = (void (*)(uint64_t, uint64_t))function("fake_overhead");
  void (*call)(uint32_t, uint64_t, uint64_t) = (void (*)(uint32_t, uint64_t, uint64_t))function("fake_call");
  void (*marker)(const char*, uint32_t, uint32_t, uint32_t, uint64_t) =
      (void (*)(const char*, uint32_t, uint32_t, uint32_t, uint64_t))function("fake_marker");
  void (*drop)(size_t) = (void (*)(size_t))function("fake_drop");
  if (copy == NULL) return;
  copy(at, at + 500, 4096);
  fill(at, at + 100, 64);
  graph("in_graph", at, 1000, 3);
  jit(3, at, at + 5000000);
  jit(1, at, at + 20000);
  pool(1, 1 << 20, 0);
  pool(3, 4 << 20, 3 << 20);
  overhead(at, at + 700);
  call(211, at, at + 4000);
  call(165, at, at + 9000);
  marker("step", 1, 5, 2, at);
  marker("inner", 2, 5, 2, at + 100);
  marker(NULL, 2, 5, 4, at + 400);
  marker(NULL, 1, 5, 4, at + 1000);
  drop(3);
}

// An NVTX of its own, as the headers of NVTX 3 make one: the listener is loaded at the first range.
static int (*push)(const char*);
static int (*pop)(void);
static void (*nvtx_functions[16])(void);
static void (**nvtx_table[17])(void);

static int get_functions(uint32_t module, void (****table)(void), uint32_t* functions) {
  if (module != 1) return 0;
  for (int i = 1; i < 16; ++i) nvtx_table[i] = &nvtx_functions[i];
  *table = nvtx_table;
  *functions = 16;
  return 1;
}

static const void* nvtx_export(uint32_t number) {
  static const struct {
    size_t size;
    int (*get)(uint32_t, void (****)(void), uint32_t*);
  } callbacks = {sizeof callbacks, get_functions};
  return number == 1 ? &callbacks : NULL;
}

static void load_nvtx(void) {
  const char* path = getenv("NVTX_INJECTION64_PATH");
  void* library = path != NULL ? dlopen(path, RTLD_LAZY) : NULL;
  typedef int (*Initialise)(const void* (*)(uint32_t));
  Initialise initialise = library != NULL ? (Initialise)dlsym(library, "InitializeInjectionNvtx2") : NULL;
  printf("nvtx %d\n", initialise != NULL ? initialise(nvtx_export) : -1);
  push = (int (*)(const char*))nvtx_functions[9];
  pop = (int (*)(void))nvtx_functions[11];
}

static uint64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// A number, which says when it was measured where `start` is not 0.
static void write_number(uint64_t start) {
  const char* path = getenv("VARVE_METRICS");
  FILE* file = path != NULL ? fopen(path, "a") : NULL;
  if (file == NULL) return;
  fprintf(file, "{\"metric\": \"tokens/s\", \"value\": 9");
  if (start != 0) {
    fprintf(file, ", \"start_ns\": %llu, \"end_ns\": %llu", (unsigned long long)start, (unsigned long long)monotonic_ns());
  }
  fprintf(file, "}\n");
  fclose(file);
}

static void load_module(const char* path) {
  void (*module)(const void*, size_t) = (void (*)(const void*, size_t))function("fake_module");
  FILE* file = fopen(path, "rb");
  if (file == NULL || module == NULL) return;
  static char bytes[1 << 20];
  module(bytes, fread(bytes, 1, sizeof bytes, file));
  fclose(file);
}

// How many kernels the spool of this process tells of: the counts of the last "time" line of each row.
static uint64_t told_of(void) {
  static uint64_t counts[1024];
  char path[1024], line[65536];
  memset(counts, 0, sizeof counts);
  const char* folder = getenv("VARVE_CUDA_SPOOL");
  snprintf(path, sizeof path, "%s/cuda-%d.spool", folder != NULL ? folder : "", (int)getpid());
  FILE* file = fopen(path, "r");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL) {
    unsigned long long row = 0, count = 0;
    if (sscanf(line, "time %llu %llu", &row, &count) == 2 && row < 1024) counts[row] = count;
  }
  fclose(file);
  uint64_t sum = 0;
  for (int i = 0; i < 1024; ++i) sum += counts[i];
  return sum;
}

// Until a flush has told of so many, which the test's time limit bounds.
static void wait_until_told(uint64_t kernels) {
  while (told_of() < kernels) usleep(5000);
}

static const char* value_of(const char* step, const char* name) {
  const size_t size = strlen(name);
  return strncmp(step, name, size) == 0 && step[size] == '=' ? step + size + 1 : NULL;
}

// As the program's own profiler does.
static void subscribe(void) {
  int (*ask)(void**, void (*)(void*, uint32_t, uint32_t, const void*), void*) = NULL;
  *(void**)&ask = function("cuptiSubscribe");
  void* subscriber = NULL;
  printf("subscribe %d\n", ask != NULL ? ask(&subscriber, NULL, NULL) : -1);
}

int main(int count, char** steps) {
  uint64_t names = 3, shapes = 1, began = 0;
  int ended = 5;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count < 2) return 2;
  cupti_path = steps[1];
  for (int i = 2; i < count; ++i) {
    const char* step = steps[i];
    const char* value;
    if (strcmp(step, "init") == 0) init();
    if ((value = value_of(step, "names"))) names = strtoull(value, NULL, 10);
    if ((value = value_of(step, "shapes"))) shapes = strtoull(value, NULL, 10);
    if ((value = value_of(step, "open"))) printf("open %d\n", dlopen(value, RTLD_NOW | RTLD_GLOBAL) != NULL);
    if ((value = value_of(step, "launch"))) launch(strtoull(value, NULL, 10), names, shapes);
    if ((value = value_of(step, "module"))) load_module(value);
    if ((value = value_of(step, "sleep"))) usleep((useconds_t)(1000 * atoi(value)));
    if ((value = value_of(step, "told"))) wait_until_told(strtoull(value, NULL, 10));
    if ((value = value_of(step, "threads"))) launch_in_threads(atoi(value), launch_some);
    if ((value = value_of(step, "threads_for_ever"))) launch_in_threads(atoi(value), launch_for_ever);
    if ((value = value_of(step, "system"))) printf("system %d\n", system(value));
    if (strcmp(step, "begin") == 0) began = monotonic_ns();
    if (strcmp(step, "number") == 0) write_number(began);
    if (strcmp(step, "nvtx") == 0) load_nvtx();
    if ((value = value_of(step, "push")) && push != NULL) push(value);
    if (strcmp(step, "pop") == 0 && pop != NULL) pop();
    if (strcmp(step, "unknown") == 0) unknown();
    if (strcmp(step, "subscribe") == 0) subscribe();
    if (strcmp(step, "succeed") == 0) ended = 0;
    if (strcmp(step, "odd") == 0) odd();
    if (strcmp(step, "rest") == 0) rest();
    if (strcmp(step, "unload") == 0 && injected != NULL) printf("unload %d\n", dlclose(injected));
    if (strcmp(step, "_exit") == 0) _exit(3);
    if (strcmp(step, "kill") == 0) raise(SIGKILL);
    if (strcmp(step, "close") == 0) {
      for (int fd = 3; fd < 256; ++fd) close(fd);
    }
    if (strcmp(step, "fork") == 0) {  // the child takes the next step, and no other
      const pid_t child = fork();
      if (child == 0) {
        steps[2] = steps[i + 1];
        count = 3, i = 1;
        continue;
      }
      int status = 0;
      waitpid(child, &status, 0);
      printf("child %d\n", status);
      ++i;
    }
    if (strcmp(step, "exec") == 0) {  // the rest of the steps in a new program of the same process
      steps[i] = (char*)cupti_path;
      char* arguments[64] = {steps[0]};
      for (int k = i; k < count && k - i < 60; ++k) arguments[k - i + 1] = steps[k];
      execv("/proc/self/exe", arguments);
    }
  }
  struct rusage_text {
    char line[256];
  } text;
  FILE* status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(text.line, sizeof text.line, status) != NULL) {
    if (strncmp(text.line, "VmHWM:", 6) == 0) printf("peak %d\n", atoi(text.line + 6));
  }
  printf("result 42\n");
  return ended;
}
