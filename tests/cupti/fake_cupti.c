// A libcupti without a GPU, for tests of the recorder: hands out records of what the program says that it launches.
// KERNEL_BYTES is the size of a kernel's record, which differs from release to release; API the version it states.
// FAKE_CUPTI tells it what to do, words with commas between them: taken, refuses (no kernels are recorded), old, slow
// (a flush takes half a second).
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef KERNEL_BYTES
#define KERNEL_BYTES 216
#endif
#ifndef API
#define API 130001
#endif

typedef void (*Requested)(uint8_t**, size_t*, size_t*);
typedef void (*Completed)(void*, uint32_t, uint8_t*, size_t, size_t);
typedef void (*Callback)(void*, uint32_t, uint32_t, const void*);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Requested requested;
static Completed completed;
static Callback subscriber;
static uint64_t enabled;  // a bit a kind
static uint8_t* buffer;
static size_t size, used;
static size_t dropped;

static int told(const char* word) {
  const char* text = getenv("FAKE_CUPTI");
  return text != NULL && strstr(text, word) != NULL;
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put32(uint8_t* record, size_t at, uint32_t value) { memcpy(record + at, &value, 4); }
static void put64(uint8_t* record, size_t at, uint64_t value) { memcpy(record + at, &value, 8); }
static void put_text(uint8_t* record, size_t at, const char* text) { memcpy(record + at, &text, sizeof text); }

static void complete(void) {
  uint8_t* full = buffer;
  const size_t valid = used;
  buffer = NULL;
  used = 0;
  if (full != NULL) completed(NULL, 0, full, size, valid);
}

static uint8_t* next(size_t bytes) {
  size_t most = 0;
  if (buffer != NULL && size - used < bytes) complete();
  if (buffer == NULL) requested(&buffer, &size, &most);
  if (buffer == NULL || size < bytes) {
    ++dropped;
    return NULL;
  }
  uint8_t* record = buffer + used;
  memset(record, 0, bytes);
  used += bytes;
  return record;
}

static size_t record_bytes(uint32_t kind) {
  switch (kind) {
    case 10:
      return KERNEL_BYTES;
    case 1:
      return 96;
    case 2:
      return 88;
    case 52:
    case 50:
      return 72;
    default:
      return kind < 90 ? 56 : 24 + 200 * (kind - 90);  // of releases to come, of any size
  }
}

static uint8_t* begin(uint32_t kind) {
  if ((enabled >> kind & 1) == 0) return NULL;
  uint8_t* record = next(record_bytes(kind));
  if (record != NULL) put32(record, 0, kind);
  return record;
}

// What a program of tests calls. Times are in nanoseconds; a kernel runs for `ns` from `start` on.
void fake_kernel(const char* name, uint64_t start, uint64_t end, uint32_t stream, uint32_t grid, uint64_t graph_node) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(10);
  if (record != NULL) {
    const uint16_t registers = 32;
    memcpy(record + 6, &registers, 2);
    put64(record, 16, start);
    put64(record, 24, end);
    put32(record, 48, stream);
    for (size_t i = 0; i < 3; ++i) put32(record, 52 + 4 * i, i == 0 ? grid : 1);
    for (size_t i = 0; i < 3; ++i) put32(record, 64 + 4 * i, i == 0 ? 128 : 1);
    put32(record, 76, 1024);
    put32(record, 80, 4096);
    put_text(record, 104, name);
    put64(record, 144, graph_node);
  }
  pthread_mutex_unlock(&lock);
}

void fake_copy(uint64_t start, uint64_t end, uint64_t bytes) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(1);
  if (record != NULL) {
    record[4] = 1, record[5] = 2, record[6] = 3;  // HtoD, pinned, device
    put64(record, 8, bytes), put64(record, 16, start), put64(record, 24, end);
  }
  pthread_mutex_unlock(&lock);
}

void fake_fill(uint64_t start, uint64_t end, uint64_t bytes) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(2);
  if (record != NULL) {
    const uint16_t device = 3;
    put64(record, 8, bytes), put64(record, 16, start), put64(record, 24, end);
    memcpy(record + 50, &device, 2);
  }
  pthread_mutex_unlock(&lock);
}

// At graph level one record; at node level one of each of its kernels.
void fake_graph(const char* name, uint64_t start, uint64_t each, int nodes) {
  if ((enabled >> 51 & 1) == 0) {
    for (int i = 0; i < nodes; ++i) {
      const uint64_t from = start + (uint64_t)i * each;
      fake_kernel(name, from, from + each, 7, 4, (uint64_t)i + 1);
    }
    return;
  }
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(51);
  if (record != NULL) {
    put64(record, 8, start), put64(record, 16, start + each * (uint64_t)nodes);
    put32(record, 28, 5), put32(record, 36, 7);
  }
  pthread_mutex_unlock(&lock);
}

void fake_jit(uint32_t operation, uint64_t start, uint64_t end) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(52);
  if (record != NULL) {
    put32(record, 4, 1), put32(record, 8, operation), put64(record, 16, start), put64(record, 24, end);
  }
  pthread_mutex_unlock(&lock);
}

void fake_pool(uint32_t operation, uint64_t bytes, uint64_t used_bytes) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(50);
  if (record != NULL) {
    put32(record, 4, operation), put32(record, 8, 1);
    put64(record, 40, bytes), put64(record, 64, used_bytes);
  }
  pthread_mutex_unlock(&lock);
}

void fake_overhead(uint64_t start, uint64_t end) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(17);
  if (record != NULL) put32(record, 4, 2u << 16), put64(record, 24, start), put64(record, 32, end);
  pthread_mutex_unlock(&lock);
}

void fake_call(uint32_t number, uint64_t start, uint64_t end) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(5);
  if (record != NULL) put32(record, 4, number), put64(record, 8, start), put64(record, 16, end);
  pthread_mutex_unlock(&lock);
}

void fake_marker(const char* name, uint32_t id, uint32_t thread, uint32_t flags, uint64_t at) {
  pthread_mutex_lock(&lock);
  uint8_t* record = begin(12);
  if (record != NULL) {
    put32(record, 4, flags), put64(record, 8, at), put32(record, 16, id), put32(record, 28, thread);
    put_text(record, 40, flags == 2 ? name : NULL);
  }
  pthread_mutex_unlock(&lock);
}

void fake_unknown(uint32_t kind) {
  pthread_mutex_lock(&lock);
  uint8_t* record = next(record_bytes(kind));
  if (record != NULL) memset(record, 0xff, record_bytes(kind)), put32(record, 0, kind);
  pthread_mutex_unlock(&lock);
}

void fake_module(const void* cubin, size_t bytes) {
  struct {
    uint32_t module;
    size_t bytes;
    const void* cubin;
  } module = {1, bytes, cubin};
  struct {
    void *context, *handle, *descriptor;
  } data = {NULL, NULL, &module};
  if (subscriber != NULL) subscriber(NULL, 3, 1, &data), subscriber(NULL, 3, 6, &data);
}

void fake_drop(size_t records) { dropped += records; }

// What the recorder calls.
int cuptiGetVersion(uint32_t* version) { return *version = told("old") ? 12 : API, 0; }

int cuptiGetResultString(int result, const char** text) {
  *text = result == 15 ? "CUPTI_ERROR_NOT_INITIALIZED" : "CUPTI_ERROR_OF_THE_FAKE";
  return 0;
}

int cuptiGetCallbackName(uint32_t domain, uint32_t number, const char** name) {
  if (domain != 2 || (number != 211 && number != 165)) return 1;
  *name = number == 211 ? "cudaLaunchKernel_v7000" : "cudaDeviceSynchronize_v3020";
  return 0;
}

int cuptiSubscribe(void** handle, Callback callback, void* own) {
  (void)own;
  if (told("taken") || subscriber != NULL) return 39;
  subscriber = callback;
  *handle = &subscriber;
  return 0;
}

int cuptiUnsubscribe(void* handle) {
  (void)handle;
  subscriber = NULL;
  return 0;
}

#if API >= 130200
int cuptiSubscribe_v2(void** handle, Callback callback, void* own, void* parameters) {
  struct {
    size_t bytes;
    const char* name;
    char* holder;
    size_t holder_bytes;
  } asked;
  memcpy(&asked, parameters, sizeof asked);
  if (asked.bytes < sizeof asked) return 1;
  if (told("taken")) strncpy(asked.holder, "CUPTI for somebody", asked.holder_bytes - 1);
  return cuptiSubscribe(handle, callback, own);
}
#endif

int cuptiEnableCallback(uint32_t enable, void* handle, uint32_t domain, uint32_t number) {
  (void)enable, (void)handle, (void)domain, (void)number;
  return 0;
}

int cuptiActivityRegisterCallbacks(Requested request, Completed complete_) {
  requested = request;
  completed = complete_;
  return 0;
}

int cuptiActivityEnable(uint32_t kind) {
  if (told("refuses") && kind == 10) return 15;
  if (KERNEL_BYTES < 200 && kind == 51) return 21;  // no graph level before CUDA 11.8
  enabled |= (uint64_t)1 << kind;
  return 0;
}

int cuptiActivityDisable(uint32_t kind) {
  enabled &= ~((uint64_t)1 << kind);
  return 0;
}

int cuptiActivityGetNextRecord(uint8_t* from, size_t valid, uint8_t** record) {
  uint32_t kind;
  if (*record == NULL) {
    *record = from;
  } else {
    memcpy(&kind, *record, 4);
    *record += record_bytes(kind);
  }
  return (size_t)(*record - from) < valid ? 0 : 12;
}

int cuptiActivityGetNumDroppedRecords(void* context, uint32_t stream, size_t* count) {
  (void)context, (void)stream;
  *count = dropped;
  dropped = 0;
  return 0;
}

int cuptiActivityFlushAll(uint32_t flags) {
  (void)flags;
  const struct timespec half_a_second = {0, 500000000};
  pthread_mutex_lock(&lock);
  if (told("slow")) nanosleep(&half_a_second, NULL);
  complete();
  pthread_mutex_unlock(&lock);
  return 0;
}

// Of what the program hands in: the clock of UNIX.
int cuptiGetTimestamp(uint64_t* now) { return *now = now_ns(), 0; }

uint64_t fake_now(void) { return now_ns(); }
