#pragma once
#include <cstddef>
#include <cstdint>

// What the recorder uses of CUPTI, written down here so that Varve is built without any part of CUDA: the numbers of
// kinds and errors, and the beginnings of records, which have had the same layout since CUDA 9 (CUpti_ActivityKernel3
// to 10 and so on). CUDA Toolkit documentation, "CUPTI"; tests/cupti holds it against the headers of four releases.
// CUPTI hands out records one by one (cuptiActivityGetNextRecord), so that it does not matter how they go on.
namespace varve::inject {

using CuptiResult = int;                        // 0: success
inline constexpr CuptiResult kCuptiEnd = 12;    // CUPTI_ERROR_MAX_LIMIT_REACHED: no further record
inline constexpr CuptiResult kCuptiTaken = 39;  // CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED
inline constexpr std::uint32_t kFlushForced = 1;

enum class RecordKind : std::uint32_t {
  copy = 1,
  fill = 2,
  driver_call = 4,
  runtime_call = 5,
  kernel = 10,  // CONCURRENT_KERNEL: the plain one would let kernels run one after the other only
  marker = 12,
  overhead = 17,
  peer_copy = 22,
  memory_pool = 50,
  graph = 51,
  jit = 52,
};

// CUpti_CallbackDomain and CUpti_CallbackIdResource.
inline constexpr std::uint32_t kDriverDomain = 1, kRuntimeDomain = 2, kResourceDomain = 3;
inline constexpr std::uint32_t kContextCreated = 1, kModuleLoaded = 6;

struct KernelRecord {
  RecordKind kind;
  std::uint8_t cache_config, shared_config;
  std::uint16_t registers;
  std::uint32_t partitioned_cache[2];
  std::uint64_t start, end, completed;
  std::uint32_t device, context, stream;
  std::int32_t grid[3], block[3];
  std::int32_t static_shared, dynamic_shared;
  std::uint32_t local_per_thread, local_total, correlation;
  std::int64_t grid_id;
  const char* name;  // mangled
  std::uint64_t reserved[4];
  std::uint64_t graph_node;  // from CUDA 11.0 on, the oldest that is taken; 0: of no graph
};

struct CopyRecord {  // of both kinds of copies
  RecordKind kind;
  std::uint8_t copy_kind, from, to, flags;
  std::uint64_t bytes, start, end;
  std::uint32_t device, context, stream;
};

struct FillRecord {
  RecordKind kind;
  std::uint32_t value;
  std::uint64_t bytes, start, end;
  std::uint32_t device, context, stream, correlation;
  std::uint16_t flags, memory_kind;
};

struct CallRecord {
  RecordKind kind;
  std::uint32_t callback;  // the number of the function
  std::uint64_t start, end;
  std::uint32_t process, thread, correlation, result;
};

struct GraphRecord {
  RecordKind kind;
  std::uint32_t correlation;
  std::uint64_t start, end;
  std::uint32_t device, graph, context, stream;
};

struct JitRecord {
  RecordKind kind;
  std::uint32_t entry;      // 1: PTX to machine code, 2: NVVM IR to PTX
  std::uint32_t operation;  // 1: loaded from the cache, 2: stored there, 3: compiled
  std::uint32_t device;
  std::uint64_t start, end;
};

struct PoolRecord {
  RecordKind kind;
  std::uint32_t operation;  // 1: created, 2: destroyed, 3: trimmed
  std::uint32_t pool_kind;  // 1: local, 2: imported
  std::uint32_t correlation, process, device;
  std::size_t kept;
  std::uint64_t address, size, threshold, timestamp, used;  // `used` from CUDA 11.3 on, of local pools
};

struct MarkerRecord {
  RecordKind kind;
  std::uint32_t flags;  // 2: start, 4: end
  std::uint64_t timestamp;
  std::uint32_t id, object_kind;
  std::uint32_t process, thread, unused[2];
  const char *name, *domain;
};
inline constexpr std::uint32_t kMarkerStart = 2, kMarkerEnd = 4;

struct OverheadRecord {
  RecordKind kind;
  std::uint32_t overhead, object_kind, object[3];
  std::uint64_t start, end;
};

struct ModuleData {  // CUpti_ModuleResourceData
  std::uint32_t module;
  std::size_t size;
  const char* cubin;
};

struct ResourceData {  // CUpti_ResourceData
  void *context, *handle, *descriptor;
};

struct SubscriberParameters {  // CUpti_SubscriberParams, from CUDA 13.2 on
  std::size_t size;
  const char* name;
  char* holder;  // who holds CUPTI already, when it is taken
  std::size_t holder_size;
  std::uint8_t allow_several, padding[7];
};
inline constexpr std::size_t kSubscriberParametersSize = offsetof(SubscriberParameters, padding);

using CallbackFunction = void (*)(void* own, std::uint32_t domain, std::uint32_t callback, const void* data);
using BufferRequested = void (*)(std::uint8_t** buffer, std::size_t* size, std::size_t* most_records);
using BufferCompleted = void (*)(void* context, std::uint32_t stream, std::uint8_t* buffer, std::size_t size,
                                 std::size_t valid);

// The functions, as they are found in the library that was opened.
struct CuptiFunctions {
  CuptiResult (*get_version)(std::uint32_t*);
  CuptiResult (*get_result_string)(CuptiResult, const char**);
  CuptiResult (*get_callback_name)(std::uint32_t domain, std::uint32_t callback, const char**);
  CuptiResult (*subscribe)(void** subscriber, CallbackFunction, void* own);
  CuptiResult (*subscribe_v2)(void** subscriber, CallbackFunction, void* own, SubscriberParameters*);  // may be null
  CuptiResult (*unsubscribe)(void* subscriber);
  CuptiResult (*enable_callback)(std::uint32_t enable, void* subscriber, std::uint32_t domain, std::uint32_t callback);
  CuptiResult (*register_callbacks)(BufferRequested, BufferCompleted);
  CuptiResult (*enable)(RecordKind);
  CuptiResult (*disable)(RecordKind);
  CuptiResult (*next_record)(std::uint8_t* buffer, std::size_t valid, const RecordKind** record);
  CuptiResult (*dropped_records)(void* context, std::uint32_t stream, std::size_t*);
  CuptiResult (*flush)(std::uint32_t flags);
  CuptiResult (*get_timestamp)(std::uint64_t*);  // by the clock of records; may be null
};

static_assert(offsetof(KernelRecord, registers) == 6 && offsetof(KernelRecord, start) == 16);
static_assert(offsetof(KernelRecord, device) == 40 && offsetof(KernelRecord, grid) == 52);
static_assert(offsetof(KernelRecord, dynamic_shared) == 80 && offsetof(KernelRecord, name) == 104);
static_assert(offsetof(KernelRecord, graph_node) == 144);

}  // namespace varve::inject
