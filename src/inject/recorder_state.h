#pragma once
#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "inject/clock.h"
#include "inject/cupti_library.h"
#include "inject/modules.h"
#include "inject/open_ranges.h"
#include "inject/spool_file.h"
#include "inject/totals.h"

namespace varve::inject {

// What is asked of it: VARVE_CUDA_RECORD, words with commas between them.
struct Wishes {
  bool graph_nodes = false;  // the kernels inside graphs one by one, instead of each launch of a graph as a whole
  bool calls = false;        // the calls of the CUDA runtime and driver
  bool ranges = false;       // NVTX ranges
};

// The use of memory by the pools of a device.
struct PoolTotals {
  std::uint64_t created, destroyed, trimmed, most_bytes, most_used;
};

struct OverheadTotals {
  std::uint64_t count, ns;
};

// What recording costs the program, and what it lost.
struct Cost {
  std::atomic<std::uint64_t> records, buffers, dropped;
  std::atomic<std::uint64_t> callbacks_ns;           // taking records in, on the threads of CUPTI and of the program
  std::atomic<std::uint64_t> modules_ns;             // hashing modules, on the threads that load them
  std::atomic<std::uint64_t> flushes_ns, asking_ns;  // writing the spool, and CUPTI's flush, on the recorder's thread
};

inline constexpr std::uint32_t kMostDevices = 64, kMostOverheads = 16;

// By which the reader tells ranks apart. Their values are taken at the beginning: the environment may change later.
inline constexpr const char* kVariables[] = {"RANK",     "WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE",
                                             "PMI_RANK", "PMI_SIZE"};
inline constexpr std::uint32_t kVariableCount = sizeof kVariables / sizeof kVariables[0];

// The recorder of a process. There is one, and it holds zeroes until InitializeInjection is called.
struct RecorderState {
  std::atomic<int> process;        // that it records; another's copy after a fork is nobody's
  std::atomic<bool> is_recording;  // records are wanted
  std::atomic<bool> is_stopping;

  pthread_mutex_t tables;  // everything up to `cost`
  Totals totals;
  Modules modules;
  OpenRanges ranges;
  PoolTotals pools[kMostDevices];
  OverheadTotals overheads[kMostOverheads];
  std::uint64_t devices_seen, contexts;  // a bit a device; contexts that were made
  char reason[1024];                     // why nothing is recorded, or no longer
  Cost cost;

  pthread_mutex_t flushing;  // the following
  SpoolFile file;
  LineWriter lines;
  bool has_file, is_whole_due, has_devices_due;
  std::uint64_t devices_told, flushes, changes_told;

  Wishes wishes;  // these do not change once recording has begun
  CuptiLibrary library;
  void* subscriber;
  bool has_graph_level;  // graphs are recorded as wholes
  std::uint64_t began_ns, began_unix_ns;
  char variables[kVariableCount][32];  // empty: not set
};

extern RecorderState recorder;

// The callbacks that CUPTI gets.
void take_request(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records);
void take_buffer(void* context, std::uint32_t stream, std::uint8_t* buffer, std::size_t size, std::size_t valid);
void take_callback(void* own, std::uint32_t domain, std::uint32_t callback, const void* data);
std::uint32_t buffers_at_once();  // how many CUPTI has had at a time
void forget_buffers();            // and names of calls: those of a parent before a fork

// Writes what has changed into the spool; the beginning too where it is not there. `flushing` must be held.
void write_spool(const char* end);

class Locked {
 public:
  explicit Locked(pthread_mutex_t& mutex) : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
  ~Locked() { pthread_mutex_unlock(&mutex_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  pthread_mutex_t& mutex_;
};

}  // namespace varve::inject
